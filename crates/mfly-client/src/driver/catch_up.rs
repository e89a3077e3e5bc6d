//! Frames that arrived before a deadline are read before the machine handles it.
//!
//! After a process was stopped, or its thread was blocked, its deadlines have passed and the
//! answers are unread in the socket. The machine decides about a deadline when it gets
//! [`Input::Timeout`](crate::machine::Input::Timeout), so the driver reads first.

use super::wire::WireEvent;
use super::{Driver, Event};
use mfly_transport::overdue;
use std::future::poll_fn;
use std::task::{Context, Poll};
use tokio::task::{unconstrained, yield_now};
use tokio::time::Instant;

/// The most frames that are read before a deadline is handled: a server that never stops sending
/// cannot put it off for longer.
const FRAMES: usize = 16 * 1024;

/// The most bytes that are read before a deadline is handled: more than a system buffers for a
/// socket.
const BYTES: usize = 16 * 1024 * 1024;

/// Frames that are read before other tasks of this thread have their turn.
const FRAMES_PER_TURN: usize = 64;

impl Driver {
    /// Handles the frames in the socket, and the password or keys if they are ready. Waits for
    /// nothing, except for the runtime to poll its sockets if the deadline was noticed late.
    pub(super) async fn catch_up(&mut self, deadline: Instant) {
        overdue::settle(deadline).await;
        let (mut frames, mut bytes) = (0, 0);
        while frames < FRAMES && bytes < BYTES && !self.machine.is_ended() {
            // The runtime's budget would make a ready socket wait after some reads in a row.
            let waiting = unconstrained(poll_fn(|cx| Poll::Ready(self.poll_ready(cx)))).await;
            match waiting {
                Some(Event::Wire(event)) => {
                    bytes += match &event {
                        WireEvent::Frame(frame) => frame.len(),
                        _ => 0,
                    };
                    self.on_wire_event(event);
                }
                Some(Event::WorkDone(input)) => {
                    self.work = None;
                    self.feed(input);
                }
                _ => break,
            }
            frames += 1;
            if frames % FRAMES_PER_TURN == 0 {
                yield_now().await;
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Option<Event> {
        if let Poll::Ready(event) = self.wire.poll_event(self.write_timeout, cx) {
            return Some(Event::Wire(event));
        }
        match self.work.as_mut()?.as_mut().poll(cx) {
            Poll::Ready(input) => Some(Event::WorkDone(input)),
            Poll::Pending => None,
        }
    }
}
