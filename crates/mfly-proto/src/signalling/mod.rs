//! The packets of the signalling connection: Engine.IO 3 below, Socket.IO 4 above.
//!
//! The official SDK carries socket.io-client of the 2.x line (observed: Web SDK 4.25.10), which
//! speaks these two protocols. Only text is spoken here: nothing on this connection is binary, so
//! binary packets are refused.
//!
//! Nothing that a peer sends is quoted in an error, and `Debug` of a packet shows no content: it
//! may carry credentials.

pub mod engine_io;
pub mod socket_io;

use thiserror::Error;

/// Largest packet, in bytes, and largest payload of long-polling.
pub const MAX_BYTES: usize = 256 * 1024;

/// Most packets of one payload.
pub const MAX_PACKETS: usize = 256;

/// What is wrong with a packet or payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignallingError {
    /// It is longer than [`MAX_BYTES`].
    #[error("a signalling packet of more than {MAX_BYTES} bytes")]
    TooLarge,
    /// A payload has more than [`MAX_PACKETS`] packets.
    #[error("a signalling payload of more than {MAX_PACKETS} packets")]
    TooMany,
    /// It ends before it is complete.
    #[error("a signalling packet that ends too early")]
    Truncated,
    /// Its type is not one of the protocol.
    #[error("a signalling packet of an unknown type")]
    UnknownType,
    /// It is binary, which is not spoken here.
    #[error("a binary signalling packet")]
    Binary,
    /// A length, an id or a namespace is malformed.
    #[error("a signalling packet with a malformed header")]
    Header,
    /// Its JSON is malformed or of the wrong form.
    #[error("a signalling packet with malformed data")]
    Data,
}
