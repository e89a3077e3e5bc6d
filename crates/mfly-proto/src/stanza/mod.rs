//! The three stanzas (RFC 6120 §8) and their errors.

pub mod error;
pub mod iq;
pub mod message;
pub mod presence;
