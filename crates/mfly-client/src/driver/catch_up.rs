//! Before a deadline counts, what was said in time is heard.
//!
//! A process that was stopped, or whose thread was blocked, finds its deadlines passed and the
//! answers waiting in the socket. The machine decides about deadlines when it is told of them, so
//! the driver reads first.

use super::wire::WireEvent;
use super::{Driver, Event};
use mfly_transport::overdue;
use std::future::poll_fn;
use std::task::{Context, Poll};
use tokio::task::{unconstrained, yield_now};
use tokio::time::Instant;

/// What is read at most before a deadline counts, in frames: a server that never stops sending puts
/// it off no longer.
const FRAMES: usize = 16 * 1024;

/// The same in bytes, more than a system keeps for a socket.
const BYTES: usize = 16 * 1024 * 1024;

/// After so many frames others have their turn on this thread.
const TURN: usize = 64;

impl Driver {
    /// Takes in what waits: in the socket, or as the result of work of one's own. Waits for
    /// nothing, except that the runtime looks at its sockets when this deadline was noticed late.
    pub(super) async fn catch_up(&mut self, deadline: Instant) {
        overdue::settle(deadline).await;
        let (mut frames, mut bytes) = (0, 0);
        while frames < FRAMES && bytes < BYTES && !self.machine.is_ended() {
            // The runtime would have what is ready wait after some reads in a row.
            let waiting = unconstrained(poll_fn(|cx| Poll::Ready(self.poll_waiting(cx)))).await;
            match waiting {
                Some(Event::Wire(event)) => {
                    bytes += match &event {
                        WireEvent::Frame(frame) => frame.len(),
                        _ => 0,
                    };
                    self.hear(event);
                }
                Some(Event::Worked(input)) => {
                    self.work = None;
                    self.feed(input);
                }
                _ => break,
            }
            frames += 1;
            if frames % TURN == 0 {
                yield_now().await;
            }
        }
    }

    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Option<Event> {
        if let Poll::Ready(event) = self.wire.poll_event(self.write_timeout, cx) {
            return Some(Event::Wire(event));
        }
        match self.work.as_mut()?.as_mut().poll(cx) {
            Poll::Ready(input) => Some(Event::Worked(input)),
            Poll::Pending => None,
        }
    }
}
