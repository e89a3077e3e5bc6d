//! Redirects (RFC 9110 §15.4): their target, and whether they are followed.

use super::{Cleartext, check_cleartext};
use crate::origin::Origin;
use ::http::header::{ACCEPT, ACCEPT_ENCODING, HeaderName, LOCATION, RANGE, USER_AGENT};
use ::http::uri::Parts;
use ::http::{HeaderMap, Method, Request, StatusCode, Uri};
use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use std::fmt;
use thiserror::Error;

/// The largest number of redirects that are followed for one request.
pub const MAX_REDIRECTS: usize = 10;

/// The headers that another origin receives. All others may be private.
const PUBLIC_HEADERS: [HeaderName; 4] = [ACCEPT, ACCEPT_ENCODING, RANGE, USER_AGENT];

/// Characters that a URL must not contain. Some servers write them into `Location`.
const INVALID_IN_URL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A redirect that was not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedirectError {
    /// The HTTP status: 301, 302, 303, 307 or 308.
    pub status: u16,
    /// The origin of the target, if it can be read.
    pub to: Option<Origin>,
    /// The reason why it was not followed.
    pub problem: RedirectProblem,
}

/// The reason why a redirect was not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RedirectProblem {
    /// The header `Location` is missing, or has several values.
    #[error("the answer does not say where to")]
    NoLocation,
    /// `Location` is not an `http` or `https` URL.
    #[error("it leads to no http or https URL")]
    NoUrl,
    /// The target is a clear-text URL, which is not allowed.
    #[error("it leads to clear text; the server has to name an https URL")]
    Cleartext,
    /// The target was requested before.
    #[error("it leads in a circle")]
    Circle,
    /// It follows [`MAX_REDIRECTS`] other redirects.
    #[error("there were {MAX_REDIRECTS} redirects before it")]
    TooMany,
    /// The method is not GET or HEAD, and 301, 302 and 303 do not repeat such a request.
    #[error("following it would change what is asked for")]
    Method,
    /// The request has a body, which only the first server may receive.
    #[error("a request with a body is not sent to another server")]
    OtherServer,
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a redirect with status {}", self.status)?;
        if let Some(to) = &self.to {
            write!(f, " to {to}")?;
        }
        write!(f, " was not followed: {}", self.problem)
    }
}

impl std::error::Error for RedirectError {}

/// Whether a status is that of a redirect.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The request to send after a redirect. `seen` are the URLs requested so far; the last one is that
/// of `request`.
pub(super) fn follow(
    mut request: Request<Bytes>,
    (status, headers): (StatusCode, &HeaderMap),
    seen: &[Uri],
    cleartext: Cleartext,
) -> Result<Request<Bytes>, RedirectError> {
    let refuse = |to: Option<&Origin>, problem| RedirectError {
        status: status.as_u16(),
        to: to.cloned(),
        problem,
    };
    let location = only_location(headers).ok_or(refuse(None, RedirectProblem::NoLocation))?;
    let target = resolve(request.uri(), location).ok_or(refuse(None, RedirectProblem::NoUrl))?;
    let to = Origin::of(&target).ok_or(refuse(None, RedirectProblem::NoUrl))?;
    let refuse = |problem| Err(refuse(Some(&to), problem));
    let from = Origin::of(request.uri());
    let is_downgrade = from.as_ref().is_none_or(Origin::is_tls) && !to.is_tls();
    if (is_downgrade && cleartext == Cleartext::Refused) || check_cleartext(&to, cleartext).is_err()
    {
        return refuse(RedirectProblem::Cleartext);
    }
    if seen.contains(&target) {
        return refuse(RedirectProblem::Circle);
    }
    if seen.len() > MAX_REDIRECTS {
        return refuse(RedirectProblem::TooMany);
    }
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read && !matches!(status.as_u16(), 307 | 308) {
        return refuse(RedirectProblem::Method);
    }
    if from.as_ref() != Some(&to) {
        if !is_read || !request.body().is_empty() {
            return refuse(RedirectProblem::OtherServer);
        }
        keep_public(request.headers_mut());
    }
    *request.uri_mut() = target;
    Ok(request)
}

/// Removes the token and other headers that another server must not receive.
fn keep_public(headers: &mut HeaderMap) {
    let mut kept = HeaderMap::new();
    for name in PUBLIC_HEADERS {
        for value in headers.get_all(&name) {
            kept.append(&name, value.clone());
        }
    }
    *headers = kept;
}

fn only_location(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(LOCATION).iter();
    let first = values.next()?;
    values.all(|value| value == first).then(|| first.as_bytes().trim_ascii())
}

/// Resolves `reference` against `base` (RFC 3986 §5.2), and drops its fragment.
fn resolve(base: &Uri, reference: &[u8]) -> Option<Uri> {
    let reference = percent_encode(reference, INVALID_IN_URL).to_string();
    let reference = reference.split('#').next().unwrap_or_default();
    if has_scheme(reference) {
        return reference.parse().ok();
    }
    if let Some(authority) = reference.strip_prefix("//") {
        return format!("{}://{authority}", base.scheme_str()?).parse().ok();
    }
    let (path, query) = match reference.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (reference, None),
    };
    let target = match path {
        "" => match query.or(base.query()) {
            Some(query) => format!("{}?{query}", base.path()),
            None => base.path().to_owned(),
        },
        _ => {
            let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
            let path = match path.strip_prefix('/') {
                Some(_) => without_dots(path),
                None => without_dots(&format!("{folder}/{path}")),
            };
            match query {
                Some(query) => format!("{path}?{query}"),
                None => path,
            }
        }
    };
    let mut parts = Parts::default();
    parts.scheme = base.scheme().cloned();
    parts.authority = base.authority().cloned();
    parts.path_and_query = Some(target.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// Whether a reference begins with a scheme (RFC 3986 §3.1).
fn has_scheme(reference: &str) -> bool {
    let Some((scheme, _)) = reference.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// Removes the segments `.` and `..` from an absolute path (RFC 3986 §5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let last = segments.len().saturating_sub(1);
    for (position, segment) in segments.into_iter().enumerate() {
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if position == last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_read_as_rfc_3986_says() {
        let base: Uri = "http://a/b/c/d;p?q".parse().unwrap();
        // RFC 3986 §5.4, the rows that HTTP can carry, and two that some servers send.
        let rows = include_str!("../../tests/data/rfc3986.txt").lines();
        for (target, reference) in rows.filter_map(|row| row.split_once(' ')) {
            let resolved = resolve(&base, reference.as_bytes());
            let expected: Uri = target.parse().unwrap();
            assert_eq!(resolved, Some(expected), "{reference:?}");
        }
    }
}
