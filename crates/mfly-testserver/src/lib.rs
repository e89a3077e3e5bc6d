//! A local MirrorFly server for tests and for app development in any language.
//!
//! It keeps the platform's rules, it does not play back answers: accounts and their sessions,
//! tokens that expire, blocks and what follows from them, profiles sealed with the right keys,
//! presence, last seen, plan features, media. What it cannot do yet it refuses as the platform
//! refuses the unknown.
//!
//! ```
//! use mfly_testserver::{Feature, TestServer};
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = TestServer::builder().session_limit(1).disable(Feature::Report).start().await?;
//! let alice = server.user("alice").register()?;
//! assert_eq!(alice.username.as_str(), "alice");
//!
//! // Point an app at server.api_base_url(), then look at what it did.
//! server.fault().request("/users/config").delay(Duration::from_secs(2));
//! assert!(server.journal().requests_to("/login").is_empty());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`TestServer`], [`Builder`] | starting and stopping, addresses |
//! | [`UserHandle`], [`PlanHandle`], [`StandardUserHandle`] | changing the world from outside |
//! | [`FaultBuilder`] | what the next answers and connections shall suffer |
//! | [`Journal`] | what was received and sent |
//! | [`Memory`] | how many bytes are kept for clients, and may be |
//! | [`command`] | the same as a command |
//!
//! Inside, `core` and `world` are free of sockets, clocks and random sources; `state` is the only
//! way to them; everything else moves bytes.

pub mod command;
mod core;
mod handle;
mod lock;
mod net;
mod rest;
mod signalling;
mod state;

pub use core::memory::Memory;
pub use handle::builder::Builder;
pub use handle::fault_builder::{ConnectionFaults, FaultBuilder, NextConnections, RequestFaults};
pub use handle::journal::{Direction, Entry, FrameEntry, Journal, NotSeen, RequestEntry};
pub use handle::server::TestServer;
pub use handle::standard_user::StandardUserHandle;
pub use handle::start_error::StartError;
pub use handle::user::{Credentials, PlanHandle, UserError, UserHandle, UserProfile};
pub use mfly_api::Feature;
pub use mfly_proto::stream::StreamCondition;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
