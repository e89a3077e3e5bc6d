//! The body of a request, within its limits.

use crate::answer::Answer;
use crate::lingering::Unread;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::time::Duration;

/// How long a body may take.
const BODY: Duration = Duration::from_secs(60);

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

    /// The whole body, or the answer that says why not.
    pub(super) async fn read(self, headers: &HeaderMap, limit: usize) -> Result<Bytes, Answer> {
        let too_large = || Answer::http(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok())
            .and_then(|length| length.parse::<usize>().ok());
        if announced.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        match tokio::time::timeout(BODY, Limited::new(self.body, limit).collect()).await {
            Ok(Ok(body)) => {
                self.unread.clear();
                Ok(body.to_bytes())
            }
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
            Ok(Err(_)) => Err(Answer::http(StatusCode::BAD_REQUEST, "Bad Request")),
            Err(_) => Err(Answer::http(StatusCode::REQUEST_TIMEOUT, "Request Timeout")),
        }
    }
}
