//! The stream itself (RFC 6120 §4): what it offers and why it ends.

mod error;
mod features;
mod see_other_host;
pub mod starttls;

pub use error::{StreamCondition, StreamError};
pub use features::{Features, Sasl2Offer, StartTlsOffer, StreamLimits};
pub use see_other_host::{DEFAULT_PORT, SeeOtherHost};
