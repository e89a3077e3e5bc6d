//! How to open a connection.

use crate::proxy::Proxy;
use crate::tls::Tls;
use crate::tried::TriedAddresses;
use mfly_proto::framing::ReceiveLimits;
use std::time::Duration;

/// The largest frame that a server does well to accept from a client: 256 KiB.
pub const DEFAULT_MAX_FRAME_BYTES: usize = 256 * 1024;

/// How to open a connection.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which servers to trust.
    pub tls: Tls,
    /// How long each stage may take.
    pub timeouts: Timeouts,
    /// How much is accepted from the server. Over WebSocket only the hard limit matters here: one
    /// message is held as a whole. Over TCP a stanza above the other limits is read past.
    pub limits: ReceiveLimits,
    /// Whether `ws://`, and `xmpp://` without STARTTLS, may be used for a host that is not this
    /// machine. Passwords and messages then travel unprotected.
    pub allow_cleartext: bool,
    /// The XMPP domain that is served at an `xmpp://` or `xmpps://` address: the name that the
    /// server's certificate has to be made for (RFC 6120 §13.7.2.1), and the one that STARTTLS is
    /// asked for. An international name may have either form. The address's host by default.
    ///
    /// A WebSocket's certificate is always checked for the address's host.
    pub domain: Option<String>,
    /// Whether an `xmpp://` connection is secured.
    pub start_tls: StartTls,
    /// Whether to ask for STARTTLS without waiting for the server's features, which saves a round
    /// trip with a server that is known to offer it. What it does offer is checked afterwards.
    pub expect_start_tls: bool,
    /// What to connect through.
    pub proxy: Option<Proxy>,
    /// Which of the server's addresses earlier attempts connected to in vain: they are tried last.
    /// Shared by clones of these options. Default `None`: every attempt begins with the first.
    pub tried: Option<TriedAddresses>,
}

impl Options {
    /// The defaults, with servers verified by `tls`.
    #[must_use]
    pub fn new(tls: Tls) -> Self {
        Self {
            tls,
            timeouts: Timeouts::default(),
            limits: ReceiveLimits::default(),
            allow_cleartext: false,
            domain: None,
            start_tls: StartTls::default(),
            expect_start_tls: false,
            proxy: None,
            tried: None,
        }
    }
}

#[cfg(any(feature = "platform-roots", feature = "bundled-roots"))]
impl Default for Options {
    fn default() -> Self {
        Self::new(Tls::default())
    }
}

/// Whether an `xmpp://` connection is secured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StartTls {
    /// It is, or there is no connection.
    #[default]
    Required,
    /// It is not, even if the server offers it. Only for a server on this machine, or with
    /// [`Options::allow_cleartext`].
    Disabled,
}

/// How long each stage may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Name look-up, TCP connection, and the proxy's part. 10 s by default.
    pub dial: Duration,
    /// TLS handshake. 10 s by default.
    pub tls: Duration,
    /// WebSocket handshake, or STARTTLS negotiation. 10 s by default.
    pub handshake: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let ten = Duration::from_secs(10);
        Self { dial: ten, tls: ten, handshake: ten }
    }
}
