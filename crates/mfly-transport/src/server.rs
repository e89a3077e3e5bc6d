//! The server side of a connection.
//!
//! A server with an HTTP stack makes its response by [`upgrade`] and passes the byte stream to
//! [`websocket`]. A server without one calls [`accept`], which does both, after [`secure`] for TLS.
//! Over TCP, call [`tcp`] after [`start_tls`], or after [`secure`] for direct TLS. Set
//! `TCP_NODELAY` on an accepted socket: small frames would otherwise wait for each other.

use crate::connect::within;
use crate::connection::{self, Connection, Io};
use crate::error::{Stage, TransportError};
use crate::handshake_limit::MAX_HEAD_BYTES;
use crate::linger::linger;
use crate::start_tls;
pub use crate::start_tls::PastWhiteSpace;
use crate::upgrade::{self as handshake, SUB_PROTOCOL, SubProtocol, list};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Version, header};
use rustls::ServerConfig;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The text that a server appends to the client's key (RFC 6455 §1.3).
const KEY_SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The supported version of WebSocket (RFC 6455 §4.1).
const VERSION: &str = "13";

/// The end of an HTTP head.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// The largest accepted number of header fields.
const MAX_HEADERS: usize = 64;

/// The reason why a request does not open an XMPP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UpgradeError {
    /// The method is not GET.
    #[error("a WebSocket handshake is a GET request")]
    Method,
    /// The header `Host` is missing, or occurs more than once (RFC 9112 §3.2).
    #[error("the request must have exactly one Host header")]
    Host,
    /// The request is not for WebSocket, or is HTTP/1.0, which has no upgrade (RFC 9110 §7.8).
    #[error("the request does not ask to upgrade to WebSocket")]
    NotWebSocket,
    /// The version is not 13.
    #[error("the only supported WebSocket version is 13")]
    Version,
    /// The key is missing, or is not 16 bytes in Base64.
    #[error("Sec-WebSocket-Key must be 16 bytes in Base64")]
    Key,
    /// The sub-protocol `xmpp` is not offered.
    #[error("the request does not offer the sub-protocol xmpp")]
    SubProtocol,
}

impl UpgradeError {
    /// The response that refuses the request.
    #[must_use]
    pub fn response(self) -> Response<()> {
        let mut response = empty(match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotWebSocket | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Host | Self::Key | Self::SubProtocol => StatusCode::BAD_REQUEST,
        });
        let headers = response.headers_mut();
        if self == Self::Method {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
        }
        if matches!(self, Self::NotWebSocket | Self::Version) {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
        }
        response
    }
}

/// Makes the response that upgrades to a WebSocket connection (RFC 6455 §4.2, RFC 7395 §3.1).
///
/// # Errors
/// When the request is not a handshake. Send [`UpgradeError::response`] to the client.
pub fn upgrade(request: &http::request::Parts) -> Result<Response<()>, UpgradeError> {
    upgrade_with(request, SubProtocol::Xmpp)
}

/// Makes the response as [`upgrade`] does, for another sub-protocol.
///
/// # Errors
/// As [`upgrade`].
pub fn upgrade_with(
    request: &http::request::Parts,
    sub_protocol: SubProtocol,
) -> Result<Response<()>, UpgradeError> {
    let headers = &request.headers;
    let has = |name: HeaderName, token: &str| list(headers, &name).any(|found| found == token);
    if request.method != Method::GET {
        return Err(UpgradeError::Method);
    }
    let is_current = request.version >= Version::HTTP_11;
    if is_current && headers.get_all(header::HOST).iter().count() != 1 {
        return Err(UpgradeError::Host);
    }
    if !is_current || !has(header::UPGRADE, "websocket") || !has(header::CONNECTION, "upgrade") {
        return Err(UpgradeError::NotWebSocket);
    }
    if !has(header::SEC_WEBSOCKET_VERSION, VERSION) {
        return Err(UpgradeError::Version);
    }
    let accept = accept_key(headers)?;
    let is_xmpp = sub_protocol == SubProtocol::Xmpp;
    if is_xmpp && !has(header::SEC_WEBSOCKET_PROTOCOL, SUB_PROTOCOL) {
        return Err(UpgradeError::SubProtocol);
    }
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if is_xmpp {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUB_PROTOCOL));
    }
    Ok(response)
}

/// Makes a connection over a byte stream after the response of [`upgrade`] was sent.
///
/// `max_frame_bytes` is the size limit of the client's frames.
pub fn websocket(
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    max_frame_bytes: usize,
) -> Connection {
    handshake::serve(io, max_frame_bytes)
}

