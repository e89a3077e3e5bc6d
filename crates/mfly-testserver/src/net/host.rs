//! The name by which a client reached the server (RFC 9112 §3.2).

use crate::rest::response::RestResponse;
use http::uri::Authority;
use http::{HeaderMap, StatusCode, Uri, Version, header};
use std::net::Ipv6Addr;
use thiserror::Error;

/// Longest name, in bytes (RFC 3986 §3.2.2). It has a limit because responses repeat it.
const NAME_BYTES: usize = 255;

/// Characters of a name beside letters, digits and `%XX` (RFC 3986 §2.2, §2.3).
const NAME_MARKS: &[u8] = b"-._~!$&'()*+,;=";

/// The reason why the host of a request is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum HostError {
    /// There is no `Host` header, which HTTP/1.1 requires.
    #[error("Bad Request: the request has no Host header")]
    Missing,
    /// There is more than one `Host` header.
    #[error("Bad Request: the request has more than one Host header")]
    Doubled,
    /// The host is not a name or an address, with or without a port.
    #[error("Bad Request: the Host header or the request target is not HOST or HOST:PORT")]
    Malformed,
    /// A header of a proxy that is trusted cannot be used.
    #[error("Bad Request: Forwarded or X-Forwarded-* does not name a scheme, host and port")]
    Forwarded,
}

impl HostError {
    /// HTTP 400 with this reason.
    pub(crate) fn response(self) -> RestResponse {
        RestResponse::http(StatusCode::BAD_REQUEST, &self.to_string())
    }
}

/// The host and port of a request. `None` if the request names none: in HTTP/1.0, or with an empty
/// header.
///
/// A whole URI as request target has precedence over the header (RFC 9112 §3.2.2). Headers of
/// proxies are not looked at, because any client could send them.
pub(crate) fn of(
    version: Version,
    target: &Uri,
    headers: &HeaderMap,
) -> Result<Option<String>, HostError> {
    let mut named = headers.get_all(header::HOST).iter();
    let first = named.next();
    if named.next().is_some() {
        return Err(HostError::Doubled);
    }
    let from_header = match first {
        Some(value) => {
            let text = value.to_str().map_err(|_| HostError::Malformed)?;
            (!text.is_empty()).then(|| checked(text)).transpose()?
        }
        None if version < Version::HTTP_11 => None,
        None => return Err(HostError::Missing),
    };
    match target.authority().map(Authority::as_str) {
        Some(text) => checked(text).map(Some),
        None => Ok(from_header),
    }
}

/// Splits a text that was [`checked`] into host and port.
pub(crate) fn split(text: &str) -> (&str, Option<u16>) {
    match text.rsplit_once(':') {
        // The last colon of an IPv6 address without a port is within its brackets.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
        _ => (text, None),
    }
}

/// Checks that a text is `HOST` or `HOST:PORT`.
pub(crate) fn checked(text: &str) -> Result<String, HostError> {
    let (is_host, rest) = match text.strip_prefix('[') {
        Some(inner) => {
            let (address, rest) = inner.split_once(']').ok_or(HostError::Malformed)?;
            (address.parse::<Ipv6Addr>().is_ok(), rest)
        }
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let (name, rest) = text.split_at(end);
            (is_name(name), rest)
        }
    };
    let port = rest.strip_prefix(':').unwrap_or(rest);
    let is_port = port.is_empty() || (rest.starts_with(':') && is_port(port));
    if !is_host || !is_port {
        return Err(HostError::Malformed);
    }
    // A colon without a port is allowed (RFC 3986 §3.2.3).
    Ok(text.strip_suffix(':').unwrap_or(text).to_owned())
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

/// Whether a text is a `reg-name` of RFC 3986 §3.2.2, which includes IPv4 addresses.
fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    while let Some(byte) = bytes.next() {
        let is_good = match byte {
            b'%' => {
                let mut is_digit = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
                is_digit() && is_digit()
            }
            byte => byte.is_ascii_alphanumeric() || NAME_MARKS.contains(&byte),
        };
        if !is_good {
            return false;
        }
    }
    (1..=NAME_BYTES).contains(&name.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn host(target: &str, hosts: &[&str]) -> Result<Option<String>, HostError> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_str(host).unwrap());
        }
        of(Version::HTTP_11, &target.parse().unwrap(), &headers)
    }

    #[test]
    fn every_name_and_address_of_a_url_is_accepted_unchanged() {
        let longest = "x".repeat(NAME_BYTES);
        for named in [
            "chat_server:8117",
            "chat_server",
            "localhost",
            "Chat.Example.test:80",
            "127.0.0.1:65535",
            "[::1]:8117",
            "[2001:db8::1]",
            "a~b!$&'()*+,;=%2Fc",
            longest.as_str(),
        ] {
            assert_eq!(host("/", &[named]), Ok(Some(named.to_owned())));
        }
        assert_eq!(host("/", &["a:"]), Ok(Some("a".to_owned())));
    }

    #[test]
    fn malformed_hosts_are_refused() {
        let too_long = "x".repeat(NAME_BYTES + 1);
        for named in ["a b", "a/b", "a@b", "a?b", "a#b", "\"a\"", "<a>", "a\\b", "a%2", "a%zz"]
            .into_iter()
            .chain([":80", "a:b", "a:65536", "a:1:2", "a:+1", "::1", "[::1", "[::1]80", "[a]"])
            .chain(["[]", "a, b", &too_long])
        {
            assert_eq!(host("/", &[named]), Err(HostError::Malformed), "{named}");
        }
    }

    #[test]
    fn exactly_one_header_is_required_except_in_http_1_0() {
        assert_eq!(host("/", &[]), Err(HostError::Missing));
        assert_eq!(host("http://a/", &[]), Err(HostError::Missing));
        assert_eq!(host("/", &["a", "a"]), Err(HostError::Doubled));
        assert_eq!(host("/", &[""]), Ok(None));
        let old = of(Version::HTTP_10, &"/".parse().unwrap(), &HeaderMap::new());
        assert_eq!(old, Ok(None));
    }

    #[test]
    fn a_whole_uri_as_target_has_precedence_over_the_header() {
        let named = host("http://chat_server:8117/path", &["other"]);
        assert_eq!(named, Ok(Some("chat_server:8117".to_owned())));
        assert_eq!(host("http://a@b/", &["other"]), Err(HostError::Malformed));
    }
}
