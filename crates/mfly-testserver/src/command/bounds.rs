//! Flags for the limits of a server.

use crate::handle::builder::{Builder, LOGIN_DEADLINE, MAX_SESSIONS, MAX_UNAUTHENTICATED};
use std::time::Duration;

/// Limits of connections and sessions.
#[derive(Clone, Copy, Debug, clap::Args)]
#[non_exhaustive]
pub struct Bounds {
    /// Limit of sessions at a time
    #[arg(long, env = "MFLY_SERVER_MAX_SESSIONS", value_name = "COUNT", default_value_t = MAX_SESSIONS)]
    pub max_sessions: usize,

    /// Limit of connections of each kind of port that have not logged in; half of it for each
    /// address
    #[arg(long, env = "MFLY_SERVER_MAX_UNAUTHENTICATED", value_name = "COUNT", default_value_t = MAX_UNAUTHENTICATED)]
    pub max_unauthenticated: usize,

    /// Limit of connections from one address that have not logged in, instead of half
    #[arg(long, env = "MFLY_SERVER_MAX_UNAUTHENTICATED_OF_ADDRESS", value_name = "COUNT")]
    pub max_unauthenticated_of_address: Option<usize>,

    /// Time limit of a connection until its first request, or until it has logged in
    #[arg(long, env = "MFLY_SERVER_LOGIN_DEADLINE", value_name = "SECONDS", default_value_t = LOGIN_DEADLINE.as_secs(), value_parser = clap::value_parser!(u64).range(1..))]
    pub login_deadline: u64,
}

impl Bounds {
    pub(super) fn apply(self, builder: Builder) -> Builder {
        let builder = builder
            .max_sessions(self.max_sessions)
            .max_unauthenticated(self.max_unauthenticated)
            .login_deadline(Duration::from_secs(self.login_deadline));
        match self.max_unauthenticated_of_address {
            Some(count) => builder.max_unauthenticated_of_address(count),
            None => builder,
        }
    }
}
