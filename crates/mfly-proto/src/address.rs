//! The address of a server.

pub mod host;

use crate::argument::InvalidArgument;
use crate::framing::Framing;
use host::Host;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The length of the longest accepted address, in bytes.
const MAX_ADDRESS_BYTES: usize = 2048;

/// The path at which the platform serves XMPP (Web SDK 4.25.10).
const PLATFORM_PATH: &str = "/websocket";

/// The kind of connection to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// WebSocket over TLS (RFC 7395, RFC 6455).
    Wss,
    /// WebSocket in clear text.
    Ws,
    /// TCP with TLS from the first byte (XEP-0368).
    Xmpps,
    /// TCP, secured by STARTTLS (RFC 6120 §5) unless the options of the
    /// connection disable it.
    Xmpp,
}

impl Scheme {
    const ALL: [Self; 4] = [Self::Wss, Self::Ws, Self::Xmpps, Self::Xmpp];

    const fn name(self) -> &'static str {
        match self {
            Self::Wss => "wss",
            Self::Ws => "ws",
            Self::Xmpps => "xmpps",
            Self::Xmpp => "xmpp",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Wss => 443,
            Self::Ws => 80,
            Self::Xmpps => 5223,
            Self::Xmpp => 5222,
        }
    }

    /// The framing of streams on this kind of connection.
    #[must_use]
    pub const fn framing(self) -> Framing {
        match self {
            Self::Wss | Self::Ws => Framing::WebSocket,
            Self::Xmpps | Self::Xmpp => Framing::Tcp,
        }
    }
}

/// The address of an XMPP server: `wss://host[:port]/path`, `ws://host[:port]/path`,
/// `xmpps://host[:port]` or `xmpp://host[:port]`. Default ports are 443, 80, 5223 and 5222.
///
/// ```
/// use mfly_proto::address::Address;
/// let address: Address = "wss://xmpp.example.com/websocket".parse()?;
/// assert_eq!((address.host(), address.port()), ("xmpp.example.com", 443));
/// let address: Address = "xmpp://example.com".parse()?;
/// assert_eq!((address.host(), address.port()), ("example.com", 5222));
/// # Ok::<(), mfly_proto::argument::InvalidArgument>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    scheme: Scheme,
    host: Host,
    port: u16,
    /// The path and query; `None` over TCP.
    path: Option<String>,
}

impl Address {
    /// The WebSocket endpoint of the platform on a host: `ws(s)://HOST:PORT/websocket` (Web SDK
    /// 4.25.10). An IPv6 address may be bracketed or not.
    ///
    /// # Errors
    /// When the host or the port is invalid.
    pub fn websocket(host: &str, port: u16, tls: bool) -> Result<Self, InvalidArgument> {
        Ok(Self {
            scheme: if tls { Scheme::Wss } else { Scheme::Ws },
            host: Host::parse_alone(host).map_err(refuse)?,
            port: host::check_port(port).map_err(refuse)?,
            path: Some(PLATFORM_PATH.to_owned()),
        })
    }

    /// A server on TCP: `xmpps://` with `direct_tls`, `xmpp://` without. An IPv6 address may be
    /// bracketed or not.
    ///
    /// # Errors
    /// When the host or the port is invalid.
    pub fn tcp(host: &str, port: u16, direct_tls: bool) -> Result<Self, InvalidArgument> {
        Ok(Self {
            scheme: if direct_tls { Scheme::Xmpps } else { Scheme::Xmpp },
            host: Host::parse_alone(host).map_err(refuse)?,
            port: host::check_port(port).map_err(refuse)?,
            path: None,
        })
    }

    /// The kind of connection.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The framing of streams at this address.
    #[must_use]
    pub fn framing(&self) -> Framing {
        self.scheme.framing()
    }

