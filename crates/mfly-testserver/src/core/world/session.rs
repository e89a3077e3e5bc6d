//! Bound streams: their data, and what is sent to them.

use super::{RegistrationId, StreamId, Timestamp, World};
use mfly_proto::framing::Frame;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::{FullJid, Jid, UserId};
use mfly_proto::ns;
use mfly_proto::stanza::{IqKind, Presence, iq};
use mfly_proto::xml::{Document, Writer};
use std::collections::BTreeSet;

/// One stream with an address.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The account of the session.
    pub(crate) user: UserId,
    /// The full address of the session.
    pub(crate) jid: FullJid,
    /// Which registration's password it logged in with.
    pub(crate) registration: RegistrationId,
    /// The presence that it sent last; `None` while unavailable.
    pub(crate) presence: Option<Presence>,
    /// Whether it wants copies of messages (XEP-0280).
    pub(crate) carbons: bool,
    /// Data of a standard session; `None` for a platform session.
    pub(crate) standard: Option<StandardSession>,
}

/// Data that only sessions of standard accounts have.
#[derive(Clone, Debug, Default)]
pub(crate) struct StandardSession {
    /// It asked for the contact list, and hears of changes.
    pub(crate) follows_roster: bool,
    /// It asked for the block list, and hears of changes.
    pub(crate) follows_blocks: bool,
    /// Its presence as it wrote it, while it is available.
    pub(crate) presence: Option<Document>,
    /// Whom it told directly that it is there.
    pub(crate) directed: BTreeSet<Jid>,
}

/// The envelope of a notice: a message with a notification in place of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notice<'a> {
    /// Who says it.
    pub(crate) from: &'a str,
    /// Whether it has an id and the type `chat`, as some notices were seen to.
    pub(crate) chat: bool,
    /// A stream that need not hear it.
    pub(crate) except: Option<StreamId>,
}

impl World {
    /// The number of sessions.
    pub(crate) fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// The session of a stream, once it is bound.
    pub(crate) fn session(&self, stream: StreamId) -> Option<&Session> {
        self.sessions.get(stream)
    }

    /// The session of a stream, to change what it says of itself.
    pub(crate) fn session_mut(&mut self, stream: StreamId) -> Option<&mut Session> {
        self.sessions.get_mut(stream)
    }

    /// Whether there may be no more sessions.
    pub(crate) fn has_all_sessions(&self) -> bool {
        self.sessions.len() >= self.settings.max_sessions
    }

    /// Gives a stream its address.
    pub(crate) fn bind(&mut self, stream: StreamId, session: Session) {
        self.sessions.insert(stream, session);
    }

    /// All bound streams whose sessions satisfy a condition, oldest first. Walks through every
    /// session of the server.
    pub(crate) fn streams_where(&self, condition: impl Fn(&Session) -> bool) -> Vec<StreamId> {
        let all = self.sessions.all();
        all.filter(|(_, session)| condition(session)).map(|(stream, _)| stream).collect()
    }

    /// The bound streams of a user, oldest first.
    pub(crate) fn streams_of(&self, user: &UserId) -> Vec<StreamId> {
        self.sessions.of(user).collect()
    }

    /// The bound streams of a user whose sessions satisfy a condition, oldest first.
    pub(crate) fn streams_of_where(
        &self,
        user: &UserId,
        condition: impl Fn(&Session) -> bool,
    ) -> Vec<StreamId> {
        let own = self.sessions.of(user);
        own.filter(|stream| self.session(*stream).is_some_and(&condition)).collect()
    }

    /// The bound stream with exactly this address.
    pub(crate) fn stream_at(&self, jid: &Jid) -> Option<StreamId> {
        let user = self.local_user(jid)?;
        self.sessions.of(&user).find(|stream| self.session(*stream).is_some_and(|s| *s.jid == *jid))
    }

