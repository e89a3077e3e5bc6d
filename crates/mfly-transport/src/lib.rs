//! XMPP frames over WebSocket, TCP and TLS, for clients and servers.
//!
//! A frame is one complete piece of text; what it means is not this crate's business.
//!
//! | module | what |
//! |---|---|
//! | [`connect`](fn@connect), [`connect_with`], [`connect_observed`], [`Options`], [`Address`] | the client side: dial, STARTTLS, TLS, WebSocket handshake |
//! | [`Connection`] | a `Stream` and a `Sink` of frames, the same type on every side and for every framing |
//! | [`Security`] | what TLS agreed on, and the channel bindings |
//! | [`Tls`], [`ServerTls`] | which servers to trust, shared with other HTTP clients; the server's half |
//! | [`TriedAddresses`] | which of a server's addresses were tried in vain |
//! | [`Proxy`], [`dial_tcp`] | what to connect through; the dialler for other protocols |
//! | `srv` (feature `srv`) | the servers of a domain, by their SRV records |
//! | [`server`] | the server side: answer an upgrade or STARTTLS, take over the connection |
//! | [`overdue`] | deadlines of a process that did not run for a while |
//! | `pair`, `pair_with` (feature `testing`) | two connections joined in memory |
//!
//! Everything here needs a tokio runtime with I/O and time enabled.

mod address;
mod connect;
mod connection;
mod delegate;
mod dial;
mod error;
mod handshake_limit;
mod host;
mod linger;
mod options;
pub mod overdue;
#[cfg(feature = "testing")]
mod pair;
mod progress;
mod proxy;
mod reach;
mod security;
pub mod server;
#[cfg(feature = "srv")]
pub mod srv;
mod start_tls;
mod tls;
mod tried;
mod upgrade;

pub use address::{Address, Scheme};
pub use connect::{connect, connect_observed, connect_with, over_stream};
pub use connection::{Close, Connection, RoundTrips};
pub use dial::dial_tcp;
pub use error::{CertificateProblem, Fault, HandshakeProblem, Stage, TlsProblem, TransportError};
pub use options::{DEFAULT_MAX_FRAME_BYTES, Options, StartTls, Timeouts};
#[cfg(feature = "testing")]
pub use pair::{pair, pair_with};
pub use progress::Progress;
pub use proxy::{Proxy, ProxyError, ProxyKind};
pub use reach::reach_observed;
pub use security::{CertificateSummary, Security, TlsVersion};
pub use start_tls::StartTlsError;
pub use tls::{CapturedChain, ServerTls, Tls, server_config};
pub use tried::TriedAddresses;
pub use upgrade::SubProtocol;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