    /// The host in lower case: a name, or an IP address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.as_str()
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection begins with TLS. An `xmpp://` connection is secured later, by
    /// STARTTLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self.scheme, Scheme::Wss | Scheme::Xmpps)
    }

    /// The path and query, beginning with `/`; empty over TCP.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.as_deref().unwrap_or_default()
    }

    /// Whether the host is this machine: `localhost` (RFC 6761 §6.3) or a loopback IP address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host.is_loopback()
    }

    /// The host, as a name or an IP address.
    #[must_use]
    pub fn target(&self) -> &Host {
        &self.host
    }
}

impl FromStr for Address {
    type Err = InvalidArgument;

    /// Reads an address. The reason of an error begins with the name of the invalid part: `scheme`,
    /// `user`, `host`, `port`, `path` or `fragment`.
    fn from_str(text: &str) -> Result<Self, InvalidArgument> {
        if text.len() > MAX_ADDRESS_BYTES {
            return Err(refuse(format!("path: keep the address below {MAX_ADDRESS_BYTES} bytes")));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| {
            refuse("scheme: begin with wss://, xmpps:// or xmpp:// (or ws:// for a local server)")
        })?;
        let scheme = Scheme::ALL
            .into_iter()
            .find(|known| scheme.eq_ignore_ascii_case(known.name()))
            .ok_or_else(|| refuse("scheme: only wss://, ws://, xmpps:// and xmpp:// are known"))?;
        if rest.contains('#') {
            return Err(refuse("fragment: remove everything from the # on"));
        }
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(refuse("user: a name or password has no place in the address"));
        }
        let (host, port) = host::parse_authority(authority).map_err(refuse)?;
        let path = match scheme.framing() {
            Framing::WebSocket => Some(parse_path(path)?),
            _ if path.is_empty() => None,
            _ => return Err(refuse("path: leave it out; XMPP over TCP has none")),
        };
        Ok(Self { scheme, host, port: port.unwrap_or(scheme.default_port()), path })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.host)?;
        if self.port != self.scheme.default_port() {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(self.path())
    }
}

fn parse_path(text: &str) -> Result<String, InvalidArgument> {
    let path = if text.starts_with('/') { text.to_owned() } else { format!("/{text}") };
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refuse("path: percent-encode spaces and everything that is not ASCII"));
    }
    let (name, query) = path.split_once('?').unwrap_or((&path, ""));
    if name.contains(['<', '>', '`']) || query.contains(['<', '>', '"']) {
        return Err(refuse("path: it has a character that is not allowed"));
    }
    Ok(path)
}

