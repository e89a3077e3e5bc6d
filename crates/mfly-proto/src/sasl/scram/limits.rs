//! What a peer may ask for.

use std::ops::RangeInclusive;

/// The longest message, in bytes. RFC 5802 names no bound; real ones stay below 300.
pub(super) const MAX_MESSAGE: usize = 4096;

/// The longest salt, in bytes. Servers use 12 to 36.
pub(super) const MAX_SALT: usize = 256;

/// More iterations than anybody asks for; a mistake, or seconds of work.
pub(super) const MAX_ITERATIONS: u32 = 10_000_000;

/// The iterations that a client does for a server unless told otherwise.
///
/// RFC 7677 §4 asks for 4,096 at least. The upper end is what OWASP asks of PBKDF2 with SHA-256; a
/// hostile server could otherwise keep a client busy for as long as it likes.
pub const ITERATIONS: RangeInclusive<u32> = 4_096..=600_000;
