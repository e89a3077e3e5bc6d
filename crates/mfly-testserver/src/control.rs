//! The control API: HTTP and JSON for tests in any language, on a listener of its own.
//!
//! A test makes accounts, faults and time with it, and reads the journal. Every handler calls the
//! types in [`handle`](crate::handle), as a test in Rust does. The description of the API
//! (OpenAPI 3.1) is generated from the handlers.
//!
//! | file | content |
//! |---|---|
//! | [`router`] | the table of routes and the description |
//! | [`listener`] | the listening socket and its connections |
//! | [`access`] | which requests are let in: host, origin, token |
//! | [`extract`], [`error`] | arguments of requests, and errors that name them |
//! | the others | one part of the API each |

pub(crate) mod access;
mod clock;
mod error;
mod extract;
mod fault_document;
mod faults;
mod health;
pub(crate) mod info;
mod journal;
mod journal_document;
mod journal_stream;
pub(crate) mod listener;
mod page;
mod plan;
mod qr;
mod registrations;
mod router;
mod sessions;
mod standard_users;
mod state;
mod strict;
mod user_document;
mod users;

use crate::state::ServerState;
use access::Access;
use info::Info;
use std::sync::Arc;

/// The path of the API.
pub(crate) const PREFIX: &str = "/control/v1";

/// What the handlers of the control API use.
#[derive(Clone)]
pub(crate) struct Control(Arc<Inner>);

struct Inner {
    state: Arc<ServerState>,
    access: Access,
    info: Info,
}

impl Control {
    /// The control API of a server.
    pub(crate) fn new(state: Arc<ServerState>, access: Access, info: Info) -> Self {
        Self(Arc::new(Inner { state, access, info }))
    }

    /// The server that is controlled.
    fn state(&self) -> &Arc<ServerState> {
        &self.0.state
    }

    /// Which requests are let in.
    fn access(&self) -> &Access {
        &self.0.access
    }

    /// What a client has to know about the server.
    fn info(&self) -> &Info {
        &self.0.info
    }
}
