//! The WebSocket handshake (RFC 6455, RFC 7395), without extensions.

use crate::connection::{self, Connection, FLUSH_THRESHOLD, Io};
use crate::error::{NO_SUB_PROTOCOL, NOT_HTTP, OTHER_SUB_PROTOCOL, TransportError};
use crate::handshake_limit::{HandshakeLimit, ResponseHead};
use crate::progress::{Observer, Progress};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use mfly_proto::address::Address;
use std::io;
use tokio_websockets::upgrade::Error as UpgradeError;
use tokio_websockets::{ClientBuilder, Config, Error, Limits, ServerBuilder};

/// The sub-protocol of XMPP (RFC 7395 §3.1).
pub(crate) const SUB_PROTOCOL: &str = "xmpp";

/// The WebSocket sub-protocol (RFC 6455 §1.9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubProtocol {
    /// The sub-protocol `xmpp` (RFC 7395).
    #[default]
    Xmpp,
    /// A protocol without name: the client offers none, and the server must not choose one.
    Unnamed,
}

/// Performs the handshake as a client.
pub(crate) async fn open(
    io: impl Io + 'static,
    address: &Address,
    max_frame_bytes: usize,
    sub_protocol: SubProtocol,
    observer: &mut Observer<'_>,
) -> Result<Connection, TransportError> {
    let io: Box<dyn Io> = Box::new(io);
    let unusable = |_| TransportError::handshake("the address does not make a request");
    let mut builder = ClientBuilder::new().uri(&address.to_string()).map_err(unusable)?;
    if sub_protocol == SubProtocol::Xmpp {
        let name = HeaderValue::from_static(SUB_PROTOCOL);
        builder = builder
            .add_header(header::SEC_WEBSOCKET_PROTOCOL, name)
            .map_err(|_| TransportError::handshake("the address does not make a request"))?;
    }
    let (io, answer) = HandshakeLimit::recording(io);
    let (mut socket, response) = builder
        .config(config())
        .limits(limits(max_frame_bytes))
        .connect_on(io)
        .await
        .map_err(|error| refused(error, &answer))?;
    check(response.headers(), sub_protocol)?;
    socket.get_mut().remove();
    observer.done(|took| Progress::Upgraded {
        status: response.status().as_u16(),
        date: response
            .headers()
            .get(header::DATE)
            .and_then(|date| date.to_str().ok())
            .map(str::to_owned),
        took,
    });
    Ok(connection::websocket(socket, max_frame_bytes))
}

/// Makes a server's connection after its handshake.
pub(crate) fn serve(io: impl Io + 'static, max_frame_bytes: usize) -> Connection {
    let io: Box<dyn Io> = Box::new(io);
    let builder = ServerBuilder::new().config(config()).limits(limits(max_frame_bytes));
    connection::websocket(builder.serve(HandshakeLimit::unlimited(io)), max_frame_bytes)
}

/// Makes a client's connection after its handshake.
#[cfg(feature = "testing")]
pub(crate) fn take_over(io: impl Io + 'static, max_frame_bytes: usize) -> Connection {
    let io: Box<dyn Io> = Box::new(io);
    let builder = ClientBuilder::new().config(config()).limits(limits(max_frame_bytes));
    connection::websocket(builder.take_over(HandshakeLimit::unlimited(io)), max_frame_bytes)
}

fn config() -> Config {
    Config::default().flush_threshold(FLUSH_THRESHOLD)
}

fn limits(max_frame_bytes: usize) -> Limits {
    Limits::default().max_payload_len(Some(max_frame_bytes))
}

/// Checks a response as RFC 6455 §4.1 requires, except for its status and accept key.
fn check(headers: &HeaderMap, sub_protocol: SubProtocol) -> Result<(), TransportError> {
    let has = |name: HeaderName, token: &str| list(headers, &name).any(|found| found == token);
    if !has(header::UPGRADE, "websocket") || !has(header::CONNECTION, "upgrade") {
        return Err(TransportError::handshake("the answer does not upgrade to WebSocket"));
    }
    if headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS) {
        return Err(TransportError::handshake(
            "the server chose an extension that was not offered",
        ));
    }
    match headers.get(header::SEC_WEBSOCKET_PROTOCOL) {
        None if sub_protocol == SubProtocol::Unnamed => Ok(()),
        Some(chosen) if sub_protocol == SubProtocol::Xmpp && chosen == SUB_PROTOCOL => Ok(()),
        Some(_) => Err(TransportError::handshake(OTHER_SUB_PROTOCOL)),
        None => Err(TransportError::handshake(NO_SUB_PROTOCOL)),
    }
}

/// The members of a comma-separated header, in lower case.
pub(crate) fn list(headers: &HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|member| member.trim().to_ascii_lowercase())
}

/// Translates a failed client handshake.
fn refused(error: Error, answer: &ResponseHead) -> TransportError {
    match error {
        Error::Upgrade(UpgradeError::DidNotSwitchProtocols(status)) => TransportError::Handshake {
            status: Some(status),
            reason: format!("the server answered with HTTP status {status}").into(),
            retry_after: answer.retry_after(),
        },
        Error::Upgrade(UpgradeError::Parsing(_)) => TransportError::handshake(NOT_HTTP),
        Error::Upgrade(other) => TransportError::handshake(other.to_string()),
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            TransportError::handshake(error.to_string())
        }
        // The library's error for an incomplete response.
        Error::Io(error) if error.kind() == io::ErrorKind::Other => {
            TransportError::cut("in the WebSocket handshake")
        }
        Error::Io(error) => TransportError::Io(error),
        other => TransportError::violation(other),
    }
}
