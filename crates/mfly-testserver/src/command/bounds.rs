//! Flags for how much a server takes on.

use crate::handle::builder::{Builder, LOGIN_DEADLINE, MAX_SESSIONS, MAX_UNAUTHENTICATED};
use std::time::Duration;

/// How many connections and sessions there may be.
#[derive(Clone, Copy, Debug, clap::Args)]
#[non_exhaustive]
pub struct Bounds {
    /// How many sessions there may be at a time
    #[arg(long, value_name = "COUNT", default_value_t = MAX_SESSIONS)]
    pub max_sessions: usize,

    /// How many connections that have not logged in each port may have at a time; half of them from
    /// one address
    #[arg(long, value_name = "COUNT", default_value_t = MAX_UNAUTHENTICATED)]
    pub max_unauthenticated: usize,

    /// How many of these may come from one address, if not half of them
    #[arg(long, value_name = "COUNT")]
    pub max_unauthenticated_of_address: Option<usize>,

    /// How long a connection may take until its first request, or until it has logged in
    #[arg(long, value_name = "SECONDS", default_value_t = LOGIN_DEADLINE.as_secs(), value_parser = clap::value_parser!(u64).range(1..))]
    pub login_deadline: u64,
}

impl Bounds {
    /// Gives them to a server.
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
