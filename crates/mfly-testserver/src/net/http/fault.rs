//! Faults of one request.

use crate::handle::faults::RequestFault;
use crate::rest::response::RestResponse;
use crate::state::ServerState;
use http::HeaderValue;
use std::io;
use std::time::Duration;

/// How long a silent fault holds a request.
const SILENCE: Duration = Duration::from_secs(600);

/// Applies a fault to a request. Returns the response to send, or `None` for the usual one.
///
/// # Errors
/// When the fault closes the connection.
pub(super) async fn apply_fault(
    state: &ServerState,
    fault: RequestFault,
) -> io::Result<Option<RestResponse>> {
    Ok(Some(match fault {
        RequestFault::Delay(delay) => {
            tokio::time::sleep(delay).await;
            return Ok(None);
        }
        RequestFault::HttpStatus(status) => {
            RestResponse::http(status, status.canonical_reason().unwrap_or("Error"))
        }
        RequestFault::Refuse(status, message) => RestResponse::refused(status, message),
        RequestFault::ExpiredToken => RestResponse::token_expired(),
        RequestFault::Garbage(text) => {
            let json = HeaderValue::from_static("application/json; charset=utf-8");
            RestResponse::content(json, text.into())
        }
        RequestFault::Silence => {
            let _ = tokio::time::timeout(SILENCE, state.stopped()).await;
            return Err(io::ErrorKind::TimedOut.into());
        }
        RequestFault::Cut => return Err(io::ErrorKind::ConnectionAborted.into()),
    }))
}
