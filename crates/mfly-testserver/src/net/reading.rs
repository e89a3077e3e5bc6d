//! What has arrived of requests and stanzas that are not complete.
//!
//! Every peer may send something that has no end, so what all of them sent is bounded. When there
//! is too much, the one that has taken longest is refused: whoever sends at an ordinary speed is
//! done long before its turn comes.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// Smaller ones are counted, but nothing is won by refusing them.
const SMALL_BYTES: usize = 4 * 1024;

/// All that is not complete.
#[derive(Debug)]
pub(crate) struct Reading {
    limit: usize,
    held: AtomicUsize,
    /// Those above [`SMALL_BYTES`], by when they grew so large.
    large: Mutex<Large>,
}

#[derive(Debug, Default)]
struct Large {
    next: u64,
    shares: BTreeMap<u64, Arc<State>>,
}

/// What is known of one peer.
#[derive(Debug, Default)]
struct State {
    bytes: AtomicUsize,
    is_refused: AtomicBool,
    refused: Notify,
}

/// What one peer has sent of something that is not complete.
#[derive(Clone, Debug)]
pub(crate) struct Share(Arc<Owner>);

#[derive(Debug)]
struct Owner {
    reading: Arc<Reading>,
    state: Arc<State>,
    /// Its place among the large ones.
    place: Mutex<Option<u64>>,
}

impl Reading {
    /// Room for `limit` bytes.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, held: AtomicUsize::new(0), large: Mutex::default() })
    }

    /// A peer that has sent nothing yet.
    pub(crate) fn share(self: &Arc<Self>) -> Share {
        Share(Arc::new(Owner {
            reading: Arc::clone(self),
            state: Arc::default(),
            place: Mutex::new(None),
        }))
    }

    /// How many bytes there are.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Refuses the oldest until the others fit.
    fn make_room(&self) {
        let mut large = self.large();
        let mut excess = self.held().saturating_sub(self.limit);
        while excess > 0 {
            let Some((_, oldest)) = large.shares.pop_first() else {
                return;
            };
            excess = excess.saturating_sub(oldest.bytes.load(Ordering::Relaxed));
            oldest.is_refused.store(true, Ordering::Release);
            oldest.refused.notify_waiters();
        }
    }

    fn large(&self) -> MutexGuard<'_, Large> {
        self.large.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// More has arrived.
    pub(crate) fn add(&self, bytes: usize) {
        let Owner { reading, state, .. } = &*self.0;
        let before = state.bytes.fetch_add(bytes, Ordering::Relaxed);
        let held = reading.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if before + bytes > SMALL_BYTES {
            let mut place = self.0.place();
            if place.is_none() {
                let mut large = reading.large();
                large.next += 1;
                let next = large.next;
                large.shares.insert(next, Arc::clone(state));
                *place = Some(next);
            }
        }
        if held > reading.limit {
            reading.make_room();
        }
    }

    /// What has arrived takes this much room.
    pub(crate) fn set(&self, bytes: usize) {
        let now = self.0.state.bytes.load(Ordering::Relaxed);
        match bytes.checked_sub(now) {
            Some(more) => self.add(more),
            None => {
                self.0.state.bytes.fetch_sub(now - bytes, Ordering::Relaxed);
                self.0.reading.held.fetch_sub(now - bytes, Ordering::Relaxed);
            }
        }
    }

    /// What arrived is complete, except for the last `left` bytes.
    pub(crate) fn complete(&self, left: usize) {
        self.0.forget();
        if left > 0 {
            self.add(left);
        }
    }

    /// Whether the peer has to go.
    pub(crate) fn is_refused(&self) -> bool {
        self.0.state.is_refused.load(Ordering::Acquire)
    }

    /// Waits until the peer has to go.
    pub(crate) async fn refused(&self) {
        // Made before the look, so that nothing is missed between the two.
        let refused = self.0.state.refused.notified();
        if !self.is_refused() {
            refused.await;
        }
    }
}

impl Owner {
    fn forget(&self) {
        let bytes = self.state.bytes.swap(0, Ordering::Relaxed);
        self.reading.held.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(place) = self.place().take() {
            self.reading.large().shares.remove(&place);
        }
    }

    fn place(&self) -> MutexGuard<'_, Option<u64>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.forget();
    }
}

/// I/O that counts what is read of it.
pub(crate) struct Counted<T> {
    io: T,
    share: Share,
    /// What was read before anybody asked for it.
    first: Option<u8>,
}

impl<T> Counted<T> {
    /// Counts into `share`.
    pub(crate) const fn new(io: T, share: Share) -> Self {
        Self { io, share, first: None }
    }
}

impl<T: AsyncRead + Unpin> Counted<T> {
    /// Waits for the first byte, which is then the first that is read. `false` when there is none.
    ///
    /// # Errors
    /// When the connection broke.
    pub(crate) async fn begin(&mut self) -> io::Result<bool> {
        let mut first = [0];
        let is_there = self.io.read(&mut first).await? == 1;
        self.first = is_there.then_some(first[0]);
        Ok(is_there)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if buf.remaining() > 0
            && let Some(first) = this.first.take()
        {
            buf.put_slice(&[first]);
            this.share.add(1);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.io).poll_read(cx, buf))?;
        this.share.add(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<T> {
    mfly_transport::delegate_writes!(io, shutdown);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_has_taken_longest_is_refused_and_the_others_stay() {
        let reading = Reading::new(30_000);
        let (slow, quick, tiny) = (reading.share(), reading.share(), reading.share());
        tiny.add(100);
        slow.add(10_000);
        quick.add(15_000);
        assert!(!slow.is_refused());
        quick.add(10_000);
        let refused = [&slow, &quick, &tiny].map(Share::is_refused);
        assert_eq!(refused, [true, false, false]);
        drop(slow);
        assert_eq!(reading.held(), 25_100);
    }

    #[test]
    fn what_is_complete_is_no_longer_counted_and_begins_anew() {
        let reading = Reading::new(30_000);
        let (first, second) = (reading.share(), reading.share());
        first.add(10_000);
        second.add(10_000);
        first.complete(5);
        assert_eq!(reading.held(), 10_005);
        first.add(20_000);
        assert_eq!((first.is_refused(), second.is_refused()), (false, true));
    }
}
