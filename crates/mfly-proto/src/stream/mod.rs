//! The stream itself (RFC 6120 §4): what it offers and why it ends.

mod error;
mod features;
pub mod starttls;

pub use error::{StreamCondition, StreamError};
pub use features::{Features, Sasl2Offer, StartTlsOffer, StreamLimits};
