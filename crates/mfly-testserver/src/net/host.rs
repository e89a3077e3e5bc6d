//! By which name a client reached the server (RFC 9112 §3.2).

use crate::rest::response::RestResponse;
use http::uri::Authority;
use http::{HeaderMap, StatusCode, Uri, Version, header};
use std::net::Ipv6Addr;
use thiserror::Error;

/// The longest name, in bytes (RFC 3986 §3.2.2). Answers repeat it, so it has to have a bound.
const NAME_BYTES: usize = 255;

/// What a registered name may consist of beside letters, digits and `%XX` (RFC 3986 §2.2, §2.3).
const NAME_MARKS: &[u8] = b"-._~!$&'()*+,;=";

/// Why a request does not say which host it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum HostError {
    /// HTTP/1.1 requires the header.
    #[error("Bad Request: the request has no Host header")]
    Missing,
    /// There is more than one.
    #[error("Bad Request: the request has more than one Host header")]
    Doubled,
    /// It is not a name or address with or without a port.
    #[error("Bad Request: the Host header or the request target is not HOST or HOST:PORT")]
    Malformed,
}

impl HostError {
    /// HTTP 400 with this reason.
    pub(crate) fn response(self) -> RestResponse {
        RestResponse::http(StatusCode::BAD_REQUEST, &self.to_string())
    }
}

/// The host, and the port if there is one, that a request is for. `None` when the request names
/// none: in HTTP/1.0, or with an empty header.
///
/// A whole URI as request target counts more than the header (RFC 9112 §3.2.2). What proxies say in
/// headers of their own is not looked at, because any client could say it.
///
/// # Errors
/// See [`HostError`].
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

/// `HOST` or `HOST:PORT` as an address can carry it.
fn checked(text: &str) -> Result<String, HostError> {
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
    // The colon may stand there without a port (RFC 3986 §3.2.3).
    Ok(text.strip_suffix(':').unwrap_or(text).to_owned())
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

/// RFC 3986 §3.2.2, `reg-name`; that covers IPv4.
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
    fn every_name_and_address_that_a_url_can_carry_is_taken_as_it_is() {
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
    fn what_is_no_host_is_refused() {
        let too_long = "x".repeat(NAME_BYTES + 1);
        for named in [
            "a b",
            "a/b",
            "a@b",
            "a?b",
            "a#b",
            "\"a\"",
            "<a>",
            "a\\b",
            "a%2",
            "a%zz",
            ":80",
            "a:b",
            "a:65536",
            "a:1:2",
            "a:+1",
            "::1",
            "[::1",
            "[::1]80",
            "[a]",
            "[]",
            "a, b",
            too_long.as_str(),
        ] {
            assert_eq!(host("/", &[named]), Err(HostError::Malformed), "{named}");
        }
    }

    #[test]
    fn there_is_exactly_one_header_and_only_the_old_version_does_without() {
        assert_eq!(host("/", &[]), Err(HostError::Missing));
        assert_eq!(host("http://a/", &[]), Err(HostError::Missing));
        assert_eq!(host("/", &["a", "a"]), Err(HostError::Doubled));
        assert_eq!(host("/", &[""]), Ok(None));
        let old = of(Version::HTTP_10, &"/".parse().unwrap(), &HeaderMap::new());
        assert_eq!(old, Ok(None));
    }

    #[test]
    fn a_whole_uri_as_target_counts_more_than_the_header() {
        let named = host("http://chat_server:8117/path", &["other"]);
        assert_eq!(named, Ok(Some("chat_server:8117".to_owned())));
        assert_eq!(host("http://a@b/", &["other"]), Err(HostError::Malformed));
    }
}
