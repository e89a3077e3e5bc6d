//! A local MirrorFly server for tests and for app development in any language.
//!
//! It implements the platform's rules and does not play back recorded answers: accounts and their
//! sessions, tokens that expire, blocks and their effects, profiles sealed with the right keys,
//! presence, last seen, plan features, media. Requests for features that it lacks are refused in
//! the form in which the platform refuses unknown requests.
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
//! // Point an app at server.api_base_url(), then look at its requests.
//! server.fault().request("/users/config").delay(Duration::from_secs(2));
//! assert!(server.journal().requests_to("/login").is_empty());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! | type or module | purpose |
//! |---|---|
//! | [`TestServer`], [`Builder`] | starting, stopping, addresses, settings |
//! | [`UserHandle`], [`PlanHandle`], [`StandardUserHandle`] | changing accounts and the plan from a test |
//! | [`FaultBuilder`] | faults of the next answers and connections |
//! | [`Journal`] | requests and frames that were received and sent |
//! | [`Memory`] | bytes that the server keeps for its clients, and their limits |
//! | [`command`] | the program `mfly-testserver` |
//!
//! # Source tree
//!
//! | folder | content | may use |
//! |---|---|---|
//! | `core` | accounts, sessions, streams and features: frames and times in, frames out | no socket, clock or runtime; none of the folders below |
//! | `rest` | the REST endpoints | `core`, `state` |
//! | `signalling` | the socket.io server of QR logins | `core`, `state` |
//! | `net` | listeners, HTTP, WebSocket, TLS, certificates | all of the above |
//! | `handle` | the types that a test holds | all of the above |
//! | `control` | the control API and its page, for tests in other languages | all of the above |
//! | `command` | the program's options and output | `handle` |
//!
//! `state` joins the core with `clock`, sockets and random sources.

mod clock;
pub mod command;
mod control;
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
pub use handle::info::{Authority, Info, Listener, ListenerKind, Tls};
pub use handle::journal::{Direction, Entry, FrameEntry, Journal, NotSeen, RequestEntry};
pub use handle::server::TestServer;
pub use handle::standard_user::StandardUserHandle;
pub use handle::start_error::StartError;
pub use handle::state_document::{StateDocument, StateError, StateParts};
pub use handle::user::{Credentials, PlanHandle, UserError, UserHandle, UserProfile};
pub use mfly_api::Feature;
pub use mfly_proto::stream::StreamCondition;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
