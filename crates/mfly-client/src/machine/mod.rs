//! The session: a state machine without IO, clock or random source of its own.
//!
//! [`io`] is the contract with whoever runs it, [`phase`] the map. What a phase owns is in the
//! phase's file; what outlives a connection (requests, reconnecting) stands beside it. Stream
//! management (XEP-0198), which would let a session outlive its connection, is not there yet:
//! `stream_management.rs` will be one more field, `binding.rs` will ask it first, and every
//! [`Notice::Connected`] says `resumed: false` until then.

mod authenticating;
mod binding;
mod channel;
mod closing;
mod closing_frames;
mod config;
mod io;
mod keepalive;
mod known_server;
mod login_memory;
mod negotiate;
mod offline;
mod online;
mod opening;
mod pace;
mod phase;
mod reason;
mod reconnect;
mod redirect;
mod requests;
mod route;
mod sasl_client;
mod sasl_wire;
mod seeded_random;
mod spoken;
mod state_machine;
#[cfg(test)]
mod tests;
mod timers;
mod waiting;

pub use config::{Config, Dialect, Resource};
pub use io::{
    Carbon, Command, DerivationTicket, Input, Loss, Notice, Output, PasswordTicket, Request,
    RequestFailure, RequestId,
};
pub use keepalive::KeepaliveConfig;
pub use known_server::KnownServer;
pub use pace::ReconnectPolicy;
pub use reason::{Cause, ConnectionState, DisconnectReason, EndReason, LoginFailure, Stage};
pub use redirect::{Redirect, RedirectPolicy};
pub use seeded_random::SeededRandom;
pub use state_machine::Machine;
pub(crate) use timers::YEAR;
