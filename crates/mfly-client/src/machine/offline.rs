//! No connection: before the first, between two, being dialled, or after the last.

use super::io::Output;
use super::phase::Cx;
use super::redirect::Redirect;
use super::timers::Timer;

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offline {
    /// Not begun.
    Idle,
    /// A connection is being made.
    Dialling,
    /// The next attempt is awaited.
    Waiting,
    /// Over.
    Ended,
}

impl Offline {
    /// Has a connection made, perhaps to where a server pointed.
    pub(super) fn dial(redirect: Option<Redirect>, cx: &mut Cx<'_>) -> Self {
        cx.timers.set(Timer::Phase, cx.now, cx.config.connect_timeout);
        cx.out.push_back(Output::Connect { attempt: cx.reconnect.attempt(), redirect });
        Self::Dialling
    }
}
