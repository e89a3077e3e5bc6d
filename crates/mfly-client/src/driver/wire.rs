//! The connection as the loop sees it: one thing to poll, whether there is a connection, a dial, or
//! nothing.

use crate::connector::{Connector, ConnectorError, Dialled};
use crate::machine::{Loss, Redirect};
use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_util::Sink;
use mfly_proto::framing::{Frame, Framing};
use mfly_proto::sasl::ChannelBindings;
use mfly_transport::{Connection, TransportError, overdue};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep, timeout};

/// Frames that may wait until the peer takes them. More means that it does not read.
const QUEUE: usize = 256;

/// How many may wait before no more commands are taken in; the rest is for what the machine has to
/// say itself.
const BUSY: usize = QUEUE / 2;

/// Frames that may be read in a row before what is queued gets its turn: a flood must not keep
/// answers from leaving.
const READS_IN_A_ROW: u8 = 16;

/// How long a server may take to be seen reading again after this process did not run.
const GRACE: Duration = Duration::from_secs(1);

/// How long the last frames and the closing handshake may take once the machine has let go.
const LINGER: Duration = Duration::from_secs(2);

/// What happened on the wire.
pub(super) enum WireEvent {
    /// A connection stands; it is being used from now on.
    Connected { framing: Framing, confidential: bool, bindings: ChannelBindings },
    /// A frame arrived.
    Frame(Frame),
    /// The connection, or the attempt to make one, is gone.
    Lost(Loss),
}

/// A connection, a dial, or nothing.
pub(super) enum Wire {
    Nothing,
    Dialling(BoxFuture<'static, Result<Dialled, ConnectorError>>),
    Open(Box<Live>),
}

/// A connection and what is still to be written to it.
pub(super) struct Live {
    connection: Connection,
    queue: VecDeque<Frame>,
    /// Frames read since anything was last written.
    reads: u8,
    /// Something was handed over and has not been flushed.
    dirty: bool,
    /// Runs while the peer takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    write_timeout: Duration,
}

impl Wire {
    pub(super) fn dial(connector: Arc<dyn Connector>, redirect: Option<Redirect>) -> Self {
        Self::Dialling(Box::pin(async move { connector.connect(redirect.as_ref()).await }))
    }

    /// Queues a frame; frames queued before the next poll leave in one write.
    pub(super) fn send(&mut self, frame: Frame) {
        if let Self::Open(live) = self {
            live.queue.push_back(frame);
        }
    }

    /// Writes what is queued, as much of it as the connection takes without waiting. For the very
    /// end.
    pub(super) fn write_now(&mut self) {
        if let Self::Open(live) = self {
            live.write_now();
        }
    }

    /// Whether so much waits to be written that no more should be asked for.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Open(live) if live.queue.len() >= BUSY)
    }

    /// Lets the connection go. What comes back sees to it that queued frames and a closing
    /// handshake still leave, for a short time only.
    pub(super) fn release(&mut self) -> Option<BoxFuture<'static, ()>> {
        match std::mem::replace(self, Self::Nothing) {
            Self::Nothing | Self::Dialling(_) => None,
            Self::Open(live) => Some(Box::pin(async move {
                // Whatever goes wrong: the connection is dropped in the end.
                let _ = timeout(LINGER, live.closing_frames()).await;
            })),
        }
    }

    /// Makes progress with everything. Lost connections are dropped here.
    pub(super) fn poll_event(
        &mut self,
        write_timeout: Duration,
        cx: &mut Context<'_>,
    ) -> Poll<WireEvent> {
        let event = match self {
            Self::Nothing => return Poll::Pending,
            Self::Dialling(dial) => match ready!(dial.as_mut().poll(cx)) {
                Ok(Dialled { connection, confidential }) => {
                    let framing = connection.framing();
                    let bindings = connection.channel_bindings();
                    *self = Self::Open(Box::new(Live::new(connection, write_timeout)));
                    return Poll::Ready(WireEvent::Connected { framing, confidential, bindings });
                }
                Err(error) => WireEvent::Lost(Loss::ConnectFailed(Arc::from(error))),
            },
            Self::Open(live) => match ready!(live.poll_event(cx)) {
                Ok(frame) => return Poll::Ready(WireEvent::Frame(frame)),
                Err(loss) => WireEvent::Lost(loss),
            },
        };
        *self = Self::Nothing;
        Poll::Ready(event)
    }
}

