//! Refuses a connection because there is no room for it.

use crate::net::listener::Service;
use crate::state::ServerState;
use mfly_proto::framing::{Framing, Open};
use mfly_proto::stream::{StreamCondition, StreamError};
use mfly_transport::server;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tracing::debug;

/// How long refusing a client may take, TLS handshake included.
const REFUSING: Duration = Duration::from_secs(5);

/// How many bytes of the client are read after the refusal, so that it can read the refusal.
const DRAINED_BYTES: u64 = 64 * 1024;

/// The refusal over HTTP.
const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n\
    content-length: 0\r\nconnection: close\r\naccess-control-allow-origin: *\r\n\r\n";

/// Refuses a client in the protocol of its listener.
pub(crate) async fn refuse(state: &ServerState, socket: TcpStream, service: &Service) {
    let refusing = async {
        match service {
            Service::Http(None) => refuse_http(socket).await,
            Service::Xmpp(_) => send(socket, &stream_error(state)).await,
            Service::Http(Some(tls)) => {
                match server::secure(socket, Arc::clone(tls.config()), REFUSING).await {
                    Ok(io) => refuse_http(io).await,
                    Err(error) => debug!(%error, "refusing a client failed"),
                }
            }
            Service::XmppOverTls(tls) => {
                match server::secure(socket, Arc::clone(tls.config()), REFUSING).await {
                    Ok(io) => send(io, &stream_error(state)).await,
                    Err(error) => debug!(%error, "refusing a client failed"),
                }
            }
        }
    };
    if tokio::time::timeout(REFUSING, refusing).await.is_err() {
        debug!("a client does not read the refusal");
    }
}

/// Refuses a client with HTTP 503, and closes the connection.
pub(crate) async fn refuse_http(io: impl AsyncRead + AsyncWrite + Unpin) {
    send(io, UNAVAILABLE).await;
}

async fn send(mut io: impl AsyncRead + AsyncWrite + Unpin, text: &[u8]) {
    let refused = async {
        io.write_all(text).await?;
        io.shutdown().await?;
        // Closing with unread bytes would reset the connection, and the refusal would be lost.
        let mut rest = [0; 1024];
        let mut sent = (&mut io).take(DRAINED_BYTES);
        while sent.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    };
    match tokio::time::timeout(REFUSING, refused).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "refusing a client failed"),
        Err(_) => debug!("a client does not close the refused connection"),
    }
}

/// A stream header, a stream error and the closing tag (RFC 6120 §4.9.1.1).
fn stream_error(state: &ServerState) -> Vec<u8> {
    let open = state.with_core(|core, _| Open {
        from: Some(core.world().host().to_string()),
        id: Some(core.world_mut().fresh_id()),
        lang: Some("en".to_owned()),
        to: None,
        version: Some("1.0".to_owned()),
    });
    let mut text = Vec::new();
    Framing::Tcp.write_open(&open, &mut text);
    StreamError::new(StreamCondition::ResourceConstraint).write(&mut text);
    text.extend_from_slice(Framing::Tcp.server_close().as_bytes());
    text
}
