//! The state that all tasks of one server share. The core is reached through it alone.

mod persistence;
mod queue;

pub(crate) use persistence::Persistence;
pub(crate) use queue::{Command, Fate, Outgoing};

use crate::clock::Clock;
use crate::core::Core;
use crate::core::feature::session_end;
use crate::core::memory::{Budget, Memory};
use crate::core::stream::StreamMeta;
use crate::core::world::{Output, StreamId, Timestamp};
use crate::handle::faults::{ConnectionFault, Faults};
use crate::handle::journal::opened;
use crate::handle::journal::{Direction, Recorder, RequestEntry, TEXT_BYTES};
use crate::lock::lock;
use crate::net::addresses::Addresses;
use crate::net::admission::Admission;
use crate::net::reading::Reading;
use crate::rest::media::store::MediaStore;
use crate::rest::token::Tokens;
use crate::signalling::hub::Hub;
use mfly_proto::cipher::RequestCipher;
use mfly_proto::framing::{Frame, Framing};
use mfly_proto::jid::UserId;
use mfly_proto::sasl::ChannelBindings;
use mfly_proto::stream::{StreamCondition, StreamError};
use queue::Queue;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// The core, and the queues for its output. One lock guards both, so that frames keep their order.
struct CoreAndQueues {
    core: Core,
    queues: BTreeMap<StreamId, (Framing, Queue)>,
}

pub(crate) struct ServerState {
    protocol: Mutex<CoreAndQueues>,
    media: Mutex<MediaStore>,
    signalling: Mutex<Hub>,
    /// Notified when the signalling server's next deadline may be earlier.
    signalling_deadline: Notify,
    /// Notified when the core's next deadline is earlier.
    deadline: Notify,
    /// Limits of the memory that is used for clients.
    pub(crate) limits: Memory,
    /// Counts requests and stanzas that are not complete.
    pub(crate) reading: Arc<Reading>,
    /// Counts responses that are being sent.
    pub(crate) answers: Arc<Budget>,
    /// Counts frames that wait for XMPP connections.
    queued: Arc<Budget>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) faults: Faults,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) tokens: Tokens,
    pub(crate) addresses: Addresses,
    pub(crate) clock: Arc<Clock>,
    persistence: Persistence,
    /// Becomes `true` when the server stops.
    stopping: watch::Sender<bool>,
}

impl ServerState {
    pub(crate) fn new(
        core: Core,
        token_secret: [u8; 64],
        addresses: Addresses,
        limits: Memory,
        admission: Arc<Admission>,
        code_lifetime: Duration,
        persistence: Persistence,
    ) -> Self {
        let clock = Arc::new(Clock::default());
        Self {
            protocol: Mutex::new(CoreAndQueues { core, queues: BTreeMap::new() }),
            media: Mutex::new(MediaStore::new(limits.media)),
            signalling: Mutex::new(Hub::new(code_lifetime, limits.signalling)),
            signalling_deadline: Notify::new(),
            deadline: Notify::new(),
            limits,
            reading: Reading::new(limits.reading),
            answers: Budget::new(limits.answers),
            queued: Budget::new(limits.queued),
            admission,
            faults: Faults::default(),
            recorder: Arc::new(Recorder::new(limits.journal, Arc::clone(&clock))),
            tokens: Tokens::new(token_secret),
            addresses,
            clock,
            persistence,
            stopping: watch::Sender::new(false),
        }
    }

    /// The server's time of day.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets `change` set the clock, then handles the deadlines that have passed.
    pub(crate) fn set_clock(&self, change: impl FnOnce(&Clock)) {
        change(&self.clock);
        self.deadline.notify_one();
    }

    /// Lets `work` change the core, and queues the frames that the core then sends.
    pub(crate) fn with_core<R>(&self, work: impl FnOnce(&mut Core, Timestamp) -> R) -> R {
        let now = self.now();
        self.change(|protocol| {
            let result = work(&mut protocol.core, now);
            self.drain(protocol, now);
            result
        })
    }

