//! Streams (RFC 6120 §4): features, errors, STARTTLS.

mod error;
mod features;
mod see_other_host;
pub mod starttls;

pub use error::{StreamCondition, StreamError};
pub use features::{Features, Sasl2Offer, StartTlsOffer, StreamLimits};
pub use see_other_host::{DEFAULT_PORT, SeeOtherHost};
