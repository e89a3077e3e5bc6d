//! Helpers of the integration tests.
//!
//! | module | what |
//! |---|---|
//! | [`env`](mod@env) | a test server and an app that uses it |
//! | [`wait`] | waits for outcomes and events, each with a deadline |
//! | [`scripted`] | a server that sends exactly the frames of a test |
//! | [`stub`] | REST answers without a network |
//! | [`raw`] | a client that sends exactly the frames of a test |
//! | [`recorded`] | the traces of the platform |

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
pub use wait::{DEADLINE, both, expect_event, wait_for, within};

/// The repository's README: its example runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
