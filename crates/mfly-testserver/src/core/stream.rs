//! The server's side of one stream (RFC 6120 §4, RFC 7395), whatever carries it.
//!
//! ```text
//!  open                      SASL                open                bind
//! ──────► Authenticating ───────────► Reopening ───────► Binding ────────────► Online
//! Opening  │      ▲  │ │                                    ▲                   ▲ │
//!    │ │   │ open │  │ └──────────────── SASL2 ─────────────┴── with a binding ─┘ │
//!    │ └► Securing ──► TLS, over TCP   wrong: 3 tries                              │
//!    └─────┴─────────┴──────── stream error, close, time-out ────────────────────►┴─► Closed
//! ```
//! `Opening` and `Reopening` are one phase, told apart by who is logged in. A phase is a file and
//! owns its data.

mod authenticating;
mod binding;
pub(crate) mod fault;
mod login;
mod offer;
mod online;
mod opening;
mod sasl_server;
mod securing;

use crate::core::feature::session_end;
use crate::core::world::session::frame;
use crate::core::world::{Settings, StreamId, Timestamp, World};
use authenticating::Authenticating;
use binding::Binding;
use fault::StreamFaults;
use mfly_proto::framing::{Frame, FrameReader, Framing, Open, Received};
use mfly_proto::sasl::ChannelBindings;
use mfly_proto::stream::{StreamCondition, StreamError};
use online::Online;
use opening::Opening;
use securing::Securing;

/// What the shell knows about a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct StreamMeta {
    /// How it carries frames.
    pub(crate) framing: Framing,
    /// Whether it is encrypted.
    pub(crate) tls: bool,
    /// Whether it has to be encrypted before anything else.
    pub(crate) must_secure: bool,
    /// What an authentication can be tied to; nothing without TLS.
    pub(crate) bindings: ChannelBindings,
    /// What it has to suffer.
    pub(crate) faults: StreamFaults,
}

/// One XMPP stream of a client.
pub(crate) struct Stream {
    meta: StreamMeta,
    reader: FrameReader,
    phase: Phase,
    /// Until when it must be bound.
    handshake_deadline: Timestamp,
    /// Whether the client's last opening was answered: an error may not come before that (RFC 6120
    /// §4.9.1.1).
    greeted: bool,
}

enum Phase {
    Opening(Opening),
    Securing(Securing),
    Authenticating(Authenticating),
    Binding(Binding),
    Online(Online),
    Closed,
}

impl Phase {
    /// Whether the client opens a stream next, first or anew.
    const fn awaits_opening(&self) -> bool {
        matches!(self, Self::Opening(_))
    }
}

/// What a frame leads to.
enum Step {
    /// Go on in this phase.
    Become(Phase),
    /// End the stream with this error.
    Fail(StreamCondition),
    /// Ends the stream with this error and its text.
    FailWith(StreamError),
}

/// Where and when a frame is handled.
struct Cx<'a> {
    now: Timestamp,
    id: StreamId,
    meta: &'a StreamMeta,
    world: &'a mut World,
}

impl Cx<'_> {
    fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.world.send(self.id, frame(write));
    }
}

impl Stream {
    /// A stream that was just accepted.
    pub(crate) fn new(now: Timestamp, meta: StreamMeta, settings: &Settings) -> Self {
        Self {
            reader: FrameReader::new(meta.framing, offer::readable()),
            meta,
            phase: Phase::Opening(Opening::default()),
            handshake_deadline: now.after(settings.handshake_deadline),
            greeted: false,
        }
    }

    /// Turns the connection away: the server has as many as it may.
    pub(crate) fn refuse(mut self, now: Timestamp, id: StreamId, world: &mut World) {
        let error = StreamError::new(StreamCondition::ResourceConstraint);
        self.fail(now, id, world, error);
    }

    /// When [`Stream::on_timeout`] has to be called next.
    pub(crate) const fn deadline(&self) -> Timestamp {
        match &self.phase {
            Phase::Online(online) => online.deadline(),
            Phase::Closed => Timestamp(u64::MAX),
            _ => self.handshake_deadline,
        }
    }

