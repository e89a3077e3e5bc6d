//! What a request suffers instead of, or before, its answer.

use crate::handle::faults::RequestFault;
use crate::rest::response::Answer;
use crate::shared::Shared;
use http::HeaderValue;
use std::io;
use std::time::Duration;

/// How long a request of a silent fault is held.
const SILENCE: Duration = Duration::from_secs(600);

/// Lets a request suffer a fault; `None` when it is then answered as usual.
pub(super) async fn suffer(shared: &Shared, fault: RequestFault) -> io::Result<Option<Answer>> {
    Ok(Some(match fault {
        RequestFault::Delay(delay) => {
            tokio::time::sleep(delay).await;
            return Ok(None);
        }
        RequestFault::HttpStatus(status) => {
            Answer::http(status, status.canonical_reason().unwrap_or("Error"))
        }
        RequestFault::Refuse(status, message) => Answer::refused(status, message),
        RequestFault::ExpiredToken => Answer::token_expired(),
        RequestFault::Garbage(text) => {
            let json = HeaderValue::from_static("application/json; charset=utf-8");
            Answer::content(json, text.into())
        }
        RequestFault::Silence => {
            let _ = tokio::time::timeout(SILENCE, shared.stopped()).await;
            return Err(io::ErrorKind::TimedOut.into());
        }
        RequestFault::Cut => return Err(io::ErrorKind::ConnectionAborted.into()),
    }))
}
