//! What a connection is told for which there is no room.

use crate::net::listener::Service;
use crate::shared::Shared;
use mfly_proto::framing::{Framing, Open};
use mfly_proto::stream::{StreamCondition, StreamError};
use mfly_transport::server;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tracing::debug;

/// How long telling a client may take, TLS included.
const TELLING: Duration = Duration::from_secs(5);

/// How much of what a client sent is read, so that it can read the answer.
const DRAINED_BYTES: u64 = 64 * 1024;

/// The answer over HTTP.
const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n\
    content-length: 0\r\nconnection: close\r\naccess-control-allow-origin: *\r\n\r\n";

/// Tells a client that there is no room, in what is spoken on its listener.
pub(crate) async fn refuse(shared: &Shared, socket: TcpStream, service: &Service) {
    let telling = async {
        match service {
            Service::Http(None) => busy(socket).await,
            Service::Xmpp(_) => tell(socket, &stream_error(shared)).await,
            Service::Http(Some(tls)) => {
                match server::secure(socket, Arc::clone(tls.config()), TELLING).await {
                    Ok(io) => busy(io).await,
                    Err(error) => debug!(%error, "a client does not hear that there is no room"),
                }
            }
            Service::XmppOverTls(tls) => {
                match server::secure(socket, Arc::clone(tls.config()), TELLING).await {
                    Ok(io) => tell(io, &stream_error(shared)).await,
                    Err(error) => debug!(%error, "a client does not hear that there is no room"),
                }
            }
        }
    };
    if tokio::time::timeout(TELLING, telling).await.is_err() {
        debug!("a client does not read that there is no room");
    }
}

/// Tells a client over HTTP that there is no room, and closes the connection.
pub(crate) async fn busy(io: impl AsyncRead + AsyncWrite + Unpin) {
    tell(io, UNAVAILABLE).await;
}

async fn tell(mut io: impl AsyncRead + AsyncWrite + Unpin, text: &[u8]) {
    let told = async {
        io.write_all(text).await?;
        io.shutdown().await?;
        // To close while something is unread would tear down the answer.
        let mut rest = [0; 1024];
        let mut sent = (&mut io).take(DRAINED_BYTES);
        while sent.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    };
    match tokio::time::timeout(TELLING, told).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "a client does not hear that there is no room"),
        Err(_) => debug!("a client stays although there is no room"),
    }
}

/// A stream that ends at once (RFC 6120 §4.9.1.1).
fn stream_error(shared: &Shared) -> Vec<u8> {
    let open = shared.with_core(|core, _| Open {
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
