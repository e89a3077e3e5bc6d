//! What the integration tests share.
//!
//! | module | what |
//! |---|---|
//! | [`env`] | a test server and an app that uses it |
//! | [`wait`] | waiting for events, with a deadline |
//! | [`scripted`] | a server that says exactly what a test makes it say |
//! | [`stub`] | REST answers without a network |
//! | [`raw`] | a client that says exactly what a test makes it say |
//! | [`recorded`] | traces and recorded sessions |

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails the test that called it"
)]

pub mod env;
pub mod raw;
pub mod recorded;
pub mod scripted;
pub mod stub;
pub mod wait;

pub use env::{TestEnv, argument, kind};
pub use scripted::{Peer, ScriptedServer};
pub use wait::{DEADLINE, expect_event, expect_events_until, within};

/// The repository's README: its example runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
