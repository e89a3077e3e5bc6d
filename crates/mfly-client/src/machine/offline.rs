//! The phase without a connection: before the first, while connecting, between two, or after the
//! last.

use super::io::Output;
use super::phase::PhaseContext;
use super::redirect::Redirect;
use super::timers::Timer;

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offline {
    /// The session was not opened yet.
    Idle,
    /// A connection is being made.
    Dialling,
    /// The session waits before the next attempt.
    Waiting,
    /// The session has ended.
    Ended,
}

impl Offline {
    /// Asks for a connection, to the redirect's address if there is one.
    pub(super) fn dial(redirect: Option<Redirect>, cx: &mut PhaseContext<'_>) -> Self {
        cx.timers.set(Timer::Phase, cx.now, cx.config.connect_timeout);
        cx.out.push_back(Output::Connect { attempt: cx.reconnect.attempt(), redirect });
        Self::Dialling
    }
}
