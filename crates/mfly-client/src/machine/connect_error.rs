//! Facts about a failed attempt to connect that decide about the next one.

use super::reason::Cause;
#[cfg(feature = "tokio")]
use mfly_transport::{CertificateProblem, TransportError};
use std::error::Error;
use std::time::Duration;

/// A failed attempt to connect, for apps that bring their own transport. As the cause of
/// [`Loss::ConnectFailed`](super::Loss::ConnectFailed), or within it, it tells the machine what
/// other causes do not.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct ConnectError {
    /// How long the server asks to wait: the HTTP header `Retry-After` (RFC 9110 §10.2.3).
    pub retry_after: Option<Duration>,
    /// Whether this side refused the server's certificate. A first connection is then not tried
    /// again.
    pub is_certificate_refused: bool,
    /// The error of the transport.
    pub source: Box<dyn Error + Send + Sync + 'static>,
}

/// The `Retry-After` of the HTTP answer that refused the connection.
pub(super) fn retry_after(cause: &Cause) -> Option<Duration> {
    find(cause, |error| {
        #[cfg(feature = "tokio")]
        if let Some(error) = error.downcast_ref::<TransportError>() {
            return Some(error.retry_after());
        }
        Some(error.downcast_ref::<ConnectError>()?.retry_after)
    })
    .flatten()
}

/// Whether this side refused the server's certificate.
pub(super) fn is_certificate_refused(cause: &Cause) -> bool {
    #[cfg(feature = "tokio")]
    if CertificateProblem::find(&**cause).is_some() {
        return true;
    }
    find(cause, |error| Some(error.downcast_ref::<ConnectError>()?.is_certificate_refused))
        .unwrap_or(false)
}

/// The first answer in the chain of causes.
fn find<T>(cause: &Cause, look: impl Fn(&(dyn Error + 'static)) -> Option<T>) -> Option<T> {
    let mut next: Option<&(dyn Error + 'static)> = Some(&**cause);
    while let Some(error) = next {
        if let Some(found) = look(error) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::Arc;

    #[test]
    fn an_error_of_another_transport_tells_what_the_machine_has_to_know() {
        let source = Box::new(io::Error::other("busy"));
        let wait = Some(Duration::from_secs(7));
        let error = ConnectError { retry_after: wait, is_certificate_refused: true, source };
        let cause: Cause = Arc::new(error);
        assert_eq!((retry_after(&cause), is_certificate_refused(&cause)), (wait, true));
        let other: Cause = Arc::new(io::Error::other("no route"));
        assert_eq!((retry_after(&other), is_certificate_refused(&other)), (None, false));
    }
}
