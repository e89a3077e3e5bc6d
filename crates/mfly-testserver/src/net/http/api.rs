//! Requests to the REST API.

use super::Client;
use super::body::RequestBody;
use super::fault::apply_fault;
use crate::handle::journal::RequestEntry;
use crate::net::cors;
use crate::net::forwarded::Reached;
use crate::rest::caller::Caller;
use crate::rest::request::{RestCall, form};
use crate::rest::response::{HttpResponse, RestResponse};
use crate::rest::router::{self, ApiPath};
use crate::state::ServerState;
use bytes::Bytes;
use http::Request;
use http::request::Parts;
use hyper::body::Incoming;
use mfly_proto::jid::UserId;
use serde::Deserialize;
use std::io;

/// Answers a REST request and records it in the journal.
pub(super) async fn respond(
    client: &Client<'_>,
    request: Request<Incoming>,
    reached: &Reached,
) -> io::Result<HttpResponse> {
    let (parts, body) = request.into_parts();
    let body = RequestBody::new(body, client.unread);
    let mut entry = RequestEntry::new(&parts.method, ApiPath::new(parts.uri.path()).name());
    parts.uri.query().unwrap_or_default().clone_into(&mut entry.query);
    let mut sent = Bytes::new();
    let (response, caller) = match answer(client, &parts, body, reached, &mut sent).await {
        Ok(Ok((response, caller))) => (response, caller),
        Ok(Err(refused)) => (refused, None),
        Err(cut) => {
            client.state.record_request(entry, &sent, b"");
            return Err(cut);
        }
    };
    if caller.is_some() {
        client.place.logged_in();
    }
    entry.user = caller.map(|caller| caller.user.as_str().to_owned());
    entry.http_status = response.http_status.as_u16();
    entry.status = response.status;
    client.state.record_request(entry, &sent, &response.body);
    let mut response = response.into_http();
    cors::allow(&mut response);
    Ok(response)
}

/// The handler's response and its caller, or a refusal. `sent` gets the request's body.
///
/// # Errors
/// When a fault closes the connection.
async fn answer(
    client: &Client<'_>,
    parts: &Parts,
    body: RequestBody<'_>,
    reached: &Reached,
    sent: &mut Bytes,
) -> io::Result<Result<(RestResponse, Option<Caller>), RestResponse>> {
    let state = client.state;
    let path = ApiPath::new(parts.uri.path());
    let target = match router::find(&parts.method, path) {
        Ok(target) => target,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Err(refused) = target.admit(state, &parts.headers) {
        return Ok(Err(refused));
    }
    // The bytes of a file are counted until it is stored.
    let receiving = state.with_media(|store| store.receiving().share());
    let read = if target.takes_file() {
        client.share.complete(0);
        let make_room = || state.with_media(|store| store.make_room());
        body.read(&receiving, &parts.headers, target.body_limit(), make_room).await
    } else {
        body.read(client.share, &parts.headers, target.body_limit(), || {}).await
    };
    *sent = match read {
        Ok(body) => body,
        Err(refused) => return Ok(Err(refused)),
    };
    let user = || sender(state, parts, sent);
    if let Some(fault) = state.faults.take(path.name(), user)
        && let Some(response) = apply_fault(state, fault).await?
    {
        return Ok(Err(response));
    }
    let Some(form) = form::read(&parts.headers, sent).await else {
        return Ok(Err(RestResponse::invalid("Invalid request")));
    };
    Ok(Ok(target.respond(&RestCall {
        state,
        reached,
        argument: target.argument,
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: sent,
        form: &form,
    })))
}

/// The user of a request: of its token, or the name that logs in.
fn sender(state: &ServerState, parts: &Parts, body: &[u8]) -> Option<UserId> {
    #[derive(Deserialize)]
    struct Login {
        username: String,
    }
    let of_token = Caller::of_request(state, &parts.headers).map(|caller| caller.user);
    let of_login = || {
        let login: Login = serde_json::from_slice(body).ok()?;
        UserId::new(&login.username).ok()
    };
    of_token.or_else(of_login)
}
