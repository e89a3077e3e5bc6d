//! What all tasks of one server share, and the only way to the core.

use crate::addresses::Addresses;
use crate::core::Core;
use crate::faults::{ConnectionFault, Faults};
use crate::journal::{Direction, Recorder};
use crate::media_store::MediaStore;
use crate::signalling::hub::Hub;
use crate::stream::StreamMeta;
use crate::token::Tokens;
use crate::world::{Output, StreamId, Timestamp};
use mfly_proto::framing::{Frame, Framing};
use mfly_proto::jid::UserId;
use mfly_proto::sasl::ChannelBindings;
use mfly_proto::stream::StreamCondition;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, Semaphore, mpsc, watch};

/// Bytes that may wait for one connection. A client that does not read that much is cut off. Small frames may be many:
/// whoever comes online hears of everybody else at once.
const QUEUED_BYTES: usize = 8 * 1024 * 1024;

/// What a waiting command takes beside its text.
const COMMAND_BYTES: usize = size_of::<Command>();

/// Files that are received at a time.
const FILES: usize = 8;

/// What a connection's task has to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Write this frame.
    Send(Frame),
    /// Close the connection once everything before is written.
    Close,
    /// Agree to TLS with this frame once everything before is written, and encrypt the connection.
    Secure(Frame),
    /// Neither read nor write any more.
    Silence,
}

/// A connection's side of the queue between core and socket.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// What to do, in order. [`QUEUED_BYTES`] bounds it.
    commands: mpsc::UnboundedReceiver<Command>,
    /// Bytes that wait in it.
    waiting: Arc<AtomicUsize>,
    /// Drop the socket now.
    pub(crate) cut: Arc<Notify>,
}

impl Outgoing {
    /// The next thing to do; `None` when there will be no more.
    pub(crate) async fn next(&mut self) -> Option<Command> {
        let command = self.commands.recv().await?;
        Some(self.taken(command))
    }

    /// The next thing to do, if it waits already.
    pub(crate) fn try_next(&mut self) -> Option<Command> {
        let command = self.commands.try_recv().ok()?;
        Some(self.taken(command))
    }

    fn taken(&self, command: Command) -> Command {
        self.waiting.fetch_sub(command.bytes(), Ordering::Relaxed);
        command
    }
}

impl Command {
    fn bytes(&self) -> usize {
        COMMAND_BYTES
            + match self {
                Self::Send(frame) | Self::Secure(frame) => frame.as_bytes().len(),
                Self::Close | Self::Silence => 0,
            }
    }
}

struct Queue {
    framing: Framing,
    commands: mpsc::UnboundedSender<Command>,
    waiting: Arc<AtomicUsize>,
    cut: Arc<Notify>,
}

/// The core, and the queues its output goes to. One lock keeps both in step.
struct Protocol {
    core: Core,
    queues: BTreeMap<StreamId, Queue>,
}

/// What all tasks of one server share.
pub(crate) struct Shared {
    protocol: Mutex<Protocol>,
    media: Mutex<MediaStore>,
    signalling: Mutex<Hub>,
    /// The signalling server's next deadline may have come nearer.
    signalling_deadline: Notify,
    /// The core's next deadline may have changed.
    deadline: Notify,
    /// Bounds the files that are received at a time; further ones wait.
    pub(crate) receiving_files: Semaphore,
    /// Faults for REST.
    pub(crate) faults: Faults,
    /// The journal's store.
    pub(crate) recorder: Arc<Recorder>,
    /// The signer of tokens.
    pub(crate) tokens: Tokens,
    /// The bound sockets.
    pub(crate) addresses: Addresses,
    /// `true` once the server is stopping.
    stopping: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn new(
        core: Core,
        token_secret: [u8; 64],
        addresses: Addresses,
        signalling: Hub,
    ) -> Self {
        Self {
            protocol: Mutex::new(Protocol {
                core,
                queues: BTreeMap::new(),
            }),
            media: Mutex::default(),
            signalling: Mutex::new(signalling),
            signalling_deadline: Notify::new(),
            deadline: Notify::new(),
            receiving_files: Semaphore::new(FILES),
            faults: Faults::default(),
            recorder: Arc::new(Recorder::new()),
            tokens: Tokens::new(token_secret),
            addresses,
            stopping: watch::Sender::new(false),
        }
    }

    /// The time of day: the one place where the server reads it.
    pub(crate) fn now() -> Timestamp {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }

