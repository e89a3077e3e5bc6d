//! XMPP frames over WebSocket and TLS, for clients and servers.
//!
//! A frame is one complete piece of text; what it means is not this crate's business.
//!
//! | module | what |
//! |---|---|
//! | [`connect`](fn@connect), [`connect_with`], [`Options`], [`Address`] | the client side: dial, TLS, WebSocket handshake |
//! | [`Connection`] | a `Stream` and a `Sink` of frames, the same type on every side |
//! | [`Tls`] | which servers to trust; shared with other HTTP clients |
//! | [`server`] | the server side: answer an upgrade, take over the connection |
//! | `pair` (feature `testing`) | two connections joined in memory |
//!
//! Everything here needs a tokio runtime with I/O and time enabled.

mod address;
mod connect;
mod connection;
mod dial;
mod error;
mod handshake_limit;
mod host;
mod options;
#[cfg(feature = "testing")]
mod pair;
mod progress;
mod proxy;
mod security;
pub mod server;
#[cfg(feature = "srv")]
pub mod srv;
mod start_tls;
mod tls;
mod websocket;

pub use address::{Address, Scheme};
pub use connect::{connect, connect_observed, connect_with};
pub use connection::{Close, Connection};
pub use dial::dial_tcp;
pub use error::{CertificateProblem, Fault, Stage, TransportError};
pub use options::{DEFAULT_MAX_FRAME_BYTES, Options, StartTls, Timeouts};
#[cfg(feature = "testing")]
pub use pair::{pair, pair_with};
pub use progress::Progress;
pub use proxy::{Proxy, ProxyError, ProxyKind};
pub use security::{Security, TlsVersion};
pub use start_tls::StartTlsError;
pub use tls::{ServerTls, Tls, server_config};
pub use websocket::SubProtocol;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
