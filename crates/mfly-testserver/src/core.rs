//! The protocol core: frames and times in, frames out. No socket, no clock, no random source.
//!
//! The shell's rule: call one of [`Core::open`], [`Core::frame`], [`Core::malformed`],
//! [`Core::secured`], [`Core::closed`], [`Core::timeout`] or an operation of [`Core::world_mut`],
//! then take [`Core::poll_output`] until it is `None`, then sleep until [`Core::poll_timeout`].

pub(crate) mod call;
pub(crate) mod dispatch;
pub(crate) mod feature;
pub(crate) mod memory;
pub(crate) mod relay;
pub(crate) mod stream;
pub(crate) mod world;

use crate::core::feature::session_end;
use crate::core::stream::{Stream, StreamMeta};
use crate::core::world::{Output, Settings, StreamId, Timestamp, World};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::framing::Frame;
use mfly_proto::sasl::ChannelBindings;
use mfly_proto::stream::StreamCondition;
use std::collections::{BTreeMap, BTreeSet};

/// The world and its streams.
pub(crate) struct Core {
    world: World,
    streams: BTreeMap<StreamId, Stream>,
    /// Deadline of every stream, soonest first.
    deadlines: BTreeSet<(Timestamp, StreamId)>,
    next_stream: u64,
}

impl Core {
    /// An empty server. Identifiers and passwords are drawn from `seed`.
    ///
    /// # Errors
    /// When the XMPP host is not a domain, or an initialisation vector is not ASCII.
    pub(crate) fn new(settings: Settings, seed: [u8; 32]) -> Result<Self, InvalidArgument> {
        Ok(Self {
            world: World::new(settings, seed)?,
            streams: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            next_stream: 0,
        })
    }

    /// The accounts and sessions.
    pub(crate) const fn world(&self) -> &World {
        &self.world
    }

    /// The accounts and sessions, for operations that do not come over a stream.
    pub(crate) const fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// A connection was accepted.
    pub(crate) fn open(&mut self, now: Timestamp, meta: StreamMeta) -> StreamId {
        self.next_stream += 1;
        self.world.first_stream_at(now);
        let id = StreamId(self.next_stream);
        if self.streams.len() >= self.world.settings.max_streams {
            Stream::new(now, meta, &self.world.settings).refuse(now, id, &mut self.world);
            return id;
        }
        let stream = Stream::new(now, meta, &self.world.settings);
        self.deadlines.insert((stream.deadline(), id));
        self.streams.insert(id, stream);
        id
    }

    /// A frame arrived. Frames of closed streams are ignored.
    pub(crate) fn frame(&mut self, now: Timestamp, id: StreamId, frame: Frame) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let before = stream.deadline();
        stream.on_frame(now, id, frame, &mut self.world);
        let after = stream.deadline();
        self.reschedule(id, before, after);
    }

    /// A connection is encrypted now, as [`Output::Secure`] asked.
    pub(crate) fn secured(&mut self, id: StreamId, bindings: ChannelBindings) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.on_secured(bindings);
        }
    }

    /// The bytes of a connection are no XML stream.
    pub(crate) fn malformed(&mut self, now: Timestamp, id: StreamId, condition: StreamCondition) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let before = stream.deadline();
        stream.end(now, id, condition, &mut self.world);
        let after = stream.deadline();
        self.reschedule(id, before, after);
    }

    /// Ends every stream: the server stops.
    pub(crate) fn stop(&mut self, now: Timestamp) {
        // Otherwise each session would be told that the others leave.
        self.world.drop_sessions();
        for (id, stream) in &mut self.streams {
            let before = stream.deadline();
            stream.end(now, *id, StreamCondition::SystemShutdown, &mut self.world);
            self.deadlines.remove(&(before, *id));
        }
    }

    /// The connection was closed, by either side.
    pub(crate) fn closed(&mut self, now: Timestamp, id: StreamId) {
        session_end::unbind(&mut self.world, now, id);
        self.forget(id);
    }

    /// Handles the deadlines that have passed.
    pub(crate) fn timeout(&mut self, now: Timestamp) {
        let due: Vec<_> = self.deadlines.range(..=(now, StreamId(u64::MAX))).copied().collect();
        for (before, id) in due {
            let Some(stream) = self.streams.get_mut(&id) else {
                continue;
            };
            stream.on_timeout(now, id, &mut self.world);
            let after = stream.deadline();
            self.reschedule(id, before, after);
        }
        session_end::end_due(&mut self.world, now);
    }

    /// When [`Core::timeout`] has to be called next.
    pub(crate) fn poll_timeout(&self) -> Option<Timestamp> {
        let stream = self.deadlines.first().map(|(deadline, _)| *deadline);
        match (stream, self.world.next_end()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// The next output for the shell.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        let output = self.world.poll_output()?;
        if let Output::Close(id) = output {
            self.forget(id);
        }
        Some(output)
    }

    fn forget(&mut self, id: StreamId) {
        if let Some(stream) = self.streams.remove(&id) {
            self.deadlines.remove(&(stream.deadline(), id));
        }
    }

    fn reschedule(&mut self, id: StreamId, before: Timestamp, after: Timestamp) {
        if before != after {
            self.deadlines.remove(&(before, id));
            self.deadlines.insert((after, id));
        }
    }
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod scenario;
#[cfg(test)]
pub(crate) mod testing;
