//! The origin of a URL: scheme, host and port (RFC 9110 §4.3.1).

use ::http::Uri;
use std::fmt;

/// The origin of a URL: scheme, host and port. It has neither path nor query, so it may appear in
/// logs and errors.
///
/// ```
/// use mfly_api::Origin;
/// let url = "https://Store.Example.com/file?signature=s3cret".parse().unwrap();
/// assert_eq!(Origin::of(&url).unwrap().to_string(), "https://store.example.com");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    is_tls: bool,
    /// The host in lower case. An IPv6 address is bracketed.
    host: Box<str>,
    port: u16,
}

impl Origin {
    /// The origin of an absolute `http` or `https` URL without user information; `None` for any
    /// other URL.
    #[must_use]
    pub fn of(uri: &Uri) -> Option<Self> {
        let is_tls = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        if authority.host().is_empty() || authority.as_str().contains('@') {
            return None;
        }
        let port = authority.port_u16();
        Some(Self {
            is_tls,
            host: authority.host().to_ascii_lowercase().into(),
            port: port.unwrap_or(default_port(is_tls)),
        })
    }

    /// Whether the scheme is `https`.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The host: a name, an IPv4 address or a bracketed IPv6 address.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether nothing can be read on the network: the scheme is `https`, or the host is this
    /// machine.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.is_tls || self.is_loopback()
    }

    /// Whether the host is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The host, and the port unless it is the scheme's own; the value of the header `Host`.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == default_port(self.is_tls) {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

const fn default_port(is_tls: bool) -> u16 {
    if is_tls { 443 } else { 80 }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Option<Origin> {
        Origin::of(&url.parse().unwrap())
    }

    #[test]
    fn an_origin_shows_neither_path_nor_query_nor_a_default_port() {
        for (url, shown) in [
            ("https://A.example:443/x?token=t", "https://a.example"),
            ("http://a.example:8080/x", "http://a.example:8080"),
            ("http://[::1]/", "http://[::1]"),
        ] {
            assert_eq!(origin(url).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn scheme_host_and_port_make_an_origin() {
        assert_eq!(origin("https://a.example/x"), origin("https://A.EXAMPLE:443/y"));
        for other in ["http://a.example/x", "https://b.example/x", "https://a.example:8443/x"] {
            assert_ne!(origin("https://a.example/x"), origin(other), "{other}");
        }
    }

    #[test]
    fn only_an_http_url_without_user_information_has_an_origin() {
        for url in ["/x", "a.example:443", "ftp://a.example/", "https://u:p@a.example/"] {
            assert_eq!(origin(url), None, "{url}");
        }
    }

    #[test]
    fn only_tls_and_this_machine_are_private() {
        for url in ["https://a.example", "http://localhost:1", "http://127.0.0.9", "http://[::1]:2"]
        {
            assert!(origin(url).unwrap().is_private(), "{url}");
        }
        for url in ["http://a.example", "http://192.0.2.1", "http://localhost.example"] {
            assert!(!origin(url).unwrap().is_private(), "{url}");
        }
    }
}