    /// Lets `work` change core and queues, and wakes the clock only if its next deadline is now
    /// earlier: a wake-up for every frame would cost a task switch each.
    fn change<R>(&self, work: impl FnOnce(&mut CoreAndQueues) -> R) -> R {
        let mut protocol = lock(&self.protocol);
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

    pub(crate) fn read_core<R>(&self, work: impl FnOnce(&Core) -> R) -> R {
        work(&lock(&self.protocol).core)
    }

    pub(crate) fn with_media<R>(&self, work: impl FnOnce(&mut MediaStore) -> R) -> R {
        work(&mut lock(&self.media))
    }

    /// Lets `work` use the signalling server's clients. `work` must not use the core.
    pub(crate) fn with_hub<R>(&self, work: impl FnOnce(&mut Hub) -> R) -> R {
        work(&mut lock(&self.signalling))
    }

    /// Tells the signalling server's clock that its next deadline may be earlier.
    pub(crate) fn signalling_deadline_changed(&self) {
        self.signalling_deadline.notify_one();
    }

    /// Waits until the signalling server's next deadline may be earlier.
    pub(crate) async fn signalling_changed(&self) {
        self.signalling_deadline.notified().await;
    }

    pub(crate) fn open(&self, meta: StreamMeta) -> (StreamId, Outgoing) {
        let now = self.now();
        let (queue, outgoing) = queue::queue(&self.queued);
        let framing = meta.framing;
        let id = self.change(|protocol| {
            let id = protocol.core.open(now, meta);
            protocol.queues.insert(id, (framing, queue));
            self.drain(protocol, now);
            id
        });
        (id, outgoing)
    }

    /// Passes a received frame to the core. Returns whether the stream then has a session.
    pub(crate) fn received(&self, id: StreamId, frame: Frame) -> bool {
        let now = self.now();
        self.change(|protocol| {
            self.record(protocol, Direction::Received, id, frame.as_str());
            protocol.core.frame(now, id, frame);
            self.drain(protocol, now);
            protocol.core.world().session(id).is_some()
        })
    }

    /// Records the frame that agrees to TLS in the journal.
    pub(crate) fn agreed(&self, id: StreamId, agreement: &Frame) {
        let protocol = lock(&self.protocol);
        self.record(&protocol, Direction::Sent, id, agreement.as_str());
    }

    pub(crate) fn secured(&self, id: StreamId, bindings: ChannelBindings) {
        lock(&self.protocol).core.secured(id, bindings);
    }

    /// Tells the core that the bytes of a client are no frames, or exceed a limit.
    pub(crate) fn malformed(&self, id: StreamId, condition: StreamCondition) {
        self.with_core(|core, now| core.malformed(now, id, condition));
    }

    pub(crate) fn closed(&self, id: StreamId) {
        let now = self.now();
        self.change(|protocol| {
            protocol.queues.remove(&id);
            protocol.core.closed(now, id);
            self.drain(protocol, now);
        });
    }

    /// Begins to stop the server by ending all streams.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
        self.with_core(|core, now| core.stop(now));
    }

    pub(crate) async fn stopped(&self) {
        // Cannot fail: the sender lives as long as `self`.
        let _ = self.stopping.subscribe().wait_for(|is_stopping| *is_stopping).await;
    }

    /// Waits until the core's next deadline is earlier.
    pub(crate) async fn deadline_changed(&self) {
        self.deadline.notified().await;
    }

