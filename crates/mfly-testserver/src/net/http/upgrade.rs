//! WebSocket handshakes, and the connections that they make.

use super::Client;
use super::fault::apply_fault;
use super::options::methods;
use crate::handle::journal::RequestEntry;
use crate::net::admission::Place;
use crate::net::connection::{self, Protection};
use crate::net::cors;
use crate::net::pipe::Pipe;
use crate::net::reading::Share;
use crate::rest::response::HttpResponse;
use crate::signalling;
use crate::state::ServerState;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use mfly_transport::SubProtocol;
use mfly_transport::server::{self, UpgradeError};
use std::io;
use std::net::IpAddr;
use tracing::debug;

/// The protocol of a connection after HTTP.
pub(super) enum Upgrade {
    Xmpp(OnUpgrade),
    /// With the id of the polling client that moves to the WebSocket, if it is known already.
    Signalling(OnUpgrade, Option<String>),
}

impl Upgrade {
    /// Serves the upgraded connection until it ends.
    pub(super) async fn serve(
        mut self,
        state: &ServerState,
        protection: Protection,
        address: Option<IpAddr>,
        place: &Place,
        share: Share,
    ) {
        let (Self::Xmpp(upgrade) | Self::Signalling(upgrade, _)) = &mut self;
        let io = match upgrade.await {
            Ok(io) => TokioIo::new(io),
            Err(error) => return debug!(%error, "an upgrade failed"),
        };
        match self {
            Self::Xmpp(_) => {
                connection::serve(state, Pipe::websocket(io, share), protection, place).await;
            }
            Self::Signalling(_, sid) => {
                let connection = server::websocket(io, mfly_proto::signalling::MAX_BYTES);
                signalling::websocket::serve(state, connection, &share, address, sid).await;
            }
        }
    }
}

/// Answers a request for `/websocket`, the handshake that begins XMPP.
pub(super) async fn xmpp(
    client: &Client<'_>,
    mut request: Request<Incoming>,
) -> io::Result<HttpResponse> {
    let on_upgrade = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let fault = match client.state.faults.take("/websocket", || None) {
        Some(fault) => apply_fault(client.state, fault).await?,
        None => None,
    };
    let allowed = methods(parts.uri.path());
    let refused = allowed.filter(|methods| !methods.contain(&parts.method));
    let response = match (fault, refused) {
        (Some(response), _) => response.into_http(),
        (None, Some(methods)) => methods.not_allowed().into_http(),
        (None, None) => handshake(&parts, SubProtocol::Xmpp)
            .unwrap_or_else(UpgradeError::response)
            .map(|()| Full::default()),
    };
    let response = recorded(client.state, &parts, response);
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        client.set_upgrade(Upgrade::Xmpp(on_upgrade));
    }
    Ok(response)
}

/// Checks a WebSocket handshake and makes the response to it. A HEAD is never a handshake.
pub(super) fn handshake(
    parts: &Parts,
    sub_protocol: SubProtocol,
) -> Result<Response<()>, UpgradeError> {
    match parts.method {
        Method::HEAD => Err(UpgradeError::NotWebSocket),
        _ => server::upgrade_with(parts, sub_protocol),
    }
}

/// Records the response to a handshake in the journal, and lets pages read a refusal.
pub(super) fn recorded(
    state: &ServerState,
    parts: &Parts,
    mut response: HttpResponse,
) -> HttpResponse {
    let mut entry = RequestEntry::new(&parts.method, parts.uri.path());
    entry.http_status = response.status().as_u16();
    state.record_request(entry, b"", b"");
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        cors::allow(&mut response);
    }
    response
}