    /// Whether a user has an available session.
    pub(crate) fn is_online(&self, user: &UserId) -> bool {
        self.sessions
            .of(user)
            .any(|stream| self.session(stream).is_some_and(|s| s.presence.is_some()))
    }

    /// Sends a notice, a message without body, from the server to every session of a user.
    pub(crate) fn notify_from_host(&mut self, user: &UserId, content: impl Fn(&mut Writer<'_>)) {
        let host = self.host().to_string();
        self.notify(user, &Notice { from: &host, chat: false, except: None }, content);
    }

    /// Sends a notice to every session of a user.
    pub(crate) fn notify(
        &mut self,
        user: &UserId,
        notice: &Notice<'_>,
        content: impl Fn(&mut Writer<'_>),
    ) {
        let to = self.jid_of(user);
        for stream in self.streams_of(user) {
            if Some(stream) == notice.except {
                continue;
            }
            let id = notice.chat.then(|| self.fresh_id());
            let frame = frame(|buffer| {
                Writer::new(buffer).element("message", |w| {
                    w.attr("from", notice.from);
                    w.attr_opt("id", id.as_deref());
                    w.attr("to", to.as_str());
                    w.attr_opt("type", id.is_some().then_some("chat"));
                    w.attr("xmlns", ns::CLIENT);
                    content(w);
                });
            });
            self.send(stream, frame);
        }
    }

    /// Sends a push to those sessions of a standard account that asked for such pushes.
    pub(crate) fn push(
        &mut self,
        user: &UserId,
        follows: impl Fn(&StandardSession) -> bool,
        content: impl Fn(&mut Writer<'_>),
    ) {
        let own = self.jid_of(user);
        for stream in self.streams_of_where(user, |s| s.standard.as_ref().is_some_and(&follows)) {
            self.send_iq(stream, IqKind::Set, &own, &content);
        }
    }

    /// Sends an `iq` that no request asked for to a session, with a fresh id.
    pub(crate) fn send_iq(
        &mut self,
        stream: StreamId,
        kind: IqKind,
        from: &Jid,
        content: impl Fn(&mut Writer<'_>),
    ) {
        let Some(to) = self.session(stream).map(|session| session.jid.clone()) else {
            return;
        };
        let Ok(id) = StanzaId::new(self.fresh_id()) else {
            return;
        };
        let (from, to) = (Some(from.as_str()), Some(to.as_str()));
        self.send(stream, frame(|buffer| iq::write(buffer, kind, &id, from, to, content)));
    }

    /// Takes a stream's address away.
    pub(crate) fn remove_session(&mut self, stream: StreamId) {
        self.sessions.remove(stream);
    }

    /// All sessions with their streams, oldest first.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = (StreamId, &Session)> {
        self.sessions.all()
    }

    /// The streams of all sessions, oldest first.
    pub(crate) fn streams(&self) -> Vec<StreamId> {
        self.sessions.all().map(|(stream, _)| stream).collect()
    }

    /// Removes all sessions without telling their contacts.
    pub(crate) fn drop_sessions(&mut self) {
        std::mem::take(&mut self.sessions);
    }

    /// Ends the sessions of a registration at a later time, if they have not left by then.
    pub(super) fn end_later(
        &mut self,
        end: Timestamp,
        user: &UserId,
        registration: RegistrationId,
    ) {
        for stream in self.streams_of_where(user, |s| s.registration == registration) {
            self.sessions.end_at(stream, end);
        }
    }

    /// When the next session has to end.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.sessions.next_end()
    }

    /// A session whose time has come; each is given once.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<StreamId> {
        self.sessions.take_due(now)
    }
}

/// A frame from what a codec appends to a buffer.
pub(crate) fn frame(write: impl FnOnce(&mut Vec<u8>)) -> Frame {
    let mut buffer = Vec::with_capacity(256);
    write(&mut buffer);
    // It may wait for long: no more room is kept than it takes.
    if buffer.capacity() - buffer.len() > 256 {
        buffer.shrink_to_fit();
    }
    Frame::written(buffer)
}
