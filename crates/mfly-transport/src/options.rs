//! The options for opening a connection.

use crate::proxy::Proxy;
use crate::tls::Tls;
use crate::tried::TriedAddresses;
use crate::upgrade::SubProtocol;
use mfly_proto::framing::ReceiveLimits;
use std::time::Duration;

/// The recommended limit of a server for the frames of a client: 256 KiB.
pub const DEFAULT_MAX_FRAME_BYTES: usize = 256 * 1024;

/// The options for opening a connection.
#[derive(Clone, Debug)]
pub struct Options {
    /// The TLS configuration, which decides which servers are trusted.
    pub tls: Tls,
    /// The time limit of each stage.
    pub timeouts: Timeouts,
    /// The limits on received stanzas. Over WebSocket, which delivers whole messages, only the hard
    /// limit applies. Over TCP a stanza above the other limits is skipped.
    pub limits: ReceiveLimits,
    /// Whether `ws://`, and `xmpp://` without STARTTLS, may be used for another machine. Passwords
    /// and messages can then be read on the network.
    pub allow_cleartext: bool,
    /// The XMPP domain of an `xmpp://` or `xmpps://` address, by default the host of the address.
    /// The server's certificate must be for this name (RFC 6120 §13.7.2.1), and STARTTLS is
    /// requested for it. An international name may be in Unicode or in ASCII.
    ///
    /// The certificate of a WebSocket server must be for the host of the address.
    pub domain: Option<String>,
    /// Whether an `xmpp://` connection is secured by STARTTLS.
    pub start_tls: StartTls,
    /// Whether to request STARTTLS before the server has sent its features. This saves a round trip
    /// with a server that is known to offer it. The offer is checked afterwards.
    pub expect_start_tls: bool,
    /// The proxy to connect through.
    pub proxy: Option<Proxy>,
    /// The addresses of earlier attempts, which are tried last. Clones of the options share them.
    /// With `None`, the default, every attempt begins with the first address.
    pub tried: Option<TriedAddresses>,
    /// The WebSocket sub-protocol. It has no effect over TCP.
    pub sub_protocol: SubProtocol,
}

impl Options {
    /// The default options with this TLS configuration.
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
            sub_protocol: SubProtocol::default(),
        }
    }
}

#[cfg(any(feature = "platform-roots", feature = "bundled-roots"))]
impl Default for Options {
    fn default() -> Self {
        Self::new(Tls::default())
    }
}

/// Whether an `xmpp://` connection is secured by STARTTLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StartTls {
    /// The connection is secured, or not opened.
    #[default]
    Required,
    /// The connection stays in clear text. This needs a server on this machine, or
    /// [`Options::allow_cleartext`].
    Disabled,
}

/// The time limit of each stage of connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// The limit of name look-up, TCP connection and proxy; 10 s by default.
    pub dial: Duration,
    /// The limit of the TLS handshake; 10 s by default.
    pub tls: Duration,
    /// The limit of the WebSocket handshake or the STARTTLS negotiation; 10 s by default.
    pub handshake: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let ten = Duration::from_secs(10);
        Self { dial: ten, tls: ten, handshake: ten }
    }
}
