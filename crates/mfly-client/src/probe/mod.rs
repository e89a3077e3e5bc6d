//! Probes of a server without a login: what it offers, and whether it answers.
//!
//! For tools that diagnose why no connection can be made. Sessions do not use them.
//! The connections are made by [`mfly_transport`], which reports each step
//! ([`connect_observed`](mfly_transport::connect_observed)).

mod rest;
mod stream;

pub use rest::{RestAnswer, RestServer};
pub use stream::{StreamOffer, StreamProblem, hang_up, stream_offer};
