//! The amount of measuring.

use std::time::Duration;

/// The amount of measuring.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Number of logins of each client over the delayed connection. Their times hardly vary.
    pub far_rounds: u32,
    /// The delay in each direction.
    pub delay: Duration,
    /// Turns of each client on loopback.
    pub rounds: u32,
    /// Logins in a turn.
    pub logins: u32,
    /// Requests in a turn.
    pub requests: usize,
    /// Sessions of one account that stay idle while their memory is read. Servers limit their
    /// number.
    pub sessions: usize,
}

impl Effort {
    /// The amount for numbers to quote.
    pub const FULL: Self = Self {
        far_rounds: 3,
        delay: Duration::from_millis(50),
        rounds: 10,
        logins: 10,
        requests: 4_000,
        sessions: 60,
    };
    /// The amount for a first look.
    pub const QUICK: Self = Self {
        far_rounds: 1,
        delay: Duration::from_millis(25),
        rounds: 3,
        logins: 5,
        requests: 1_000,
        sessions: 30,
    };
}

/// The time-out of a login.
pub const LOGIN: Duration = Duration::from_secs(10);

/// The time-out of a turn of requests.
pub const REQUESTS: Duration = Duration::from_secs(10);
