//! How long each step of reaching a server may take.

use std::time::Duration;

/// Deadlines of connecting and of REST requests. Requests over XMPP have their own:
/// [`ConnectRequest::request_timeout`](crate::ConnectRequest::request_timeout).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Name look-up, TCP connection, and the proxy's part. 10 s by default.
    pub dial: Duration,
    /// TLS handshake of the XMPP connection. 10 s by default.
    pub tls: Duration,
    /// WebSocket handshake, or STARTTLS negotiation. 10 s by default.
    pub handshake: Duration,
    /// A whole REST request; files have their own, longer one. 30 s by default.
    pub rest: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let ten = Duration::from_secs(10);
        Self { dial: ten, tls: ten, handshake: ten, rest: Duration::from_secs(30) }
    }
}

impl Timeouts {
    pub(crate) fn transport(self) -> mfly_transport::Timeouts {
        mfly_transport::Timeouts { dial: self.dial, tls: self.tls, handshake: self.handshake }
    }

    pub(crate) fn http(self) -> mfly_api::hyper::Timeouts {
        let mut timeouts = mfly_api::hyper::Timeouts::default();
        timeouts.connect = self.dial;
        timeouts.total = self.rest;
        timeouts
    }
}
