//! Signalling over HTTP long-polling, the transport that clients begin with.

use super::hub::Poll;
use super::{Origin, close, open, received};
use crate::rest::response::HttpResponse;
use crate::state::ServerState;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use mfly_proto::signalling::engine_io::{Packet, decode_payload, encode_payload};
use serde_json::json;
use std::net::IpAddr;

/// Errors of the official server, with its numbers and messages.
pub(crate) enum Refusal {
    Transport = 0,
    Session = 1,
    Method = 2,
    Request = 3,
}

impl Refusal {
    pub(crate) fn response(self) -> HttpResponse {
        let message = match self {
            Self::Transport => "Transport unknown",
            Self::Session => "Session ID unknown",
            Self::Method => "Bad handshake method",
            Self::Request => "Bad request",
        };
        let body = json!({"code": self as u8, "message": message}).to_string();
        reply(StatusCode::BAD_REQUEST, "application/json", body)
    }
}

/// Reads the query: the transport, and the client's id if it has one.
pub(crate) fn asked(query: &str) -> Result<(String, Option<String>), Refusal> {
    let first = |name| mfly_api::query::first(query, name);
    let transport = first("transport").unwrap_or_default();
    let is_known = matches!(transport.as_str(), "polling" | "websocket");
    // JSONP (`j`) is not supported: browsers have CORS.
    if !is_known || first("j").is_some() {
        return Err(Refusal::Transport);
    }
    if first("EIO").as_deref() != Some("3") {
        return Err(Refusal::Request);
    }
    Ok((transport, first("sid").filter(|sid| !sid.is_empty())))
}

/// Answers a GET, which polls, or a POST, which sends packets.
pub(crate) async fn respond(
    state: &ServerState,
    method: &Method,
    address: Option<IpAddr>,
    sid: Option<String>,
    body: &Bytes,
) -> HttpResponse {
    let Some(sid) = sid else {
        // A HEAD opens no client, and takes no packets.
        if method == Method::HEAD {
            return payload(&[]);
        }
        if method != Method::GET {
            return Refusal::Method.response();
        }
        let origin = Origin { address, is_websocket: false };
        return match open(state, origin) {
            Some(sid) => poll(state, &sid).await,
            None => reply(StatusCode::SERVICE_UNAVAILABLE, "text/plain", String::new()),
        };
    };
    match state.with_hub(|hub| hub.is_polling(&sid)) {
        None => return Refusal::Session.response(),
        Some(false) => return Refusal::Request.response(),
        Some(true) => {}
    }
    match *method {
        Method::GET => poll(state, &sid).await,
        Method::HEAD => payload(&[]),
        Method::POST => post(state, &sid, body),
        _ => Refusal::Request.response(),
    }
}

async fn poll(state: &ServerState, sid: &str) -> HttpResponse {
    match state.with_hub(|hub| hub.begin_poll(sid)) {
        None => return Refusal::Session.response(),
        Some(false) => {
            // Two polls at a time could lose packets.
            close(state, sid);
            return Refusal::Request.response();
        }
        Some(true) => {}
    }
    let _polling = Polling { state, sid };
    loop {
        let wake = match state.with_hub(|hub| hub.poll(sid)) {
            Poll::Ready(packets) => {
                let packets: Vec<_> = packets.into_iter().map(|(packet, _)| packet).collect();
                return payload(&packets);
            }
            Poll::Gone => return payload(&[Packet::Close]),
            Poll::Wait(wake) => wake,
        };
        tokio::select! {
            () = wake.notified() => {}
            () = state.stopped() => return payload(&[Packet::Close]),
        }
    }
}

/// A poll that is being answered. Dropping it ends the poll, even if the client gives it up.
struct Polling<'a> {
    state: &'a ServerState,
    sid: &'a str,
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.state.with_hub(|hub| hub.end_poll(self.sid));
    }
}

fn post(state: &ServerState, sid: &str, body: &Bytes) -> HttpResponse {
    let packets = std::str::from_utf8(body).ok().and_then(|text| decode_payload(text).ok());
    let Some(packets) = packets else {
        close(state, sid);
        return Refusal::Request.response();
    };
    for packet in packets {
        if !received(state, sid, packet) {
            close(state, sid);
            break;
        }
    }
    reply(StatusCode::OK, "text/html", "ok".to_owned())
}

fn payload(packets: &[Packet]) -> HttpResponse {
    let body = encode_payload(packets);
    reply(StatusCode::OK, "text/plain; charset=UTF-8", body)
}

fn reply(status: StatusCode, content_type: &'static str, body: String) -> HttpResponse {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Adds the headers that a browser requires. The client sends its requests with credentials, so the
/// response must name the origin.
pub(crate) fn allow(request: &HeaderMap, response: &mut HttpResponse) {
    let headers = response.headers_mut();
    match request.get(header::ORIGIN) {
        Some(origin) => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers
                .insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        }
        None => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
    }
}