    /// Lets `work` change the core, and hands on everything the core then wants to send.
    pub(crate) fn with_core<R>(&self, work: impl FnOnce(&mut Core, Timestamp) -> R) -> R {
        let now = Self::now();
        self.change(|protocol| {
            let result = work(&mut protocol.core, now);
            self.drain(protocol, now);
            result
        })
    }

    /// Lets `work` change core and queues, and wakes the clock if it has to look again earlier than it believes. Once more than
    /// that would cost a switch of tasks for every frame.
    fn change<R>(&self, work: impl FnOnce(&mut Protocol) -> R) -> R {
        let mut protocol = self.protocol();
        let before = protocol.core.poll_timeout();
        let result = work(&mut protocol);
        let after = protocol.core.poll_timeout();
        drop(protocol);
        let is_earlier = match (before, after) {
            (Some(before), Some(after)) => after < before,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        if is_earlier {
            self.deadline.notify_one();
        }
        result
    }

    /// Lets `work` look at the core.
    pub(crate) fn read_core<R>(&self, work: impl FnOnce(&Core) -> R) -> R {
        work(&self.protocol().core)
    }

    /// Lets `work` use the media store.
    pub(crate) fn with_media<R>(&self, work: impl FnOnce(&mut MediaStore) -> R) -> R {
        // A poisoned store may miss a file but holds no broken one.
        work(&mut self.media.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets `work` use the signalling server's clients. The core must not be used inside.
    pub(crate) fn with_hub<R>(&self, work: impl FnOnce(&mut Hub) -> R) -> R {
        work(
            &mut self
                .signalling
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Tells the signalling server's clock that a deadline may have come nearer.
    pub(crate) fn signalling_deadline_changed(&self) {
        self.signalling_deadline.notify_one();
    }

    /// Waits for that.
    pub(crate) async fn signalling_changed(&self) {
        self.signalling_deadline.notified().await;
    }

    /// Takes in a connection.
    pub(crate) fn open(&self, meta: StreamMeta) -> (StreamId, Outgoing) {
        let now = Self::now();
        let (sender, commands) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let cut = Arc::new(Notify::new());
        let queue = Queue {
            framing: meta.framing,
            commands: sender,
            waiting: Arc::clone(&waiting),
            cut: Arc::clone(&cut),
        };
        let id = self.change(|protocol| {
            let id = protocol.core.open(now, meta);
            protocol.queues.insert(id, queue);
            self.drain(protocol, now);
            id
        });
        let outgoing = Outgoing {
            commands,
            waiting,
            cut,
        };
        (id, outgoing)
    }

    /// Hands a received frame to the core.
    pub(crate) fn received(&self, id: StreamId, frame: Frame) {
        let now = Self::now();
        self.change(|protocol| {
            self.record(protocol, Direction::Received, id, &frame);
            protocol.core.frame(now, id, frame);
            self.drain(protocol, now);
        });
    }

    /// Records that a client is told to begin TLS.
    pub(crate) fn agreed(&self, id: StreamId, agreement: &Frame) {
        let protocol = self.protocol();
        self.record(&protocol, Direction::Sent, id, agreement);
    }

    /// Tells the core that a connection is encrypted.
    pub(crate) fn secured(&self, id: StreamId, bindings: ChannelBindings) {
        self.protocol().core.secured(id, bindings);
    }

    /// Tells the core that what arrived cannot be cut into frames.
    pub(crate) fn malformed(&self, id: StreamId, condition: StreamCondition) {
        self.with_core(|core, now| core.malformed(now, id, condition));
    }

    /// Tells the core that a connection is gone.
    pub(crate) fn closed(&self, id: StreamId) {
        let now = Self::now();
        self.change(|protocol| {
            protocol.queues.remove(&id);
            protocol.core.closed(now, id);
            self.drain(protocol, now);
        });
    }

    /// Begins to stop the server: all streams end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
        self.with_core(|core, now| core.stop(now));
    }

    /// Waits until the server is stopping.
    pub(crate) async fn stopped(&self) {
        // Cannot fail: the sender lives as long as `self`.
        let _ = self
            .stopping
            .subscribe()
            .wait_for(|is_stopping| *is_stopping)
            .await;
    }

    /// Waits until the core's next deadline may have changed.
    pub(crate) async fn deadline_changed(&self) {
        self.deadline.notified().await;
    }

    /// Lets all connections of `user` suffer `fault`; says how many there were.
    pub(crate) fn break_connections(&self, user: &UserId, fault: &ConnectionFault) -> usize {
        let now = Self::now();
        let mut protocol = self.protocol();
        let streams = protocol.core.world().streams_of(user);
        for id in &streams {
            match fault {
                ConnectionFault::Drop => self.cut(&mut protocol, now, *id),
                ConnectionFault::Send(text) => {
                    self.queue(&mut protocol, now, *id, Command::Send(text.clone().into()));
                }
                ConnectionFault::CloseWith(text) => {
                    self.queue(&mut protocol, now, *id, Command::Send(text.clone().into()));
                    self.end(&mut protocol, now, *id);
                    protocol.core.closed(now, *id);
                }
                ConnectionFault::Silence => {
                    self.queue(&mut protocol, now, *id, Command::Silence);
                }
            }
        }
        self.drain(&mut protocol, now);
        streams.len()
    }

    fn drain(&self, protocol: &mut Protocol, now: Timestamp) {
        while let Some(output) = protocol.core.poll_output() {
            match output {
                Output::Send(id, frame) => self.queue(protocol, now, id, Command::Send(frame)),
                Output::Close(id) => self.end(protocol, now, id),
                Output::Secure(id, agreement) => {
                    self.queue(protocol, now, id, Command::Secure(agreement));
                }
                Output::LogoutWeb(code) => self.with_hub(|hub| hub.log_out(&code)),
            }
        }
    }

    /// Queues a stream's closing tag and the end of its connection.
    fn end(&self, protocol: &mut Protocol, now: Timestamp, id: StreamId) {
        let Some(queue) = protocol.queues.get(&id) else {
            return;
        };
        let farewell = queue.framing.server_close();
        self.queue(protocol, now, id, Command::Send(farewell));
        self.queue(protocol, now, id, Command::Close);
    }

    /// Queues a command; a connection whose queue is full is cut off.
    fn queue(&self, protocol: &mut Protocol, now: Timestamp, id: StreamId, command: Command) {
        if let Command::Send(frame) = &command {
            self.record(protocol, Direction::Sent, id, frame);
        }
        let Some(queue) = protocol.queues.get(&id) else {
            return;
        };
        let bytes = command.bytes();
        let waiting = queue.waiting.fetch_add(bytes, Ordering::Relaxed);
        if waiting + bytes > QUEUED_BYTES || queue.commands.send(command).is_err() {
            self.cut(protocol, now, id);
        }
    }

    fn cut(&self, protocol: &mut Protocol, now: Timestamp, id: StreamId) {
        if let Some(queue) = protocol.queues.remove(&id) {
            queue.cut.notify_one();
            protocol.core.closed(now, id);
        }
    }

    fn record(&self, protocol: &Protocol, direction: Direction, id: StreamId, frame: &Frame) {
        let session = protocol.core.world().session(id);
        let user = session.map(|session| session.user.as_str().to_owned());
        self.recorder.frame(direction, id.0, user, frame.as_str());
    }

    /// The core checks its own rules again with every call, so a panic in a test's closure does
    /// not make it unusable.
    fn protocol(&self) -> MutexGuard<'_, Protocol> {
        self.protocol.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::settings;
    use std::time::Duration;

    fn shared() -> Shared {
        let core = Core::new(settings(), [1; 32]).unwrap();
        let plain = "127.0.0.1:1".parse().unwrap();
        Shared::new(
            core,
            [2; 64],
            Addresses::plain(plain),
            Hub::new(Duration::from_secs(60)),
        )
    }

    fn queue(shared: &Shared, id: StreamId, text: &str) {
        let mut protocol = shared.protocol();
        let now = Shared::now();
        shared.queue(
            &mut protocol,
            now,
            id,
            Command::Send(text.to_owned().into()),
        );
    }

    fn is_open(shared: &Shared, id: StreamId) -> bool {
        shared.protocol().queues.contains_key(&id)
    }

    #[test]
    fn presence_of_thousands_may_wait_for_a_connection() {
        let shared = shared();
        let (id, mut outgoing) = shared.open(StreamMeta::default());
        for _ in 0..10_000 {
            queue(&shared, id, &"x".repeat(300));
        }
        assert!(is_open(&shared, id));
        while outgoing.try_next().is_some() {}
        assert_eq!(outgoing.waiting.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_connection_that_reads_nothing_is_cut_before_it_takes_much_memory() {
        let shared = shared();
        let (id, _outgoing) = shared.open(StreamMeta::default());
        let large = "x".repeat(256 * 1024);
        for _ in 0..QUEUED_BYTES / large.len() + 1 {
            queue(&shared, id, &large);
        }
        assert!(!is_open(&shared, id));
    }
}
