//! Where a server is.

use http::uri::PathAndQuery;
use mfly_proto::argument::InvalidArgument;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Longest address that is looked at, in bytes.
const MAX_ADDRESS_BYTES: usize = 2048;

/// The path at which the platform serves XMPP (Web SDK 4.25.10).
const PLATFORM_PATH: &str = "/websocket";

/// How frames travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// WebSocket over TLS (RFC 7395, RFC 6455).
    Wss,
    /// WebSocket in the clear.
    Ws,
}

impl Scheme {
    const fn name(self) -> &'static str {
        match self {
            Self::Wss => "wss",
            Self::Ws => "ws",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Wss => 443,
            Self::Ws => 80,
        }
    }
}

/// The address of an XMPP server: `wss://host[:port]/path` or `ws://host[:port]/path`.
///
/// ```
/// use mfly_transport::Address;
/// let address: Address = "wss://xmpp.example.com/websocket".parse()?;
/// assert_eq!((address.host(), address.port()), ("xmpp.example.com", 443));
/// # Ok::<(), mfly_proto::argument::InvalidArgument>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    scheme: Scheme,
    host: Host,
    port: u16,
    path: PathAndQuery,
}

/// A host in lower case, and its text without brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Host {
    text: String,
    ip: Option<IpAddr>,
}

impl Address {
    /// The platform's WebSocket endpoint on a host, as its settings name it (Web SDK 4.25.10:
    /// `ws(s)://HOST:PORT/websocket`). An IPv6 address may come with or without brackets.
    ///
    /// # Errors
    /// When the host or the port cannot be used.
    pub fn websocket(host: &str, port: u16, tls: bool) -> Result<Self, InvalidArgument> {
        let host = match host.parse::<Ipv6Addr>() {
            Ok(ip) => Host {
                text: ip.to_string(),
                ip: Some(ip.into()),
            },
            Err(_) => Host::parse(host)?,
        };
        if port == 0 {
            return Err(refuse("port: pass a number from 1 to 65535"));
        }
        let scheme = if tls { Scheme::Wss } else { Scheme::Ws };
        Ok(Self {
            scheme,
            host,
            port,
            path: PathAndQuery::from_static(PLATFORM_PATH),
        })
    }

    /// How frames travel.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host in lower case: a name or an IP address, the latter without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host.text
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection is secured with TLS from the start.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self.scheme, Scheme::Wss)
    }

    /// The path with its query, beginning with `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.as_str()
    }

    /// Whether the host is this machine: `localhost` (RFC 6761 §6.3) or a loopback IP address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.host.ip {
            Some(ip) => ip.to_canonical().is_loopback(),
            None => self.host.text == "localhost" || self.host.text.ends_with(".localhost"),
        }
    }
}

impl FromStr for Address {
    type Err = InvalidArgument;

    /// Reads an address. The reason of an error begins with the part that is wrong: `scheme`,
    /// `user`, `host`, `port`, `path` or `fragment`.
    fn from_str(text: &str) -> Result<Self, InvalidArgument> {
        if text.len() > MAX_ADDRESS_BYTES {
            return Err(refuse(format!(
                "path: keep the address below {MAX_ADDRESS_BYTES} bytes"
            )));
        }
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| refuse("scheme: begin with wss:// (or ws:// for a local server)"))?;
        let scheme = if scheme.eq_ignore_ascii_case("wss") {
            Scheme::Wss
        } else if scheme.eq_ignore_ascii_case("ws") {
            Scheme::Ws
        } else {
            return Err(refuse("scheme: only wss:// and ws:// are known"));
        };
        if rest.contains('#') {
            return Err(refuse("fragment: remove everything from the # on"));
        }
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(refuse(
                "user: a name or password has no place in the address",
            ));
        }
        let (host, port) = split_port(authority)?;
        let host = Host::parse(host)?;
        let port = match port {
            Some(port) => parse_port(port)?,
            None => scheme.default_port(),
        };
        Ok(Self {
            scheme,
            host,
            port,
            path: parse_path(path)?,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.name())?;
        match self.host.ip {
            Some(IpAddr::V6(ip)) => write!(f, "[{ip}]")?,
            _ => f.write_str(&self.host.text)?,
        }
        if self.port != self.scheme.default_port() {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(self.path.as_str())
    }
}

impl Host {
    /// Reads a name, an IPv4 address or a bracketed IPv6 address.
    fn parse(text: &str) -> Result<Self, InvalidArgument> {
        if let Some(inner) = text.strip_prefix('[') {
            let ip: Ipv6Addr = inner
                .strip_suffix(']')
                .and_then(|inner| inner.parse().ok())
                .ok_or_else(|| refuse("host: the brackets do not hold an IPv6 address"))?;
            return Ok(Self {
                text: ip.to_string(),
                ip: Some(ip.into()),
            });
        }
        if let Ok(ip) = text.parse::<Ipv4Addr>() {
            return Ok(Self {
                text: ip.to_string(),
                ip: Some(ip.into()),
            });
        }
        check_name(text)?;
        Ok(Self {
            text: text.to_ascii_lowercase(),
            ip: None,
        })
    }
}

