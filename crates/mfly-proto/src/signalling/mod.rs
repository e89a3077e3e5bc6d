//! The packets of the signalling connection: Engine.IO 3 below, Socket.IO 4 above.
//!
//! The official SDK contains socket.io-client 2.x (observed: Web SDK 4.25.10), which uses these two
//! protocols. This connection carries text only, so binary packets are refused.
//!
//! Errors do not quote packets, and `Debug` of a packet shows no content: it may hold credentials.

pub mod engine_io;
pub mod socket_io;

use thiserror::Error;

/// Maximum bytes of a packet, and of a payload of long-polling.
pub const MAX_BYTES: usize = 256 * 1024;

/// Maximum number of packets in one payload.
pub const MAX_PACKETS: usize = 256;

/// The fault of a packet or payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignallingError {
    /// The packet is longer than [`MAX_BYTES`].
    #[error("a signalling packet of more than {MAX_BYTES} bytes")]
    TooLarge,
    /// A payload has more than [`MAX_PACKETS`] packets.
    #[error("a signalling payload of more than {MAX_PACKETS} packets")]
    TooMany,
    /// The packet is incomplete.
    #[error("a signalling packet that ends too early")]
    Truncated,
    /// The type of the packet is unknown.
    #[error("a signalling packet of an unknown type")]
    UnknownType,
    /// The packet is binary, which is not supported.
    #[error("a binary signalling packet")]
    Binary,
    /// A length, an id or a namespace is malformed.
    #[error("a signalling packet with a malformed header")]
    Header,
    /// The JSON of the packet is malformed or of the wrong form.
    #[error("a signalling packet with malformed data")]
    Data,
}
