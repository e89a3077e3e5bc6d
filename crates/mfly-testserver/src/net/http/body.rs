//! Bodies of requests, read within limits, and those of answers, counted until they are sent.

use crate::net::cors;
use crate::net::lingering::Unread;
use crate::net::reading::Share;
use crate::rest::response::Answer;
use crate::shared::Shared;
use bytes::{Buf as _, Bytes};
use http::{HeaderMap, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use std::time::Duration;

/// How long a body may take.
const BODY: Duration = Duration::from_secs(60);

/// What is reserved for a body before any of it has come, in bytes.
const RESERVED: usize = 16 * 1024;

/// The body of a request.
pub(super) struct RequestBody<'a> {
    body: Incoming,
    /// Is told when all of it was read.
    unread: &'a Unread,
}

impl<'a> RequestBody<'a> {
    pub(super) const fn new(body: Incoming, unread: &'a Unread) -> Self {
        Self { body, unread }
    }

    /// The whole body, or the answer that says why not. What it takes is counted in `share`.
    pub(super) async fn read(
        self,
        share: &Share,
        headers: &HeaderMap,
        limit: usize,
    ) -> Result<Bytes, Answer> {
        let whole = collect(share, headers, self.body, limit, || {}).await?;
        self.unread.clear();
        Ok(whole)
    }

    /// Like [`RequestBody::read`], for a file: stored ones make room for it.
    pub(super) async fn read_file(
        self,
        shared: &Shared,
        share: &Share,
        headers: &HeaderMap,
        limit: usize,
    ) -> Result<Bytes, Answer> {
        let make_room = || shared.with_media(|store| store.make_room());
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
) -> Result<Bytes, Answer> {
    let too_large = || Answer::http(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    // One buffer, whatever pieces it comes in: many small ones would take many times the room.
    let mut whole = Vec::with_capacity(announced.unwrap_or(RESERVED).min(RESERVED));
    let collecting = async {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Answer::http(StatusCode::BAD_REQUEST, "Bad Request"))?;
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
        // No room is kept behind what arrived.
        whole.shrink_to_fit();
        share.set(whole.capacity());
        Ok(Bytes::from(std::mem::take(&mut whole)))
    };
    tokio::select! {
        biased;
        () = share.refused() => Err(Answer::unavailable()),
        collected = tokio::time::timeout(BODY, collecting) => match collected {
            Ok(collected) => collected,
            Err(_) => Err(Answer::http(StatusCode::REQUEST_TIMEOUT, "Request Timeout")),
        }
    }
}

/// The answer, which is counted until its body is sent; another one when there are too many.
pub(super) fn counted(shared: &Shared, answer: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    // Stored files are counted where they are stored.
    if answer.headers().contains_key(header::ACCEPT_RANGES) {
        return answer;
    }
    let bytes = answer.body().size_hint().lower();
    match shared.answers.take(usize::try_from(bytes).unwrap_or(usize::MAX)) {
        Some(held) => answer.map(|body| Full::new(held.tie(body.into_inner().unwrap_or_default()))),
        None => {
            let mut refusal = Answer::unavailable().into_response();
            cors::allow(&mut refusal);
            refusal
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::reading::Reading;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use std::sync::Mutex;
    use tokio::io::AsyncWriteExt as _;

    /// The body of a request behind a head with `filler` in it.
    async fn received(filler: usize, body: &str) -> Bytes {
        let (mut client, server) = tokio::io::duplex(1024 * 1024);
        let (share, unread) = (Reading::new(1024 * 1024).share(), Unread::default());
        let received = Mutex::new(Bytes::new());
        let service = service_fn(async |request: hyper::Request<Incoming>| {
            let (parts, body) = request.into_parts();
            let body = RequestBody::new(body, &unread);
            *received.lock().unwrap() = body.read(&share, &parts.headers, 1024).await.unwrap();
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
