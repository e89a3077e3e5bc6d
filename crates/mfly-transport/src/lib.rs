#![doc = include_str!("../README.md")]
//! ## Modules
//!
//! | module | what |
//! |---|---|
//! | [`connect`](fn@connect), [`connect_observed`], [`Options`], [`Address`] | the client side: dial, STARTTLS, TLS, WebSocket handshake |
//! | [`Connection`] | a `Stream` and a `Sink` of frames, the same type on every side and for every framing |
//! | [`Security`] | the result of the TLS handshake, and the channel bindings |
//! | [`Tls`], [`ServerTls`] | the TLS configurations of clients and servers |
//! | [`TriedAddresses`] | the addresses of failed attempts |
//! | [`Proxy`], [`dial_tcp`] | the proxy to connect through; TCP connections for other protocols |
//! | `srv` (feature `srv`) | the servers of a domain, by its SRV records |
//! | [`server`] | the server side: upgrade, STARTTLS and TLS |
//! | [`overdue`] | deadlines of a process that did not run for a while |
//! | `pair`, `pair_with` (feature `testing`) | a client's and a server's connection over a pipe in memory |
//!
//! The crate needs a tokio runtime with I/O and time enabled.

mod connect;
mod connection;
mod delegate;
mod dial;
mod error;
mod handshake_limit;
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

pub use connect::{connect, connect_observed, over_stream};
pub use connection::{Close, Connection, RoundTrips};
pub use dial::dial_tcp;
pub use error::{CertificateProblem, Fault, HandshakeProblem, Stage, TlsProblem, TransportError};
pub use mfly_proto::address::{Address, Scheme};
pub use mfly_proto::framing::Framing;
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