fn refuse(reason: impl Into<Cow<'static, str>>) -> InvalidArgument {
    InvalidArgument::new("address", reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> (String, u16, bool, String) {
        let address: Address = text.parse().unwrap();
        (address.host().into(), address.port(), address.is_tls(), address.path().into())
    }

    #[test]
    fn every_part_is_read_or_has_its_default() {
        assert_eq!(
            parts("wss://Chat.Example:5443/websocket?v=1"),
            ("chat.example".into(), 5443, true, "/websocket?v=1".into())
        );
        assert_eq!(
            parts("xmpp://Bücher.test"),
            ("xn--bcher-kva.test".into(), 5222, false, String::new())
        );
        assert_eq!(parts("WS://127.0.0.1"), ("127.0.0.1".into(), 80, false, "/".into()));
        assert_eq!(parts("wss://[::1]:9/x"), ("::1".into(), 9, true, "/x".into()));
        assert_eq!(parts("wss://a.b?q"), ("a.b".into(), 443, true, "/?q".into()));
        assert_eq!(parts("XMPP://Chat.Example"), ("chat.example".into(), 5222, false, "".into()));
        assert_eq!(parts("xmpps://[::1]"), ("::1".into(), 5223, true, "".into()));
        assert_eq!(parts("xmpps://a.b:443"), ("a.b".into(), 443, true, "".into()));
    }

    #[test]
    fn an_error_begins_with_the_part_that_is_wrong() {
        for (text, part) in [
            ("xmpp.example.com", "scheme"),
            ("https://xmpp.example.com/", "scheme"),
            ("wss://alice:secret@a.example/", "user"),
            ("wss://", "host"),
            ("wss:///websocket", "host"),
            ("wss://::1/", "host"),
            ("wss://[::1/", "host"),
            ("wss://[::1]x/", "host"),
            ("wss://[1.2.3.4]/", "host"),
            ("wss://a..b/", "host"),
            ("wss://a.example./", "host"),
            ("wss://-a.example/", "host"),
            ("wss://a\u{2003}ü.example/", "host"),
            ("wss://1.2.3/", "host"),
            ("wss://a b/", "host"),
            ("wss://a.example:/", "port"),
            ("wss://a.example:0/", "port"),
            ("wss://a.example:+1/", "port"),
            ("wss://a.example:65536/", "port"),
            ("wss://a.example/a b", "path"),
            ("wss://a.example/\r\nX: y", "path"),
            ("wss://a.example/#top", "fragment"),
            ("xmpp:a.example", "scheme"),
            ("xmpp2://a.example", "scheme"),
            ("xmpp://alice@a.example", "user"),
            ("xmpp://", "host"),
            ("xmpps://a.example:", "port"),
            ("xmpps://a.example/", "path"),
            ("xmpp://a.example/websocket", "path"),
            ("xmpp://a.example?join", "path"),
            ("xmpp://a.example#top", "fragment"),
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert_eq!(error.name, "address");
            let named = error.reason.split(':').next().unwrap();
            assert_eq!(named, part, "{text}: {error}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let is_loopback = |text: &str| text.parse::<Address>().unwrap().is_loopback();
        for text in ["ws://localhost", "ws://a.localhost", "ws://127.9.9.9", "ws://[::1]"] {
            assert!(is_loopback(text), "{text}");
        }
        assert!(is_loopback("ws://[::ffff:127.0.0.1]"));
        for text in ["ws://localhost.example", "ws://10.0.0.1", "ws://[::2]", "ws://127.example"] {
            assert!(!is_loopback(text), "{text}");
        }
    }

    #[test]
    fn the_platforms_endpoint_is_made_from_a_host_and_a_port() {
        let address = Address::websocket("xmpp.example.com", 5443, true).unwrap();
        assert_eq!(address.to_string(), "wss://xmpp.example.com:5443/websocket");
        let address = Address::websocket("::1", 80, false).unwrap();
        assert_eq!(address.to_string(), "ws://[::1]/websocket");
        assert!(Address::websocket("xmpp.example.com/x", 5443, true).is_err());
        assert!(Address::websocket("xmpp.example.com", 0, true).is_err());
    }

    #[test]
    fn a_tcp_server_is_made_from_a_host_and_a_port() {
        let address = Address::tcp("Example.com", 5222, false).unwrap();
        assert_eq!(address.to_string(), "xmpp://example.com");
        let address = Address::tcp("::1", 443, true).unwrap();
        assert_eq!(address.to_string(), "xmpps://[::1]:443");
        assert_eq!(address.framing(), Framing::Tcp);
        assert!(Address::tcp("a b", 5222, true).is_err());
        assert!(Address::tcp("example.com", 0, true).is_err());
    }

    proptest! {
        #[test]
        fn the_displayed_address_reads_back_as_the_same(
            tls: bool, tcp: bool, host in "[a-z][a-z0-9]{0,8}(\\.[a-z]{1,8}){0,2}",
            port in 1..=u16::MAX, path in "(/[a-z0-9%_.~-]{0,6}){1,3}(\\?[a-z=&]{0,6})?",
        ) {
            let (scheme, path) = match (tls, tcp) {
                (true, false) => ("wss", path),
                (false, false) => ("ws", path),
                (true, true) => ("xmpps", String::new()),
                (false, true) => ("xmpp", String::new()),
            };
            let address: Address = format!("{scheme}://{host}:{port}{path}").parse().unwrap();
            prop_assert_eq!(address.to_string().parse::<Address>().unwrap(), address);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "((ws|xmpp)s?://)?.{0,40}") {
            if let Ok(address) = text.parse::<Address>() {
                prop_assert_eq!(address.to_string().parse::<Address>().unwrap(), address);
            }
        }
    }
}