    /// Handles one frame.
    pub(crate) fn on_frame(
        &mut self,
        now: Timestamp,
        id: StreamId,
        frame: Frame,
        world: &mut World,
    ) {
        if let Phase::Online(online) = &mut self.phase {
            online.heard();
        }
        let received = match self.reader.read(frame) {
            Ok(received) => received,
            Err(error) => return self.fail(now, id, world, StreamError::new(error.kind.into())),
        };
        let mut cx = Cx { now, id, meta: &self.meta, world: &mut *world };
        let phase = std::mem::replace(&mut self.phase, Phase::Closed);
        let step = match (phase, received) {
            (Phase::Closed, _) => return,
            (phase, Received::WhiteSpace) => Step::Become(phase),
            (_, Received::Close { .. }) => {
                session_end::unbind(world, now, id);
                return world.close(id);
            }
            (Phase::Opening(phase), Received::Open(open)) => {
                self.greeted = true;
                phase.on_open(&open, &mut cx)
            }
            (_, Received::Open(_) | Received::Skipped(_)) => {
                Step::Fail(StreamCondition::PolicyViolation)
            }
            (Phase::Opening(_), Received::Element(_)) => Step::Fail(StreamCondition::BadFormat),
            (Phase::Securing(phase), Received::Element(element)) => {
                phase.on_element(element.root(), &mut cx)
            }
            (Phase::Authenticating(phase), Received::Element(element)) => {
                phase.on_element(element.root(), &mut cx)
            }
            (Phase::Binding(phase), Received::Element(element)) => {
                phase.on_element(element.root(), &mut cx)
            }
            (Phase::Online(phase), Received::Element(element)) => {
                phase.on_element(element.root(), &mut cx)
            }
        };
        match step {
            Step::Become(phase) => {
                self.greeted &= !phase.awaits_opening();
                self.phase = phase;
            }
            Step::Fail(condition) => self.fail(now, id, world, StreamError::new(condition)),
            Step::FailWith(error) => self.fail(now, id, world, error),
        }
    }

    /// TLS was agreed on and is there: the client opens the stream anew.
    pub(crate) fn on_secured(&mut self, bindings: ChannelBindings) {
        if matches!(self.phase, Phase::Securing(_)) {
            self.meta.tls = true;
            self.meta.must_secure = false;
            self.meta.bindings = bindings;
            self.reader = FrameReader::new(self.meta.framing, offer::readable());
            self.phase = Phase::Opening(Opening::default());
            self.greeted = false;
        }
    }

    /// Ends the stream for a reason that lies outside of it.
    pub(crate) fn end(
        &mut self,
        now: Timestamp,
        id: StreamId,
        condition: StreamCondition,
        world: &mut World,
    ) {
        if !matches!(self.phase, Phase::Closed) {
            self.fail(now, id, world, StreamError::new(condition));
        }
    }

    /// Does what is due.
    pub(crate) fn on_timeout(&mut self, now: Timestamp, id: StreamId, world: &mut World) {
        let is_over = match &mut self.phase {
            Phase::Closed => false,
            Phase::Online(online) => !online.on_timeout(now, id, world),
            _ => self.handshake_deadline <= now,
        };
        if is_over {
            let error = StreamError::new(StreamCondition::ConnectionTimeout);
            self.fail(now, id, world, error);
        }
    }

    fn fail(&mut self, now: Timestamp, id: StreamId, world: &mut World, error: StreamError) {
        self.phase = Phase::Closed;
        if !self.greeted {
            self.greeted = true;
            greet(id, self.meta.framing, world);
        }
        session_end::end(world, now, id, &error);
    }
}

/// Sends the server's `<open/>` or stream header.
fn greet(id: StreamId, framing: Framing, world: &mut World) {
    let open = Open {
        from: Some(world.host().to_string()),
        id: Some(world.fresh_id()),
        lang: Some("en".to_owned()),
        to: None,
        version: Some("1.0".to_owned()),
    };
    world.send(id, frame(|buffer| framing.write_open(&open, buffer)));
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{Server, bind};

    #[test]
    fn a_client_that_names_no_resource_is_given_a_long_one() {
        for mut server in Server::every() {
            let stream = server.authenticated("u1");
            server.send(stream, &bind(""));
            let said = server.received(stream);
            let (_, resource) = said[0].split_once("<jid>u1@xmpp.example.test/").unwrap();
            assert!(resource.split('<').next().unwrap().len() >= 16, "{said:?}");
        }
    }
}
