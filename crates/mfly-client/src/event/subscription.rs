//! The fan-out from one session to its subscriptions.

use super::platform::Event;
use super::session_event::SessionEvent;
use futures_core::Stream;
use futures_util::stream;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::broadcast;

/// The sending end of a session's events. It never waits for a slow subscription.
///
/// The queue is allocated whole when the session starts, so it holds pointers: events are large.
#[derive(Clone, Debug)]
pub(crate) struct Sender<E = Event>(broadcast::Sender<Arc<E>>);

/// A handle that gives subscriptions without keeping the stream alive.
#[derive(Clone, Debug)]
pub(crate) struct Subscriptions<E = Event>(broadcast::WeakSender<Arc<E>>);

impl<E: SessionEvent> Sender<E> {
    /// A fan-out whose subscriptions hold `capacity` events each, rounded up to a power of two.
    pub(crate) fn new(capacity: usize) -> Self {
        Self(broadcast::Sender::new(capacity.clamp(1, MAX_CAPACITY)))
    }

    /// Gives the event to every subscription.
    pub(crate) fn send(&self, event: E) {
        // An error means that there is no subscription.
        let _ = self.0.send(Arc::new(event));
    }

    pub(crate) fn subscribe(&self) -> Events<E> {
        follow(self.0.subscribe())
    }

    pub(crate) fn subscriptions(&self) -> Subscriptions<E> {
        Subscriptions(self.0.downgrade())
    }
}

impl<E: SessionEvent> Subscriptions<E> {
    /// Gives an event that the app caused itself to every subscription.
    pub(crate) fn tell(&self, event: E) {
        if let Some(sender) = self.0.upgrade() {
            Sender(sender).send(event);
        }
    }

    /// A subscription from now on; one without events when the session is over.
    pub(crate) fn subscribe(&self) -> Events<E> {
        match self.0.upgrade() {
            Some(sender) => follow(sender.subscribe()),
            None => Events(Box::pin(stream::empty())),
        }
    }
}

/// The largest queue of a subscription.
const MAX_CAPACITY: usize = 65_536;

/// A subscription to a session's events: a stream that ends when the session is over.
///
/// Drop it to unsubscribe. Each subscription sees every event from the moment it was made.
pub struct Events<E = Event>(Pin<Box<dyn Stream<Item = E> + Send + Sync>>);

fn follow<E: SessionEvent>(receiver: broadcast::Receiver<Arc<E>>) -> Events<E> {
    Events(Box::pin(stream::unfold(receiver, |mut receiver| async {
        match receiver.recv().await {
            Ok(event) => Some((Arc::unwrap_or_clone(event), receiver)),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some((E::lagged(missed), receiver)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    })))
}

impl<E> Events<E> {
    /// The next event; `None` when the session is over. Cancelling the wait loses nothing.
    pub async fn next(&mut self) -> Option<E> {
        std::future::poll_fn(|cx| self.0.as_mut().poll_next(cx)).await
    }
}

impl<E> Stream for Events<E> {
    type Item = E;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<E>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl<E> fmt::Debug for Events<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_subscription_sees_every_event_from_its_start_in_order() {
        let sender = Sender::new(8);
        let mut early = sender.subscribe();
        sender.send(Event::AuthenticationFailed);
        let mut late = sender.subscriptions().subscribe();
        sender.send(Event::FriendsChanged { permission: None });
        drop(sender);
        assert_eq!(early.next().await, Some(Event::AuthenticationFailed));
        assert_eq!(early.next().await, Some(Event::FriendsChanged { permission: None }));
        assert_eq!(early.next().await, None);
        assert_eq!(late.next().await, Some(Event::FriendsChanged { permission: None }));
        assert_eq!(late.next().await, None);
    }

    #[tokio::test]
    async fn a_subscription_that_falls_behind_is_told_how_much_it_missed() {
        let sender = Sender::<Event>::new(2);
        let mut events = sender.subscribe();
        for missed in 0..5 {
            sender.send(Event::Lagged(100 + missed));
        }
        assert_eq!(events.next().await, Some(Event::Lagged(3)));
        assert_eq!(events.next().await, Some(Event::Lagged(103)));
        assert_eq!(events.next().await, Some(Event::Lagged(104)));
    }

    #[tokio::test]
    async fn a_subscription_made_after_the_end_ends_at_once() {
        let sender = Sender::<Event>::new(2);
        let subscriptions = sender.subscriptions();
        drop(sender);
        assert_eq!(subscriptions.subscribe().next().await, None);
    }
}