impl Live {
    fn new(connection: Connection, write_timeout: Duration) -> Self {
        Self {
            connection,
            queue: VecDeque::new(),
            reads: 0,
            dirty: false,
            stalled: None,
            write_timeout,
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, Loss>> {
        if self.queue.len() > QUEUE {
            return Poll::Ready(Err(Loss::WriteStalled));
        }
        // What has arrived comes first, because nothing can be read once writing failed: a server
        // that says why it closes says so before.
        if self.reads < READS_IN_A_ROW
            && let Poll::Ready(read) = self.poll_read(cx)
        {
            return Poll::Ready(read);
        }
        self.reads = 0;
        match self.poll_write(cx) {
            Poll::Ready(Ok(())) => self.stalled = None,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(self.lost(error))),
            Poll::Pending => {
                let write_timeout = self.write_timeout;
                let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(write_timeout)));
                if stalled.as_mut().poll(cx).is_ready() {
                    let deadline = stalled.deadline();
                    if !overdue::is_late(deadline) {
                        return Poll::Ready(Err(Loss::WriteStalled));
                    }
                    // This process did not run: whether the server reads is to be seen.
                    stalled.as_mut().reset(Instant::now() + GRACE);
                    if stalled.as_mut().poll(cx).is_ready() {
                        return Poll::Ready(Err(Loss::WriteStalled));
                    }
                }
            }
        }
        self.poll_read(cx)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, Loss>> {
        let read = ready!(Pin::new(&mut self.connection).poll_next(cx));
        Poll::Ready(match read {
            Some(Ok(frame)) => {
                self.reads = self.reads.saturating_add(1);
                Ok(frame)
            }
            Some(Err(error)) => Err(self.lost(error)),
            None => Err(Loss::Closed(self.connection.close_reason().cloned())),
        })
    }

    /// What a failure to read or write comes to. A server that closes takes nothing any more, and
    /// has said why.
    fn lost(&self, error: TransportError) -> Loss {
        match (error, self.connection.close_reason()) {
            (TransportError::TooLarge { limit }, _) => Loss::TooLarge(limit),
            (TransportError::Closed | TransportError::Io(_), Some(close)) => {
                Loss::Closed(Some(close.clone()))
            }
            (error, _) => Loss::Broken(Arc::new(error)),
        }
    }

    /// Writes what is queued, as much of it as the connection takes at once.
    fn write_now(&mut self) {
        // What cannot leave is lost with the connection.
        let _ = self.poll_write(&mut Context::from_waker(Waker::noop()));
    }

    /// Writes what is queued; ready when all of it has left.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut connection = Pin::new(&mut self.connection);
        while !self.queue.is_empty() {
            ready!(connection.as_mut().poll_ready(cx))?;
            if let Some(frame) = self.queue.pop_front() {
                connection.as_mut().start_send(frame)?;
                self.dirty = true;
                // It takes something: not stalled.
                if let Some(stalled) = &mut self.stalled {
                    stalled.as_mut().reset(Instant::now() + self.write_timeout);
                }
            }
        }
        if self.dirty {
            ready!(connection.poll_flush(cx))?;
            self.dirty = false;
        }
        Poll::Ready(Ok(()))
    }

    async fn closing_frames(mut self: Box<Self>) -> Result<(), TransportError> {
        std::future::poll_fn(|cx| self.poll_write(cx)).await?;
        std::future::poll_fn(|cx| Pin::new(&mut self.connection).poll_close(cx)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{SinkExt as _, StreamExt as _};
    use std::future::poll_fn;

    #[tokio::test(start_paused = true)]
    async fn what_a_server_said_before_it_went_is_heard_although_nothing_can_be_written_any_more() {
        let (connection, mut server) = mfly_transport::pair();
        let mut live = Live::new(connection, Duration::from_secs(10));
        for said in ["<first/>", "<last/>"] {
            server.send(Frame::from(said)).await.unwrap();
        }
        drop(server);
        live.queue.push_back(Frame::from("<presence/>"));
        for said in ["<first/>", "<last/>"] {
            let heard = poll_fn(|cx| live.poll_event(cx)).await.unwrap();
            assert_eq!(heard.as_str(), said);
        }
        let loss = poll_fn(|cx| live.poll_event(cx)).await.unwrap_err();
        assert!(matches!(loss, Loss::Broken(_)), "{loss:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_does_not_keep_what_is_queued_from_leaving() {
        let (connection, mut server) = mfly_transport::pair();
        let mut live = Live::new(connection, Duration::from_secs(10));
        for _ in 0..100 {
            server.feed(Frame::from("<presence/>")).await.unwrap();
        }
        server.flush().await.unwrap();
        live.queue.push_back(Frame::from("<answer/>"));
        for _ in 0..=READS_IN_A_ROW {
            poll_fn(|cx| live.poll_event(cx)).await.unwrap();
        }
        let answer = server.next().await.unwrap().unwrap();
        assert_eq!(answer.as_str(), "<answer/>");
    }
}
