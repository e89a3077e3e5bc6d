//! How a client reached a proxy in front of the server, by the headers that the proxy adds:
//! `Forwarded` (RFC 7239), else `X-Forwarded-Proto`, `-Host` and `-Port`.

use crate::net::host::{self, HostError};
use http::{HeaderMap, header};

/// How a client reached the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Whether the client used TLS.
    pub(crate) is_secure: bool,
    /// The host and port that the request is for, if it names them.
    pub(crate) host: Option<String>,
}

impl Reached {
    /// What the headers of a proxy change. Of several proxies, the first is the client's.
    ///
    /// # Errors
    /// When a header has no scheme, host or port of the web.
    pub(crate) fn forwarded(self, headers: &HeaderMap) -> Result<Self, HostError> {
        let first = |name: &str| {
            let value = headers.get(name).map(|value| value.to_str());
            let value = value.transpose().map_err(|_| HostError::Forwarded)?;
            Ok(value.and_then(|value| value.split(',').next()).map(str::trim))
        };
        let (proto, host, port) = match first(header::FORWARDED.as_str())? {
            Some(element) => (parameter(element, "proto"), parameter(element, "host"), None),
            None => {
                let [proto, host, port] =
                    ["proto", "host", "port"].map(|part| first(&format!("x-forwarded-{part}")));
                (proto?, host?, port?)
            }
        };
        let is_secure = match proto {
            Some(proto) if proto.eq_ignore_ascii_case("https") => true,
            Some(proto) if proto.eq_ignore_ascii_case("http") => false,
            Some(_) => return Err(HostError::Forwarded),
            None => self.is_secure,
        };
        let host = match host {
            Some(host) => Some(host::checked(host).map_err(|_| HostError::Forwarded)?),
            None => self.host,
        };
        let port = port.map(|port| port.parse::<u16>().map_err(|_| HostError::Forwarded));
        let host = match (host, port.transpose()?) {
            (Some(host), Some(port)) => {
                let (name, _) = host::split(&host);
                let is_default = port == if is_secure { 443 } else { 80 };
                Some(if is_default { name.to_owned() } else { format!("{name}:{port}") })
            }
            (host, _) => host,
        };
        Ok(Self { is_secure, host })
    }

    /// The port of TLS that the client used, if it used TLS.
    pub(crate) fn tls_port(&self) -> Option<u16> {
        let host = self.host.as_deref().filter(|_| self.is_secure)?;
        Some(host::split(host).1.unwrap_or(443))
    }
}

/// A parameter of an element of `Forwarded`, without its quotes.
fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
    Some(value.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn reached(headers: &[(&str, &str)]) -> Result<(bool, String), HostError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        let direct = Reached { is_secure: false, host: Some("10.0.0.7:8117".to_owned()) };
        direct.forwarded(&map).map(|reached| (reached.is_secure, reached.host.unwrap()))
    }

    #[test]
    fn the_headers_of_a_proxy_replace_what_they_name() {
        let proto = ("x-forwarded-proto", "https");
        let host = ("x-forwarded-host", "chat.test");
        for (headers, secure, expected) in [
            (vec![], false, "10.0.0.7:8117"),
            (vec![proto], true, "10.0.0.7:8117"),
            (vec![host], false, "chat.test"),
            (vec![proto, host], true, "chat.test"),
            (vec![proto, host, ("x-forwarded-port", "443")], true, "chat.test"),
            (vec![proto, host, ("x-forwarded-port", "8443")], true, "chat.test:8443"),
            (vec![("x-forwarded-host", "a.test:1"), ("x-forwarded-port", "80")], false, "a.test"),
            (vec![("x-forwarded-host", "[::1]:1"), ("x-forwarded-port", "2")], false, "[::1]:2"),
            (vec![("x-forwarded-host", "[::1]"), ("x-forwarded-port", "2")], false, "[::1]:2"),
            (vec![("x-forwarded-port", "9000")], false, "10.0.0.7:9000"),
            (vec![("x-forwarded-proto", "HTTPS, http"), host], true, "chat.test"),
            (vec![("x-forwarded-host", "chat.test, inner")], false, "chat.test"),
            (vec![("forwarded", "for=1.2.3.4;proto=https;host=chat.test")], true, "chat.test"),
            (vec![("forwarded", "Host=\"[::1]:9\"; Proto=http, host=b")], false, "[::1]:9"),
            (vec![("forwarded", "for=1.2.3.4"), host, proto], false, "10.0.0.7:8117"),
        ] {
            let expected = Ok((secure, expected.to_owned()));
            assert_eq!(reached(&headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn headers_that_make_no_sense_are_refused() {
        for (name, value) in [
            ("x-forwarded-proto", "ftp"),
            ("x-forwarded-host", "a b"),
            ("x-forwarded-host", ""),
            ("x-forwarded-port", "65536"),
            ("x-forwarded-port", "x"),
            ("forwarded", "proto=ws"),
            ("forwarded", "host=\"a/b\""),
        ] {
            assert_eq!(reached(&[(name, value)]), Err(HostError::Forwarded), "{name} {value}");
        }
    }

    #[test]
    fn the_port_of_tls_is_known_only_where_tls_was_used() {
        let reached = |is_secure, host: &str| Reached { is_secure, host: Some(host.to_owned()) };
        assert_eq!(reached(true, "a:8443").tls_port(), Some(8443));
        assert_eq!(reached(true, "a").tls_port(), Some(443));
        assert_eq!(reached(false, "a:8443").tls_port(), None);
    }
}
