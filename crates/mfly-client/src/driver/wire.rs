//! The connection of the driver: one value to poll, which is an open connection, an attempt to make
//! one, or nothing.

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

/// The most frames that may be queued. With more, the server counts as not reading.
const QUEUE: usize = 256;

/// Queued frames from which on no more commands are taken. The rest of the queue is for frames of
/// the machine itself.
const BUSY: usize = QUEUE / 2;

/// The most frames that are read in a row before queued frames are written: a flood must not keep
/// answers from being sent.
const READS_IN_A_ROW: u8 = 16;

/// How long a server that seems not to read gets after this process was stopped.
const GRACE: Duration = Duration::from_secs(1);

/// How long writing the last frames and the closing handshake may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// An event of the connection.
pub(super) enum WireEvent {
    /// The connection was made, and is used from now on.
    Connected { framing: Framing, confidential: bool, bindings: ChannelBindings },
    /// A frame was received.
    Frame(Frame),
    /// The connection was lost or could not be made.
    Lost(Loss),
}

/// An open connection, an attempt to make one, or nothing.
pub(super) enum Wire {
    Nothing,
    Dialling(BoxFuture<'static, Result<Dialled, ConnectorError>>),
    Open(Box<OpenConnection>),
}

/// An open connection and the frames that are queued for it.
pub(super) struct OpenConnection {
    connection: Connection,
    queue: VecDeque<Frame>,
    /// Frames read since frames were last written.
    reads: u8,
    /// Whether the connection has frames that are not flushed.
    needs_flush: bool,
    /// The write timeout, which runs while the server reads nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    write_timeout: Duration,
}

impl Wire {
    pub(super) fn dial(connector: Arc<dyn Connector>, redirect: Option<Redirect>) -> Self {
        Self::Dialling(Box::pin(async move { connector.connect(redirect.as_ref()).await }))
    }

    /// Queues a frame. Frames that are queued before the next poll are written together.
    pub(super) fn send(&mut self, frame: Frame) {
        if let Self::Open(open) = self {
            open.queue.push_back(frame);
        }
    }

    /// Writes queued frames, as many as the connection takes without waiting. For the end of the
    /// driver.
    pub(super) fn write_now(&mut self) {
        if let Self::Open(open) = self {
            open.write_now();
        }
    }

    /// Whether so many frames are queued that no more commands should be taken.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Open(open) if open.queue.len() >= BUSY)
    }

    /// Gives the connection up. The returned future writes the queued frames and closes the
    /// connection, within [`CLOSE_TIMEOUT`].
    pub(super) fn release(&mut self) -> Option<BoxFuture<'static, ()>> {
        match std::mem::replace(self, Self::Nothing) {
            Self::Nothing | Self::Dialling(_) => None,
            Self::Open(open) => Some(Box::pin(async move {
                // In case of an error the connection is just dropped.
                let _ = timeout(CLOSE_TIMEOUT, open.close()).await;
            })),
        }
    }

    /// Connects, reads and writes. A lost connection is dropped.
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
                    *self = Self::Open(Box::new(OpenConnection::new(connection, write_timeout)));
                    return Poll::Ready(WireEvent::Connected { framing, confidential, bindings });
                }
                Err(error) => WireEvent::Lost(Loss::ConnectFailed(Arc::from(error))),
            },
            Self::Open(open) => match ready!(open.poll_event(cx)) {
                Ok(frame) => return Poll::Ready(WireEvent::Frame(frame)),
                Err(loss) => WireEvent::Lost(loss),
            },
        };
        *self = Self::Nothing;
        Poll::Ready(event)
    }
}

impl OpenConnection {
    fn new(connection: Connection, write_timeout: Duration) -> Self {
        Self {
            connection,
            queue: VecDeque::new(),
            reads: 0,
            needs_flush: false,
            stalled: None,
            write_timeout,
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, Loss>> {
        if self.queue.len() > QUEUE {
            return Poll::Ready(Err(Loss::WriteStalled));
        }
        // Frames that have arrived are read first, because nothing can be read after a failed
        // write: a server that closes may have sent its reason before.
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
                    // This process was stopped, so the server gets a second chance to read.
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

    /// The loss after a failure to read or write. If the server has closed the connection, its
    /// reason counts.
    fn lost(&self, error: TransportError) -> Loss {
        match (error, self.connection.close_reason()) {
            (TransportError::TooLarge { limit }, _) => Loss::TooLarge(limit),
            (TransportError::Closed | TransportError::Io(_), Some(close)) => {
                Loss::Closed(Some(close.clone()))
            }
            (error, _) => Loss::Broken(Arc::new(error)),
        }
    }

    /// Writes queued frames, as many as the connection takes without waiting.
    fn write_now(&mut self) {
        // Frames that cannot be written now are lost with the connection.
        let _ = self.poll_write(&mut Context::from_waker(Waker::noop()));
    }

    /// Writes the queued frames; ready when all of them are flushed.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut connection = Pin::new(&mut self.connection);
        while !self.queue.is_empty() {
            ready!(connection.as_mut().poll_ready(cx))?;
            if let Some(frame) = self.queue.pop_front() {
                connection.as_mut().start_send(frame)?;
                self.needs_flush = true;
                // The server reads: the write timeout starts again.
                if let Some(stalled) = &mut self.stalled {
                    stalled.as_mut().reset(Instant::now() + self.write_timeout);
                }
            }
        }
        if self.needs_flush {
            ready!(connection.poll_flush(cx))?;
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    async fn close(mut self: Box<Self>) -> Result<(), TransportError> {
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
    async fn frames_of_a_server_that_is_gone_are_read_although_writing_fails() {
        let (connection, mut server) = mfly_transport::pair();
        let mut open = OpenConnection::new(connection, Duration::from_secs(10));
        for frame in ["<first/>", "<last/>"] {
            server.send(Frame::from(frame)).await.unwrap();
        }
        drop(server);
        open.queue.push_back(Frame::from("<presence/>"));
        for frame in ["<first/>", "<last/>"] {
            let received = poll_fn(|cx| open.poll_event(cx)).await.unwrap();
            assert_eq!(received.as_str(), frame);
        }
        let loss = poll_fn(|cx| open.poll_event(cx)).await.unwrap_err();
        assert!(matches!(loss, Loss::Broken(_)), "{loss:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_does_not_keep_queued_frames_from_being_sent() {
        let (connection, mut server) = mfly_transport::pair();
        let mut open = OpenConnection::new(connection, Duration::from_secs(10));
        for _ in 0..100 {
            server.feed(Frame::from("<presence/>")).await.unwrap();
        }
        server.flush().await.unwrap();
        open.queue.push_back(Frame::from("<answer/>"));
        for _ in 0..=READS_IN_A_ROW {
            poll_fn(|cx| open.poll_event(cx)).await.unwrap();
        }
        let answer = server.next().await.unwrap().unwrap();
        assert_eq!(answer.as_str(), "<answer/>");
    }
}
