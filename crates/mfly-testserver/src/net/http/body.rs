//! Reads the bodies of requests within limits, and counts those of responses until they are sent.

use super::io::Unread;
use crate::net::cors;
use crate::net::reading::Share;
use crate::rest::response::{HttpResponse, RestResponse};
use crate::state::ServerState;
use bytes::{Buf as _, Bytes};
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use std::time::Duration;

/// How long the client may take to send a body.
const BODY: Duration = Duration::from_secs(60);

/// Room reserved for a body before its first bytes arrive, in bytes.
const RESERVED: usize = 16 * 1024;

/// The body of a request.
pub(super) struct RequestBody<'a> {
    body: Incoming,
    /// Cleared once the whole body was read.
    unread: &'a Unread,
}

impl<'a> RequestBody<'a> {
    pub(super) const fn new(body: Incoming, unread: &'a Unread) -> Self {
        Self { body, unread }
    }

    /// Reads the whole body. Its bytes are counted in `share`, and `make_room` is called after
    /// each piece.
    ///
    /// # Errors
    /// The response to a body that is too large, too slow, broken, or for which there is no room.
    pub(super) async fn read(
        self,
        share: &Share,
        headers: &HeaderMap,
        limit: usize,
        make_room: impl Fn(),
    ) -> Result<Bytes, RestResponse> {
        let whole = collect(share, headers, self.body, limit, make_room).await?;
        self.unread.clear();
        Ok(whole)
    }
}

async fn collect(
    share: &Share,
    headers: &HeaderMap,
    mut body: Incoming,
    limit: usize,
    make_room: impl Fn(),
) -> Result<Bytes, RestResponse> {
    let too_large =
        || RestResponse::http(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    // One buffer for all pieces: many small ones would take many times the memory.
    let mut whole = Vec::with_capacity(announced.unwrap_or(RESERVED).min(RESERVED));
    let collecting = async {
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|_| RestResponse::http(StatusCode::BAD_REQUEST, "Bad Request"))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if whole.len() + data.remaining() > limit {
                return Err(too_large());
            }
            whole.extend_from_slice(&data);
            share.set(whole.capacity());
            make_room();
        }
        // The buffer must not be larger than the body.
        whole.shrink_to_fit();
        share.set(whole.capacity());
        Ok(Bytes::from(std::mem::take(&mut whole)))
    };
    tokio::select! {
        biased;
        () = share.refused() => Err(RestResponse::unavailable()),
        collected = tokio::time::timeout(BODY, collecting) => match collected {
            Ok(collected) => collected,
            Err(_) => Err(RestResponse::http(StatusCode::REQUEST_TIMEOUT, "Request Timeout")),
        }
    }
}

/// Counts the body of a response until it is sent. Returns HTTP 503 instead when too many bytes
/// wait to be sent.
pub(super) fn counted(state: &ServerState, response: HttpResponse) -> HttpResponse {
    // Stored files are counted where they are stored.
    if response.headers().contains_key(header::ACCEPT_RANGES) {
        return response;
    }
    let bytes = response.body().size_hint().lower();
    match state.answers.take(usize::try_from(bytes).unwrap_or(usize::MAX)) {
        Some(held) => {
            response.map(|body| Full::new(held.tie(body.into_inner().unwrap_or_default())))
        }
        None => {
            let mut refusal = RestResponse::unavailable().into_http();
            cors::allow(&mut refusal);
            refusal
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::reading::Reading;
    use http::Response;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use std::sync::Mutex;
    use tokio::io::AsyncWriteExt as _;

    /// Sends a body behind a head of some `filler` bytes, and returns it as it was read.
    async fn received(filler: usize, body: &str) -> Bytes {
        let (mut client, server) = tokio::io::duplex(1024 * 1024);
        let (share, unread) = (Reading::new(1024 * 1024).share(), Unread::default());
        let received = Mutex::new(Bytes::new());
        let service = service_fn(async |request: hyper::Request<Incoming>| {
            let (parts, body) = request.into_parts();
            let body = RequestBody::new(body, &unread);
            *received.lock().unwrap() =
                body.read(&share, &parts.headers, 1024, || {}).await.unwrap();
            Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let request = format!(
            "PUT / HTTP/1.1\r\nX: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            "x".repeat(filler),
            body.len(),
        );
        client.write_all(request.as_bytes()).await.unwrap();
        let connection = hyper::server::conn::http1::Builder::new();
        let connection = connection.serve_connection(TokioIo::new(server), service);
        connection.await.unwrap();
        received.into_inner().unwrap()
    }

    #[tokio::test]
    async fn a_body_has_a_buffer_of_its_own_with_no_room_behind_it() {
        for (filler, body) in [(30_000, "x"), (0, "some text")] {
            let received = received(filler, body).await;
            // A slice of something larger could not be taken over.
            let own = received.try_into_mut().unwrap();
            assert_eq!((&own[..], own.capacity()), (body.as_bytes(), body.len()));
        }
    }
}
