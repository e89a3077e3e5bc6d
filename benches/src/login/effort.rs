//! How much is measured.

use std::time::Duration;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Logins of each client over the long way; the counts come out the same, the times nearly.
    pub far_rounds: u32,
    /// What the long way adds in each direction.
    pub delay: Duration,
    /// Turns of each client on loopback.
    pub rounds: u32,
    /// Logins in a turn.
    pub logins: u32,
    /// Requests in a turn.
    pub requests: usize,
    /// Sessions that stay idle while their memory is read. They are one account's, and servers take
    /// only so many.
    pub sessions: usize,
}

impl Effort {
    /// For numbers to quote.
    pub const FULL: Self = Self {
        far_rounds: 3,
        delay: Duration::from_millis(50),
        rounds: 10,
        logins: 10,
        requests: 4_000,
        sessions: 60,
    };
    /// For a first look.
    pub const QUICK: Self = Self {
        far_rounds: 1,
        delay: Duration::from_millis(25),
        rounds: 3,
        logins: 5,
        requests: 1_000,
        sessions: 30,
    };
}

/// How long a client may take to be online before its row says that it is not.
pub const LOGIN: Duration = Duration::from_secs(10);

/// How long a turn of requests may take before its row says that the client stalls.
pub const REQUESTS: Duration = Duration::from_secs(10);
