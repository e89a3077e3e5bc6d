//! The state machine of a session, without IO, clock or random source of its own.
//!
//! [`Input`] and [`Output`] are its inputs and outputs; `phase.rs` has the phases and their
//! transitions. Each phase has a file and owns the state that ends with it; state that outlives a
//! connection (requests, reconnecting) is in files of its own. Stream management (XEP-0198), which
//! would let a session outlive its connection, is not implemented: every [`Notice::Connected`] says
//! `resumed: false`.
//!
//! # The run loop
//!
//! ```text
//! loop {
//!     while let Some(output) = machine.poll_output() { perform(output) }
//!     let input = first of { transport, command, password, keys, machine.poll_timeout() };
//!     machine.handle(now, input);
//! }
//! ```
//!
//! One rule: **after every `handle`, drain `poll_output` to `None`.** `handle` does all work,
//! `poll_output` only pops a queue, `poll_timeout` only reads a table.
//!
//! The machine relies on this:
//!
//! - [`Output::Connect`] is followed by [`Input::Connected`], or by [`Input::Disconnected`] when
//!   the connection could not be made.
//! - [`Output::Disconnect`] also cancels a connection attempt. After it no input of the old
//!   connection follows, not even [`Input::Disconnected`]. Frames sent before it are still written,
//!   for a bounded time.
//! - A [`RequestId`] is used once. Each is settled exactly once: by [`Output::Reply`], or by
//!   [`Command::Cancel`], after which no reply comes.
//! - `now` never decreases.

mod authenticating;
mod backoff;
mod binding;
mod channel;
mod closing;
mod closing_frames;
mod config;
mod connect_error;
mod io;
mod keepalive;
mod known_server;
mod login_memory;
mod negotiate;
mod offline;
mod online;
mod opening;
mod phase;
mod reason;
mod reconnect;
mod redirect;
mod requests;
mod route;
mod sasl_client;
mod sasl_wire;
mod seeded_random;
mod sent_secrets;
mod state_machine;
#[cfg(test)]
mod tests;
mod timers;
mod waiting_requests;

pub use backoff::ReconnectPolicy;
pub use config::{Config, Dialect, Resource};
pub use connect_error::ConnectError;
pub use io::{
    Carbon, Command, DerivationTicket, Input, Loss, Notice, Output, PasswordTicket, Request,
    RequestFailure, RequestId,
};
pub use keepalive::KeepaliveConfig;
pub use known_server::KnownServer;
pub use reason::{Cause, ConnectionState, DisconnectReason, EndReason, LoginFailure, Stage};
pub use redirect::{Redirect, RedirectPolicy};
pub use seeded_random::SeededRandom;
pub use state_machine::Machine;
#[cfg(feature = "tokio")]
pub(crate) use timers::YEAR;