    /// Applies `fault` to all connections of `user`, and returns how many there are.
    pub(crate) fn apply_fault(&self, user: &UserId, fault: &ConnectionFault) -> usize {
        let now = self.now();
        let mut protocol = lock(&self.protocol);
        let streams = protocol.core.world().streams_of(user);
        for id in &streams {
            match fault {
                ConnectionFault::Cut => Self::cut(&mut protocol, now, *id, Fate::Cut),
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

    /// Ends the session of a stream: with a stream error, or by dropping its connection. `false` if
    /// there is no such session.
    pub(crate) fn end_session(&self, stream: StreamId, is_cut: bool) -> bool {
        let now = self.now();
        self.change(|protocol| {
            let exists = protocol.core.world().session(stream).is_some();
            if exists && is_cut {
                Self::cut(protocol, now, stream, Fate::Cut);
            } else if exists {
                let error = StreamError::new(StreamCondition::Reset);
                session_end::end(protocol.core.world_mut(), now, stream, &error);
            }
            self.drain(protocol, now);
            exists
        })
    }

    fn drain(&self, protocol: &mut CoreAndQueues, now: Timestamp) {
        while let Some(output) = protocol.core.poll_output() {
            match output {
                Output::Send(id, parcel) => self.queue(protocol, now, id, Command::Send(parcel)),
                Output::Close(id) => self.end(protocol, now, id),
                Output::Secure(id, agreement) => {
                    self.queue(protocol, now, id, Command::Secure(agreement));
                }
                Output::LogoutWeb(code) => self.with_hub(|hub| hub.log_out(&code)),
            }
        }
    }

    /// Queues a stream's closing tag and the end of its connection.
    fn end(&self, protocol: &mut CoreAndQueues, now: Timestamp, id: StreamId) {
        let Some((framing, _)) = protocol.queues.get(&id) else {
            return;
        };
        let closing_tag = framing.server_close().into();
        self.queue(protocol, now, id, Command::Send(closing_tag));
        self.queue(protocol, now, id, Command::Close);
    }

    /// Queues a command. Ends the connection if its queue is too long, and the connections with the
    /// longest queues if all queues together are.
    fn queue(&self, protocol: &mut CoreAndQueues, now: Timestamp, id: StreamId, command: Command) {
        if let Command::Send(parcel) = &command {
            let text = parcel.beginning(2 * TEXT_BYTES);
            self.record(protocol, Direction::Sent, id, &text);
        }
        let Some((_, queue)) = protocol.queues.get(&id) else {
            return;
        };
        if !queue.push(command) {
            Self::cut(protocol, now, id, Fate::Shed);
        }
        self.make_room(protocol, now);
    }

    /// Ends the connections with the longest queues until the other queues fit.
    fn make_room(&self, protocol: &mut CoreAndQueues, now: Timestamp) {
        while self.queued.is_exceeded() {
            let waiting = protocol.queues.iter();
            let waiting = waiting.map(|(id, (_, queue))| (queue.waiting(), *id));
            match waiting.max() {
                Some((1.., id)) => Self::cut(protocol, now, id, Fate::Shed),
                Some((0, _)) | None => return,
            }
        }
    }

    /// Ends connections if the copy that one of them has made to write exceeds the limit.
    pub(crate) fn copied(&self) {
        if self.queued.is_exceeded() {
            let now = self.now();
            self.change(|protocol| {
                self.make_room(protocol, now);
                self.drain(protocol, now);
            });
        }
    }

    fn cut(protocol: &mut CoreAndQueues, now: Timestamp, id: StreamId, fate: Fate) {
        if let Some((_, queue)) = protocol.queues.remove(&id) {
            queue.end(fate);
            protocol.core.closed(now, id);
        }
    }

    fn record(&self, protocol: &CoreAndQueues, direction: Direction, id: StreamId, text: &str) {
        let session = protocol.core.world().session(id);
        let user = session.map(|session| session.user.as_str().to_owned());
        self.recorder.frame(direction, id.0, user, text);
    }

    /// Records a request in the journal, with the bodies of request and response.
    pub(crate) fn record_request(&self, mut entry: RequestEntry, body: &[u8], answer: &[u8]) {
        let cipher =
            || self.read_core(|core| RequestCipher::new(&core.world().settings.licence_key));
        entry.opened = opened::request(&entry, body, answer, cipher);
        self.recorder.request(entry, body, answer);
    }

    /// The memory that is used for clients now.
    pub(crate) fn memory(&self) -> Memory {
        Memory {
            journal: self.recorder.bytes(),
            queued: self.queued.held(),
            signalling: self.with_hub(|hub| hub.bytes()),
            media: self.with_media(|store| store.bytes()),
            reading: self.reading.held(),
            answers: self.answers.held(),
        }
    }
}

impl fmt::Debug for ServerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerState")
    }
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::queue::QUEUED_BYTES;
    use super::*;

    fn state(queued: usize) -> Arc<ServerState> {
        testing::state(Memory { queued, ..Memory::DEFAULT_LIMITS })
    }

    fn send(state: &ServerState, ids: &[StreamId], text: &str) {
        state.with_core(|core, _| {
            for id in ids {
                let text = format!("<message to='{}'>{text}</message>", id.0);
                core.world_mut().send(*id, text.into());
            }
        });
    }

    fn is_open(state: &ServerState, id: StreamId) -> bool {
        lock(&state.protocol).queues.contains_key(&id)
    }

    #[test]
    fn presence_of_thousands_may_wait_for_a_connection_and_is_not_counted_once_written() {
        let state = state(Memory::DEFAULT_LIMITS.queued);
        let (id, outgoing) = state.open(StreamMeta::default());
        for _ in 0..10_000 {
            send(&state, &[id], &"x".repeat(300));
        }
        assert!(is_open(&state, id));
        while outgoing.try_next().is_some() {}
        assert!(state.memory().queued > 3_000_000);
        outgoing.written();
        assert_eq!(state.memory().queued, 0);
        let (_, queue) = lock(&state.protocol).queues.remove(&id).unwrap();
        assert_eq!(queue.waiting(), 0);
    }

    #[tokio::test]
    async fn a_connection_that_reads_nothing_is_ended_before_it_takes_much_memory() {
        let state = state(Memory::DEFAULT_LIMITS.queued);
        let (id, outgoing) = state.open(StreamMeta::default());
        let large = "x".repeat(256 * 1024);
        for _ in 0..QUEUED_BYTES / large.len() + 1 {
            send(&state, &[id], &large);
        }
        assert!(!is_open(&state, id));
        assert_eq!(outgoing.ended().await, Fate::Shed);
        assert_eq!(state.memory().queued, 0);
    }

    #[test]
    fn text_that_all_receivers_have_in_common_is_kept_once() {
        let state = state(Memory::DEFAULT_LIMITS.queued);
        let open: Vec<_> = (0..50).map(|_| state.open(StreamMeta::default())).collect();
        let ids: Vec<_> = open.iter().map(|(id, _)| *id).collect();
        for number in 0..8 {
            send(&state, &ids, &format!("{number}{}", "x".repeat(240_000)));
        }
        assert!(ids.iter().all(|id| is_open(&state, *id)));
        let queued = state.memory().queued;
        assert!(queued < 8 * 240_000 + 50 * 8 * 512, "{queued}");
    }

    #[test]
    fn when_all_queues_together_are_too_long_the_slowest_reader_is_ended_first() {
        let state = state(2_000_000);
        let (slow, _one) = state.open(StreamMeta::default());
        let (slower, _two) = state.open(StreamMeta::default());
        let (quick, outgoing) = state.open(StreamMeta::default());
        for number in 0..100 {
            for (id, count) in [(slow, 1), (slower, 2), (quick, 1)] {
                for copy in 0..count {
                    // Different texts, which cannot be shared.
                    let text = format!("{number}{copy}{id:?}").repeat(1000);
                    send(&state, &[id], &text);
                }
            }
            while outgoing.try_next().is_some() {}
            outgoing.written();
            assert!(state.memory().queued <= 2_000_000);
            if !is_open(&state, slower) {
                break;
            }
        }
        let left = [slow, slower, quick].map(|id| is_open(&state, id));
        assert_eq!(left, [true, false, true]);
    }
}