/// RFC 1123 §2.1 with the underscore that is found in practice.
fn check_name(name: &str) -> Result<(), InvalidArgument> {
    if name.is_empty() {
        return Err(refuse("host: it is missing"));
    }
    if !name.is_ascii() {
        return Err(refuse("host: write an international name in its xn-- form"));
    }
    if name.contains(':') {
        return Err(refuse("host: put an IPv6 address in brackets"));
    }
    let label_is_valid = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > 253 || !name.split('.').all(label_is_valid) {
        return Err(refuse(
            "host: it is neither a domain name nor an IP address",
        ));
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refuse("host: it looks like an IPv4 address but is not one"));
    }
    Ok(())
}

/// Splits `host:port`, leaving the colons of a bracketed IPv6 address alone.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), InvalidArgument> {
    let after_host = authority.find(']').map_or(0, |at| at + 1);
    let (bracketed, rest) = authority.split_at(after_host);
    if bracketed.is_empty() {
        return Ok(match rest.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err(refuse("host: put an IPv6 address in brackets"));
            }
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        });
    }
    match rest.strip_prefix(':') {
        Some(port) => Ok((bracketed, Some(port))),
        None if rest.is_empty() => Ok((bracketed, None)),
        None => Err(refuse("host: only :port may follow the brackets")),
    }
}

fn parse_port(text: &str) -> Result<u16, InvalidArgument> {
    // `u16::from_str` would also take a leading plus sign.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|port| digits && *port != 0)
        .ok_or_else(|| refuse("port: pass a number from 1 to 65535"))
}

fn parse_path(text: &str) -> Result<PathAndQuery, InvalidArgument> {
    let path = if text.starts_with('/') {
        text.to_owned()
    } else {
        format!("/{text}")
    };
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refuse(
            "path: percent-encode spaces and everything that is not ASCII",
        ));
    }
    PathAndQuery::try_from(path).map_err(|_| refuse("path: it has a character that is not allowed"))
}

fn refuse(reason: impl Into<std::borrow::Cow<'static, str>>) -> InvalidArgument {
    InvalidArgument::new("address", reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> (String, u16, bool, String) {
        let address: Address = text.parse().unwrap();
        (
            address.host().into(),
            address.port(),
            address.is_tls(),
            address.path().into(),
        )
    }

    #[test]
    fn every_part_is_read_or_has_its_default() {
        assert_eq!(
            parts("wss://Chat.Example:5443/websocket?v=1"),
            ("chat.example".into(), 5443, true, "/websocket?v=1".into())
        );
        assert_eq!(
            parts("WS://127.0.0.1"),
            ("127.0.0.1".into(), 80, false, "/".into())
        );
        assert_eq!(
            parts("wss://[::1]:9/x"),
            ("::1".into(), 9, true, "/x".into())
        );
        assert_eq!(
            parts("wss://a.b?q"),
            ("a.b".into(), 443, true, "/?q".into())
        );
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
            ("wss://bücher.example/", "host"),
            ("wss://1.2.3/", "host"),
            ("wss://a b/", "host"),
            ("wss://a.example:/", "port"),
            ("wss://a.example:0/", "port"),
            ("wss://a.example:+1/", "port"),
            ("wss://a.example:65536/", "port"),
            ("wss://a.example/a b", "path"),
            ("wss://a.example/\r\nX: y", "path"),
            ("wss://a.example/#top", "fragment"),
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
        for text in [
            "ws://localhost",
            "ws://a.localhost",
            "ws://127.9.9.9",
            "ws://[::1]",
        ] {
            assert!(is_loopback(text), "{text}");
        }
        assert!(is_loopback("ws://[::ffff:127.0.0.1]"));
        for text in [
            "ws://localhost.example",
            "ws://10.0.0.1",
            "ws://[::2]",
            "ws://127.example",
        ] {
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

    proptest! {
        #[test]
        fn what_is_displayed_reads_back_as_the_same(
            tls: bool, host in "[a-z][a-z0-9]{0,8}(\\.[a-z]{1,8}){0,2}", port in 1..=u16::MAX,
            path in "(/[a-z0-9%_.~-]{0,6}){1,3}(\\?[a-z=&]{0,6})?",
        ) {
            let scheme = if tls { "wss" } else { "ws" };
            let address: Address = format!("{scheme}://{host}:{port}{path}").parse().unwrap();
            prop_assert_eq!(address.to_string().parse::<Address>().unwrap(), address);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "(wss?://)?.{0,40}") {
            if let Ok(address) = text.parse::<Address>() {
                prop_assert_eq!(address.to_string().parse::<Address>().unwrap(), address);
            }
        }
    }
}
