//! Bounds on the messages of a peer.

use std::ops::RangeInclusive;

/// Bytes of the longest message. RFC 5802 names no bound; real messages have fewer than 300.
pub(super) const MAX_MESSAGE: usize = 4096;

/// Bytes of the longest salt. Servers use 12 to 36.
pub(super) const MAX_SALT: usize = 256;

/// The greatest iteration count for deriving credentials: no server uses more.
pub(super) const MAX_ITERATIONS: u32 = 10_000_000;

/// The default range of iterations that a client accepts.
///
/// RFC 7677 §4 requires at least 4,096. The upper end is the OWASP recommendation for PBKDF2 with
/// SHA-256; without it, a hostile server could keep a client busy.
pub const ITERATIONS: RangeInclusive<u32> = 4_096..=600_000;
