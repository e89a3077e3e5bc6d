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
//! Inside, `core` and `world` are free of sockets, clocks and random sources; `shared` is the only
//! way to them; everything else moves bytes.

mod accepting;
mod addresses;
mod admission;
mod answer;
mod builder;
mod call;
mod certificate;
pub mod command;
mod connection;
mod core;
mod cors;
mod descriptors;
mod dispatch;
mod fault_builder;
mod faults;
mod feature;
mod file;
mod handle;
mod host;
mod http;
mod journal;
mod lingering;
mod listening;
mod media_store;
mod memory;
mod methods;
mod pipe;
mod relay;
mod rest;
mod server;
mod shared;
mod signalling;
mod standard_handle;
mod stream;
mod token;
mod world;

pub use builder::{Builder, StartError};
pub use fault_builder::{ConnectionFaults, FaultBuilder, NextConnections, RequestFaults};
pub use handle::{Credentials, PlanHandle, UserError, UserHandle, UserProfile};
pub use journal::{Direction, Entry, FrameEntry, Journal, NotSeen, RequestEntry};
pub use memory::Memory;
pub use mfly_api::Feature;
pub use mfly_proto::stream::StreamCondition;
pub use server::TestServer;
pub use standard_handle::StandardUserHandle;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