/// Makes a connection with TCP framing (RFC 6120) over a byte stream on which no frame was sent.
///
/// `max_frame_bytes` is the size limit of the client's frames. After TLS, add the result of
/// [`ServerTls::security`](crate::ServerTls::security) with [`Connection::with_security`].
pub fn tcp(
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    max_frame_bytes: usize,
) -> Connection {
    connection::tcp(io, max_frame_bytes)
}

/// Requires STARTTLS of a client on TCP (RFC 6120 §5), and performs the TLS handshake. Each of the
/// two takes at most `limit`. The client then opens a new stream.
///
/// `domain` is the domain of the stream. White space between the request and TLS is dropped.
///
/// # Errors
/// [`TransportError::StartTls`] when the client sends anything else (it has then received a stream
/// error and had time to read it), [`TransportError::Tls`], [`TransportError::Io`] or
/// [`TransportError::TimedOut`].
pub async fn start_tls<T: AsyncRead + AsyncWrite + Unpin>(
    mut io: T,
    domain: &str,
    config: Arc<ServerConfig>,
    limit: Duration,
) -> Result<TlsStream<PastWhiteSpace<T>>, TransportError> {
    let negotiating = start_tls::answer(&mut io, domain);
    let negotiated = within(limit, Stage::StartTls, negotiating).await;
    if let Err(TransportError::StartTls { .. }) = negotiated {
        linger(&mut io, limit).await;
    }
    negotiated?;
    secure(PastWhiteSpace::new(io), config, limit).await
}

/// Performs the TLS handshake with a client, within `limit`.
///
/// # Errors
/// [`TransportError::Tls`], [`TransportError::Io`] or [`TransportError::TimedOut`].
pub async fn secure<T: AsyncRead + AsyncWrite + Unpin>(
    io: T,
    config: Arc<ServerConfig>,
    limit: Duration,
) -> Result<TlsStream<T>, TransportError> {
    let handshake = async {
        let secured = TlsAcceptor::from(config).accept(io).await;
        secured.map_err(|error| TransportError::from_tls("the client", error))
    };
    within(limit, Stage::Tls, handshake).await
}

/// Performs the WebSocket handshake with a client, within `limit`, and makes the connection.
///
/// # Errors
/// [`TransportError::Handshake`] when the request does not open an XMPP connection (the client has
/// then received a response and had time to read it), [`TransportError::Io`] or
/// [`TransportError::TimedOut`].
pub async fn accept(
    mut io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    max_frame_bytes: usize,
    limit: Duration,
) -> Result<Connection, TransportError> {
    let handshake = async {
        let verdict = match read_request(&mut io).await? {
            Ok(request) => upgrade(&request).map_err(|error| (error.response(), error.to_string())),
            Err((status, reason)) => Err((empty(status), reason.to_owned())),
        };
        let (response, reason) = match verdict {
            Ok(response) => (response, None),
            Err((mut response, reason)) => {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
                (response, Some(reason))
            }
        };
        io.write_all(&encode(&response)).await.map_err(TransportError::Io)?;
        io.flush().await.map_err(TransportError::Io)?;
        match reason {
            None => Ok(()),
            Some(reason) => Err(TransportError::Handshake {
                status: Some(response.status().as_u16()),
                reason: reason.into(),
                retry_after: None,
            }),
        }
    };
    let accepted = within(limit, Stage::Handshake, handshake).await;
    if let Err(TransportError::Handshake { .. }) = accepted {
        linger(&mut io, limit).await;
    }
    accepted?;
    Ok(handshake::serve(io, max_frame_bytes))
}

