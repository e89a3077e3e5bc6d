//! Looking at a server without logging in: what it offers, and whether it answers at all.
//!
//! For tools that find out why a connection does not come about; a session needs nothing of this.
//! The connections are those of [`mfly_transport`], which reports each step of making them
//! ([`connect_observed`](mfly_transport::connect_observed)).

mod rest;
mod stream;

pub use rest::{RestAnswer, RestServer};
pub use stream::{StreamOffer, StreamProblem, hang_up, stream_offer};
