//! The steps of opening a connection, reported to an observer.

use crate::security::Security;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// A step of opening a connection, and how long it took.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Progress {
    /// The host of the server or the proxy was resolved. An IP address is reported as well.
    Resolved {
        /// The host that was resolved.
        host: String,
        /// The addresses, in the order in which they are tried.
        addresses: Vec<SocketAddr>,
        /// How long the look-up took.
        took: Duration,
    },
    /// An address could not be reached.
    Unreachable {
        /// The address of the attempt.
        peer: SocketAddr,
        /// The error of the system.
        reason: String,
        /// How long the attempt took.
        took: Duration,
    },
    /// The TCP connection to the server or the proxy is open.
    Dialled {
        /// The address of the peer.
        peer: SocketAddr,
        /// The time since the host was resolved.
        took: Duration,
    },
    /// The proxy has connected to the server.
    Proxied {
        /// The proxy, without name and password.
        proxy: String,
        /// How long the proxy took.
        took: Duration,
    },
    /// The server is ready for TLS.
    StartTlsNegotiated {
        /// How long the negotiation took.
        took: Duration,
    },
    /// The TLS handshake is done and the certificate was accepted.
    Secured {
        /// The result of the handshake.
        security: Security,
        /// How long the handshake took.
        took: Duration,
    },
    /// The WebSocket handshake is done.
    Upgraded {
        /// The HTTP status of the response.
        status: u16,
        /// The header `Date`, which tells the server's clock.
        date: Option<String>,
        /// How long the handshake took.
        took: Duration,
    },
}

/// Measures the steps, and reports them if there is a callback.
pub(crate) struct Observer<'a> {
    report: Option<&'a mut (dyn FnMut(Progress) + Send)>,
    began: Instant,
}

impl<'a> Observer<'a> {
    pub(crate) fn new(report: &'a mut (dyn FnMut(Progress) + Send)) -> Self {
        Self { report: Some(report), began: Instant::now() }
    }

    /// An observer without callback.
    pub(crate) fn none() -> Self {
        Self { report: None, began: Instant::now() }
    }

    /// Begins a step.
    pub(crate) fn begin(&mut self) {
        self.began = Instant::now();
    }

    /// Reports an event within the current step.
    pub(crate) fn report(&mut self, progress: impl FnOnce(Duration) -> Progress) {
        if let Some(report) = &mut self.report {
            report(progress(self.began.elapsed()));
        }
    }

    /// Reports the end of the current step, and begins the next one.
    pub(crate) fn done(&mut self, progress: impl FnOnce(Duration) -> Progress) {
        self.report(progress);
        self.begin();
    }
}
