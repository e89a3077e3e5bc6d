//! The base URL of the API.

use crate::origin::Origin;
use ::http::Uri;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::idn;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// An `http` or `https` URL with an optional path and without a trailing slash, for example
/// `https://api.example.com/api/v1`.
///
/// Unlike the official SDK, it may have a port, an IP address or `localhost`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    text: Box<str>,
    origin: Origin,
}

impl BaseUrl {
    /// Parses a base URL. Slashes at its end are dropped.
    ///
    /// # Errors
    /// When the URL is empty, is not `http` or `https`, has no host, or has user information, a
    /// query or a fragment.
    pub fn new(url: &str) -> Result<Self, InvalidArgument> {
        let refuse = |reason: &'static str| Err(InvalidArgument::new("apiBaseUrl", reason));
        if url.is_empty() {
            return refuse("API base url cannot be empty");
        }
        if url.contains(['?', '#']) {
            return refuse("Invalid api base url: it must have neither query nor fragment");
        }
        let Some(url) = with_host_in_ascii(url) else {
            return refuse("Invalid api base url: its host has no form that DNS can hold");
        };
        let Ok(uri) = url.trim_end_matches('/').parse::<Uri>() else {
            return refuse("Invalid api base url");
        };
        if !matches!(uri.scheme_str(), Some("https" | "http")) {
            return refuse("Invalid api base url: it must start with https:// or http://");
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let host = uri.host().unwrap_or_default();
        let Some(origin) = Origin::of(&uri) else {
            return refuse("Invalid api base url: it must have a host and no user information");
        };
        if authority.ends_with(':') || (authority.len() > host.len() && uri.port_u16().is_none()) {
            return refuse("Invalid api base url: the port must be a number from 0 to 65,535");
        }
        let scheme = uri.scheme_str().unwrap_or_default();
        let path = uri.path().trim_end_matches('/');
        Ok(Self { text: format!("{scheme}://{authority}{path}").into(), origin })
    }

    /// The URL without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host: a name, an IPv4 address or a bracketed IPv6 address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.origin.host()
    }

    /// Whether the scheme is `https`.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.origin.is_tls()
    }

    /// Whether the host is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.origin.is_loopback()
    }

    /// The origin: scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// This URL followed by `target`, which starts with a slash.
    #[must_use]
    pub fn join(&self, target: &str) -> String {
        format!("{}{target}", self.text)
    }
}

/// Converts an international host to its ASCII form, which a URL requires.
fn with_host_in_ascii(url: &str) -> Option<Cow<'_, str>> {
    if url.is_ascii() {
        return Some(Cow::Borrowed(url));
    }
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
    let host = idn::to_ascii(host).ok()?;
    Some(Cow::Owned(format!("{scheme}://{host}{port}{path}")))
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for BaseUrl {
    type Err = InvalidArgument;
    fn from_str(url: &str) -> Result<Self, InvalidArgument> {
        Self::new(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_at_the_end_are_dropped_and_the_target_is_appended() {
        let url = BaseUrl::new("https://api.example.com/api/v1//").unwrap();
        assert_eq!(url.as_str(), "https://api.example.com/api/v1");
        assert_eq!(url.join("/media/"), "https://api.example.com/api/v1/media/");
        assert_eq!(
            BaseUrl::new("https://api.example.com").unwrap().as_str(),
            "https://api.example.com"
        );
    }

    #[test]
    fn an_international_host_has_the_form_of_dns() {
        let url = BaseUrl::new("https://bücher.test:8443/api/v1").unwrap();
        assert_eq!(url.as_str(), "https://xn--bcher-kva.test:8443/api/v1");
        assert_eq!(url.host(), "xn--bcher-kva.test");
        for url in ["https://a\u{2003}ü.test", "ü.test"] {
            assert_eq!(BaseUrl::new(url).unwrap_err().name, "apiBaseUrl", "{url}");
        }
    }

    #[test]
    fn a_port_an_address_and_localhost_are_accepted() {
        for (url, host) in [
            ("http://127.0.0.1:8080/api/v1", "127.0.0.1"),
            ("http://localhost:1", "localhost"),
            ("https://[::1]:8443/x", "[::1]"),
        ] {
            let parsed = BaseUrl::new(url).unwrap();
            assert_eq!((parsed.as_str(), parsed.host()), (url, host));
            assert!(parsed.is_loopback(), "{url}");
        }
        assert!(!BaseUrl::new("https://api.example.com").unwrap().is_loopback());
    }

    #[test]
    fn anything_but_a_plain_http_url_is_refused_with_the_official_argument_name() {
        for url in [
            "",
            "/",
            "api.example.com",
            "ftp://api.example.com",
            "https://",
            "https:///x",
            "https://u:p@api.example.com",
            "https://api.example.com/?a=b",
            "https://api.example.com/#f",
            "https://api.example.com:99999",
            "https://api.example.com:",
            "https://a b",
        ] {
            assert_eq!(BaseUrl::new(url).map_err(|e| e.name), Err("apiBaseUrl"), "{url:?}");
        }
        assert_eq!(BaseUrl::new("").unwrap_err().reason, "API base url cannot be empty");
    }
}
