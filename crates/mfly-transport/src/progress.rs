//! What happens while a connection is opened, for whoever wants to watch.

use crate::security::Security;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// A step on the way to an open connection, and how long it took.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Progress {
    /// A host was looked up: the server's, or the proxy's. Reported for IP addresses as well.
    Resolved {
        /// The host.
        host: String,
        /// Its addresses in the order in which they are tried.
        addresses: Vec<SocketAddr>,
        /// How long the look-up took.
        took: Duration,
    },
    /// One of the addresses could not be reached.
    Unreachable {
        /// The address.
        peer: SocketAddr,
        /// What the system says.
        reason: String,
        /// How long the attempt took.
        took: Duration,
    },
    /// A TCP connection is there: to the server, or to the proxy.
    Dialled {
        /// The address that answered first.
        peer: SocketAddr,
        /// How long it took from the look-up on.
        took: Duration,
    },
    /// The proxy has connected to the server.
    Proxied {
        /// The proxy, without name and password.
        proxy: String,
        /// How long it took.
        took: Duration,
    },
    /// The server is ready for TLS.
    StartTlsNegotiated {
        /// How long the negotiation took.
        took: Duration,
    },
    /// The TLS handshake is done and the certificate is good.
    Secured {
        /// What was agreed on.
        security: Security,
        /// How long the handshake took.
        took: Duration,
    },
    /// The WebSocket handshake is done.
    Upgraded {
        /// The HTTP status.
        status: u16,
        /// The header `Date`: the server's clock.
        date: Option<String>,
        /// How long the handshake took.
        took: Duration,
    },
}

/// Measures the steps and reports them, if anybody listens.
pub(crate) struct Observer<'a> {
    report: Option<&'a mut (dyn FnMut(Progress) + Send)>,
    began: Instant,
}

impl<'a> Observer<'a> {
    pub(crate) fn new(report: &'a mut (dyn FnMut(Progress) + Send)) -> Self {
        Self { report: Some(report), began: Instant::now() }
    }

    /// Nobody listens.
    pub(crate) fn none() -> Self {
        Self { report: None, began: Instant::now() }
    }

    /// A step begins now.
    pub(crate) fn begin(&mut self) {
        self.began = Instant::now();
    }

    /// Something happened within the step that has begun.
    pub(crate) fn report(&mut self, progress: impl FnOnce(Duration) -> Progress) {
        if let Some(report) = &mut self.report {
            report(progress(self.began.elapsed()));
        }
    }

    /// The step is done, and the next one begins.
    pub(crate) fn done(&mut self, progress: impl FnOnce(Duration) -> Progress) {
        self.report(progress);
        self.begin();
    }
}
