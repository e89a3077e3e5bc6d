//! Requests to the signalling server: polls, and upgrades to its WebSocket.

use super::Client;
use super::body::RequestBody;
use super::options::methods;
use super::upgrade::{Upgrade, handshake};
use crate::handle::journal::log;
use crate::rest::response::HttpResponse;
use crate::signalling::polling;
use http::Request;
use http_body_util::Full;
use hyper::body::Incoming;
use mfly_transport::SubProtocol;
use mfly_transport::server::UpgradeError;

/// Answers a request to the signalling server and logs it.
pub(super) async fn respond(client: &Client<'_>, request: Request<Incoming>) -> HttpResponse {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    log::answered(&method, &path, answer(client, request).await)
}

async fn answer(client: &Client<'_>, mut request: Request<Incoming>) -> HttpResponse {
    let state = client.state;
    let on_upgrade = hyper::upgrade::on(&mut request);
    let (parts, body) = request.into_parts();
    let body = RequestBody::new(body, client.unread);
    let refused = methods(parts.uri.path()).filter(|methods| !methods.contain(&parts.method));
    if let Some(methods) = refused {
        let mut response = methods.not_allowed().into_http();
        polling::allow(&parts.headers, &mut response);
        return response;
    }
    let mut response = match polling::asked(parts.uri.query().unwrap_or_default()) {
        Err(refusal) => refusal.response(),
        Ok((transport, sid)) if transport == "websocket" => {
            let known = sid.as_deref().map(|sid| state.with_hub(|hub| hub.is_polling(sid)));
            match known {
                Some(None) => polling::Refusal::Session.response(),
                Some(Some(false)) => polling::Refusal::Request.response(),
                None | Some(Some(true)) => {
                    let answered = handshake(&parts, SubProtocol::Unnamed);
                    if answered.is_ok() {
                        client.set_upgrade(Upgrade::Signalling(on_upgrade, sid));
                    }
                    let response = answered.unwrap_or_else(UpgradeError::response);
                    return response.map(|()| Full::default());
                }
            }
        }
        Ok((_, sid)) => {
            let limit = mfly_proto::signalling::MAX_BYTES;
            match body.read(client.share, &parts.headers, limit, || {}).await {
                Ok(body) => {
                    polling::respond(state, &parts.method, client.address, sid, &body).await
                }
                Err(refused) => refused.into_http(),
            }
        }
    };
    polling::allow(&parts.headers, &mut response);
    response
}
