//! The transport crate's dialler, as hyper asks for it.

use ::http::Uri;
use ::http::uri::Scheme;
use hyper_util::rt::TokioIo;
use mfly_transport::{Proxy, TransportError, dial_tcp};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tower_service::Service;

/// Opens the TCP connections.
#[derive(Clone)]
pub(super) struct Dial {
    pub(super) proxy: Option<Proxy>,
    /// How long it may take.
    pub(super) limit: Duration,
}

impl Service<Uri> for Dial {
    type Response = TokioIo<TcpStream>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { proxy, limit } = self.clone();
        Box::pin(async move {
            let usual = if uri.scheme() == Some(&Scheme::HTTP) {
                80
            } else {
                443
            };
            let port = uri.port_u16().unwrap_or(usual);
            let host = uri.host().unwrap_or_default();
            let socket = dial_tcp(host, port, proxy.as_ref(), limit).await?;
            Ok(TokioIo::new(socket))
        })
    }
}
