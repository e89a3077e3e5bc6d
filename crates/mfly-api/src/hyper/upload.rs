//! The body of a request, which reports how much was sent.

use crate::http::Progress;
use ::http::Request;
use ::hyper::body::{Body, Frame, SizeHint};
use bytes::Bytes;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The size of the pieces in which a body is sent and reported, in bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// A body that is sent in pieces, each of which is reported.
pub(super) struct Upload {
    rest: Bytes,
    total: u64,
    progress: Option<Progress>,
}

impl Upload {
    /// Converts a request. Its body reports to the [`Progress`] among the extensions.
    pub(super) fn of(mut request: Request<Bytes>) -> Request<Self> {
        let progress = request.extensions_mut().remove::<Progress>();
        request.map(|rest| Self { total: rest.len() as u64, rest, progress })
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(length);
        if let Some(progress) = &self.progress {
            progress.report(self.total - self.rest.len() as u64, self.total);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
