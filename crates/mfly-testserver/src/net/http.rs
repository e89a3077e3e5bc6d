//! HTTP/1.1: reads requests within limits, applies faults, and upgrades connections to WebSocket.

mod api;
mod body;
mod fault;
mod io;
mod options;
mod signalling;
mod upgrade;

use crate::lock::lock;
use crate::net::admission::Place;
use crate::net::connection::Protection;
use crate::net::forwarded::Reached;
use crate::net::host::{self, HostError};
use crate::net::no_room::refuse_http;
use crate::net::reading::Share;
use crate::rest::response::HttpResponse;
use crate::signalling::is_path;
use crate::state::ServerState;
use http::{HeaderValue, Method, Request, StatusCode, header};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use io::{HttpIo, Unread};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::debug;
use upgrade::Upgrade;

/// How long a connection is kept for further requests.
const LIFETIME: Duration = Duration::from_secs(3600);

/// How long the last response of a connection may take, delayed ones included. Without a limit, a
/// client that does not read its response would keep the connection and the file in it for ever.
const LAST_RESPONSE: Duration = Duration::from_secs(900);

/// How long a connection may take to close after the server refused or evicted it.
const REFUSING: Duration = Duration::from_secs(5);

/// Largest head of a request, in bytes.
const HEAD_BYTES: usize = 64 * 1024;

/// Serves one connection: HTTP requests, then the protocol that one of them upgrades it to.
///
/// The connection gives its `place` back after the first request with a valid token.
pub(crate) async fn serve<T>(
    state: Arc<ServerState>,
    io: T,
    protection: Protection,
    address: Option<IpAddr>,
    place: Place,
) where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let share = state.reading.share();
    let unread = Unread::default();
    let mut io = HttpIo::new(io, share.clone(), unread.clone());
    let deadline = state.admission.limits.deadline;
    tokio::select! {
        begun = tokio::time::timeout(deadline, io.begin()) => match begun {
            Ok(Ok(true)) => {}
            Ok(Ok(false) | Err(_)) => return,
            Err(_) => return refuse_http(io).await,
        },
        () = place.evicted() => return refuse_http(io).await,
        () = state.stopped() => return,
    }
    let client = Client {
        state: &state,
        is_secure: matches!(protection, Protection::Tls(_)),
        address,
        place: &place,
        share: &share,
        unread: &unread,
        upgrade: Mutex::new(None),
    };
    let service = service_fn(|request| client.respond(request));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(deadline)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let limit = tokio::select! {
        served = connection.as_mut() => Err(served),
        () = retired(&state) => Ok(LAST_RESPONSE),
        () = share.refused() => Ok(REFUSING),
        () = place.evicted() => Ok(REFUSING),
    };
    let served = match limit {
        Err(served) => Ok(served),
        Ok(limit) => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(limit, connection).await
        }
    };
    match served {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "an HTTP connection failed"),
        Err(_) => debug!("an HTTP connection did not close in time and is dropped"),
    }
    unread.ignore();
    let upgrade = lock(&client.upgrade).take();
    if let Some(upgrade) = upgrade {
        upgrade.serve(&state, protection, address, &place, share.clone()).await;
    }
}

/// Resolves when a connection accepts no further requests: its lifetime is over, or the server
/// stops.
async fn retired(state: &ServerState) {
    let _ = tokio::time::timeout(LIFETIME, state.stopped()).await;
}

/// The connection that a request came on.
struct Client<'a> {
    state: &'a ServerState,
    is_secure: bool,
    address: Option<IpAddr>,
    place: &'a Place,
    /// Counts the bytes of a request that is not complete.
    share: &'a Share,
    /// Whether a part of a request will not be read.
    unread: &'a Unread,
    /// Set by the request that upgrades the connection.
    upgrade: Mutex<Option<Upgrade>>,
}

impl Client<'_> {
    /// Answers one request. An error closes the connection without a response; a response that does
    /// not need the whole request closes it, too.
    async fn respond(&self, request: Request<Incoming>) -> std::io::Result<HttpResponse> {
        if request.body().is_end_stream() {
            self.unread.clear();
        }
        self.place.begin();
        let answered = self.route(request).await;
        self.place.end();
        let mut response = answered?;
        let is_last = self.unread.is_some() || self.share.is_refused();
        if is_last && response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        self.share.complete(0);
        Ok(body::counted(self.state, response))
    }

    /// How the client reached the server, by the request and by the headers of a trusted proxy.
    fn reached(&self, request: &Request<Incoming>) -> Result<Reached, HostError> {
        let host = host::of(request.version(), request.uri(), request.headers())?;
        let direct = Reached { is_secure: self.is_secure, host };
        match self.state.addresses.trusts_forwarded {
            true => direct.forwarded(request.headers()),
            false => Ok(direct),
        }
    }

    /// Passes a request on by its method and path.
    async fn route(&self, request: Request<Incoming>) -> std::io::Result<HttpResponse> {
        let reached = match self.reached(&request) {
            Ok(reached) => reached,
            Err(error) => {
                let (parts, _) = request.into_parts();
                return Ok(upgrade::recorded(self.state, &parts, error.response().into_http()));
            }
        };
        match request.uri().path() {
            _ if request.method() == Method::OPTIONS => Ok(options::options(&request)),
            "/websocket" => upgrade::xmpp(self, request).await,
            path if is_path(path) => Ok(signalling::respond(self, request).await),
            _ => api::respond(self, request, &reached).await,
        }
    }

    /// Upgrades the connection once HTTP has ended on it.
    fn set_upgrade(&self, upgrade: Upgrade) {
        *lock(&self.upgrade) = Some(upgrade);
    }
}

#[cfg(test)]
pub(crate) mod tests;