/// The status and the reason that refuse bytes which are not a request.
type Unreadable = (StatusCode, &'static str);

const EARLY: Unreadable = (StatusCode::BAD_REQUEST, "the client did not wait for the response");
const NOT_HTTP: Unreadable = (StatusCode::BAD_REQUEST, "the request is not HTTP");
const TOO_LARGE: Unreadable =
    (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the head of the request is too long");

/// A response without body.
fn empty(status: StatusCode) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    response
}

/// The header `Sec-WebSocket-Accept` (RFC 6455 §4.2.2, step 5.4).
fn accept_key(headers: &HeaderMap) -> Result<HeaderValue, UpgradeError> {
    let key = headers
        .get(header::SEC_WEBSOCKET_KEY)
        .and_then(|key| key.to_str().ok())
        .filter(|key| BASE64.decode(key).is_ok_and(|bytes| bytes.len() == 16))
        .ok_or(UpgradeError::Key)?;
    let digest = sha1_smol::Sha1::from(format!("{key}{KEY_SUFFIX}")).digest().bytes();
    HeaderValue::try_from(BASE64.encode(digest)).map_err(|_| UpgradeError::Key)
}

/// Reads the head of a request. A client has to wait for the response (RFC 6455 §4.1), so no
/// further bytes may follow.
async fn read_request(
    io: &mut (impl Io + ?Sized),
) -> Result<Result<http::request::Parts, Unreadable>, TransportError> {
    let mut head = Vec::with_capacity(1024);
    loop {
        // The end may be split between two reads.
        let searched = head.len().saturating_sub(HEAD_END.len() - 1);
        match io.read_buf(&mut head).await {
            Ok(0) => return Err(TransportError::cut("in the WebSocket handshake")),
            Ok(_) => {}
            Err(error) => return Err(TransportError::Io(error)),
        }
        let end = head[searched..].windows(HEAD_END.len()).position(|bytes| bytes == HEAD_END);
        match end {
            Some(at) if searched + at + HEAD_END.len() == head.len() => break,
            Some(_) => return Ok(Err(EARLY)),
            None if head.len() >= MAX_HEAD_BYTES => return Ok(Err(TOO_LARGE)),
            None => {}
        }
    }
    Ok(parse_request(&head).ok_or(NOT_HTTP))
}

fn parse_request(head: &[u8]) -> Option<http::request::Parts> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut fields);
    if parsed.parse(head).ok()?.is_partial() {
        return None;
    }
    let version = if parsed.version? == 1 { Version::HTTP_11 } else { Version::HTTP_10 };
    let mut request =
        http::Request::builder().method(parsed.method?).uri(parsed.path?).version(version);
    for field in parsed.headers.iter() {
        request = request.header(field.name, field.value);
    }
    Some(request.body(()).ok()?.into_parts().0)
}

fn encode(response: &Response<()>) -> Vec<u8> {
    let reason = response.status().canonical_reason().unwrap_or_default();
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", response.status().as_str()).into_bytes();
    for (name, value) in response.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The handshake of RFC 6455 §1.3 with the sub-protocol of RFC 7395.
    fn request(change: impl FnOnce(&mut http::request::Parts)) -> http::request::Parts {
        let head = b"GET /websocket HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: WebSocket\r\n\
            Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Protocol: chat, xmpp\r\nSec-WebSocket-Version: 13\r\n\r\n";
        let mut parts = parse_request(head).unwrap();
        change(&mut parts);
        parts
    }

    #[test]
    fn the_example_of_the_rfc_is_answered_as_in_the_rfc() {
        let response = upgrade(&request(|_| ())).unwrap();
        assert_eq!(
            encode(&response),
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
            sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
            sec-websocket-protocol: xmpp\r\n\r\n"
        );
    }

    #[test]
    fn a_request_that_is_not_an_xmpp_handshake_is_refused_with_the_reason() {
        type Change = fn(&mut http::request::Parts);
        let changes: [(Change, UpgradeError); 4] = [
            (|parts| parts.method = Method::POST, UpgradeError::Method),
            (|parts| parts.version = Version::HTTP_10, UpgradeError::NotWebSocket),
            (|parts| drop(parts.headers.remove(header::HOST)), UpgradeError::Host),
            (
                |parts| {
                    parts.headers.append(header::HOST, HeaderValue::from_static("b.example"));
                },
                UpgradeError::Host,
            ),
        ];
        for (change, expected) in changes {
            assert_eq!(upgrade(&request(change)).err(), Some(expected));
        }
        for (name, value, expected) in [
            (header::UPGRADE, "h2c", UpgradeError::NotWebSocket),
            (header::CONNECTION, "close", UpgradeError::NotWebSocket),
            (header::SEC_WEBSOCKET_VERSION, "8", UpgradeError::Version),
            (header::SEC_WEBSOCKET_KEY, "c2hvcnQ=", UpgradeError::Key),
            (header::SEC_WEBSOCKET_KEY, "?", UpgradeError::Key),
            (header::SEC_WEBSOCKET_PROTOCOL, "chat", UpgradeError::SubProtocol),
        ] {
            let changed = request(|parts| {
                parts.headers.insert(&name, HeaderValue::from_static(value));
            });
            assert_eq!(upgrade(&changed).err(), Some(expected), "{name}: {value}");
        }
    }

    #[test]
    fn a_refusal_names_the_accepted_version_or_method() {
        let response = UpgradeError::Method.response();
        assert_eq!(response.headers()[header::ALLOW], "GET");
        let response = UpgradeError::Version.response();
        assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
        assert_eq!(response.headers()[header::SEC_WEBSOCKET_VERSION], "13");
        assert_eq!(UpgradeError::SubProtocol.response().status(), StatusCode::BAD_REQUEST);
    }
}
