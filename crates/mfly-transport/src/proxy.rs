//! Proxies: HTTP CONNECT (RFC 9110 §9.3.6) and SOCKS5 (RFC 1928, RFC 1929).

mod error;
mod http;
mod socks;

pub use error::ProxyError;

use mfly_proto::address::host::{self, Host};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::secret::Password;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use tokio::net::TcpStream;

/// The length of the longest accepted proxy URL, in bytes.
const MAX_URL_BYTES: usize = 2048;

/// The length of the longest name and of the longest password, in bytes (RFC 1929 §2).
const MAX_CREDENTIAL_BYTES: usize = 255;

/// The default port of SOCKS (IANA, service `socks`).
const SOCKS_PORT: u16 = 1080;

/// The protocol of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyKind {
    /// HTTP/1.1 with the method CONNECT. The proxy resolves the host.
    Http,
    /// SOCKS5. This machine resolves the host.
    Socks5,
    /// SOCKS5. The proxy resolves the host.
    Socks5h,
}

impl ProxyKind {
    const ALL: [Self; 3] = [Self::Http, Self::Socks5, Self::Socks5h];

    const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }
}

/// A proxy to connect through: `http://[user[:password]@]host:port`, `socks5://…` or `socks5h://…`,
/// with which the proxy resolves the host. Special characters of the name and the password are
/// percent-encoded. The default port of SOCKS is 1080.
///
/// Neither `Debug` nor `Display` shows the name or the password.
///
/// ```
/// use mfly_transport::Proxy;
/// let proxy: Proxy = "socks5h://alice:s%40fe@proxy.example.com".parse()?;
/// assert_eq!(proxy.to_string(), "socks5h://proxy.example.com:1080");
/// # Ok::<(), mfly_proto::argument::InvalidArgument>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    kind: ProxyKind,
    host: Host,
    port: u16,
    credentials: Option<Credentials>,
}

/// The name and password for a proxy. An empty password is `None`.
#[derive(Clone, PartialEq, Eq)]
struct Credentials {
    user: String,
    password: Option<Password>,
}

impl Credentials {
    fn password(&self) -> &str {
        self.password.as_ref().map_or("", Password::expose)
    }

    /// Reads credentials of the form `user[:password]`.
    fn parse(text: &str, kind: ProxyKind) -> Result<Self, InvalidArgument> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let user = decode(user)?;
        let password = decode(password)?;
        let is_usable = |text: &str| text.len() <= MAX_CREDENTIAL_BYTES;
        if user.is_empty() || !is_usable(&user) || user.chars().any(char::is_control) {
            return Err(refuse("user: pass 1 to 255 bytes without control characters"));
        }
        if kind == ProxyKind::Http && user.contains(':') {
            return Err(refuse("user: HTTP allows no colon in it (RFC 7617)"));
        }
        let unusable = || refuse("password: pass at most 255 bytes without control characters");
        if !is_usable(&password) {
            return Err(unusable());
        }
        let password = match &*password {
            "" => None,
            password => Some(Password::new(password).map_err(|_| unusable())?),
        };
        Ok(Self { user: user.into_owned(), password })
    }
}

impl Proxy {
    /// The protocol of the proxy.
    #[must_use]
    pub fn kind(&self) -> ProxyKind {
        self.kind
    }

    /// The host of the proxy in lower case: a name, or an IP address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.as_str()
    }

    /// The TCP port of the proxy.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn target(&self) -> &Host {
        &self.host
    }

    /// Has the proxy at the other end of `socket` connect to a server.
    pub(crate) async fn connect(
        &self,
        socket: &mut TcpStream,
        host: &Host,
        port: u16,
    ) -> Result<(), ProxyError> {
        let credentials = self.credentials.as_ref();
        match self.kind {
            ProxyKind::Http => http::connect(socket, credentials, host, port).await,
            ProxyKind::Socks5 | ProxyKind::Socks5h => {
                socks::connect(socket, credentials, host, port).await
            }
        }
    }
}

impl FromStr for Proxy {
    type Err = InvalidArgument;

    /// Reads the URL of a proxy. The reason of an error begins with the name of the invalid part:
    /// `scheme`, `user`, `password`, `host`, `port` or `path`. It does not contain the URL.
    fn from_str(text: &str) -> Result<Self, InvalidArgument> {
        if text.len() > MAX_URL_BYTES {
            return Err(refuse("path: keep the URL below 2048 bytes"));
        }
        let known = "scheme: begin with http://, socks5:// or socks5h://";
        let (scheme, rest) = text.split_once("://").ok_or_else(|| refuse(known))?;
        let kind = ProxyKind::ALL
            .into_iter()
            .find(|known| scheme.eq_ignore_ascii_case(known.name()))
            .ok_or_else(|| refuse(known))?;
        // Environment variables commonly end in a slash.
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (credentials, authority) = match rest.rsplit_once('@') {
            Some((credentials, authority)) => {
                (Some(Credentials::parse(credentials, kind)?), authority)
            }
            None => (None, rest),
        };
        if authority.contains(['/', '?', '#']) {
            return Err(refuse("path: end the URL after the port"));
        }
        let (host, port) = host::parse_authority(authority).map_err(refuse)?;
        let port = match port {
            Some(port) => port,
            None if kind == ProxyKind::Http => {
                return Err(refuse("port: add it; HTTP proxies have no default port"));
            }
            None => SOCKS_PORT,
        };
        Ok(Self { kind, host, port, credentials })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.kind.name(), self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = if self.credentials.is_some() { "<redacted>@" } else { "" };
        let (kind, host, port) = (self.kind.name(), &self.host, self.port);
        write!(f, "Proxy({kind}://{user}{host}:{port})")
    }
}

fn decode(text: &str) -> Result<Cow<'_, str>, InvalidArgument> {
    percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| refuse("user: name and password must be UTF-8, percent-encoded"))
}

fn refuse(reason: &'static str) -> InvalidArgument {
    InvalidArgument::new("proxy", reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Proxy {
        text.parse().unwrap()
    }

    #[test]
    fn every_part_is_read_or_has_its_default() {
        let proxy = parse("HTTP://%61lice:p%40ss%3a@Proxy.example:3128/");
        assert_eq!(proxy.kind(), ProxyKind::Http);
        assert_eq!((proxy.host(), proxy.port()), ("proxy.example", 3128));
        let credentials = proxy.credentials.unwrap();
        assert_eq!((&*credentials.user, credentials.password()), ("alice", "p@ss:"));
        let proxy = parse("socks5://[::1]");
        assert_eq!(proxy.kind(), ProxyKind::Socks5);
        assert_eq!((proxy.host(), proxy.port()), ("::1", 1080));
        assert!(proxy.credentials.is_none());
        let proxy = parse("socks5h://token@p.example:1");
        assert_eq!(proxy.kind(), ProxyKind::Socks5h);
        assert_eq!(proxy.credentials.as_ref().unwrap().password(), "");
    }

    #[test]
    fn an_error_begins_with_the_part_that_is_wrong_and_shows_nothing_that_was_passed() {
        let long = format!("socks5://{}:secret@p.example", "u".repeat(256));
        for (text, part) in [
            ("proxy.example:3128", "scheme"),
            ("https://secret@proxy.example:3128", "scheme"),
            ("socks4://proxy.example", "scheme"),
            ("http://:secret@proxy.example:1", "user"),
            ("http://a%3Ab:secret@proxy.example:1", "user"),
            ("http://a%0Ab:secret@proxy.example:1", "user"),
            ("http://a%FF:secret@proxy.example:1", "user"),
            (long.as_str(), "user"),
            ("http://a:secret%00@proxy.example:1", "password"),
            ("http://a:secret@", "host"),
            ("socks5://::1", "host"),
            ("http://a:secret@proxy.example", "port"),
            ("socks5://proxy.example:0", "port"),
            ("socks5://proxy.example/secret", "path"),
            ("socks5://proxy.example?secret", "path"),
        ] {
            let error = text.parse::<Proxy>().unwrap_err();
            assert_eq!(error.name, "proxy");
            assert_eq!(error.reason.split(':').next(), Some(part), "{text}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn display_and_debug_do_not_show_the_credentials() {
        let proxy = parse("http://alice:secret@p.example:8080");
        assert_eq!(proxy.to_string(), "http://p.example:8080");
        assert_eq!(format!("{proxy:?}"), "Proxy(http://<redacted>@p.example:8080)");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "((http|socks5h?)://)?.{0,40}") {
            if let Ok(proxy) = text.parse::<Proxy>() {
                prop_assert_eq!(proxy.to_string().parse::<Proxy>().unwrap().port(), proxy.port());
            }
        }
    }
}
