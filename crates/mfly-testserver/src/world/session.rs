//! Bound streams: finding them, telling them something, ending them.

use super::{RegistrationId, StreamId, Timestamp, World};
use crate::feature::presence;
use mfly_proto::framing::{Frame, websocket};
use mfly_proto::jid::{FullJid, Jid, UserId};
use mfly_proto::ns;
use mfly_proto::stanza::Presence;
use mfly_proto::stream::{StreamCondition, StreamError};
use mfly_proto::xml::Writer;

/// One stream with an address.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Whose it is.
    pub(crate) user: UserId,
    /// Its address.
    pub(crate) jid: FullJid,
    /// Which registration's password it logged in with.
    pub(crate) registration: RegistrationId,
    /// What it last said about its availability; `None` while unavailable.
    pub(crate) presence: Option<Presence>,
    /// Whether it wants copies of messages (XEP-0280).
    pub(crate) carbons: bool,
    /// When it is ended because its registration is no longer good.
    pub(crate) end_at: Option<Timestamp>,
}

/// How a notice is sent: a message that carries news instead of a body.
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
    /// The session of a stream, once it is bound.
    pub(crate) fn session(&self, stream: StreamId) -> Option<&Session> {
        self.sessions.get(&stream)
    }

    /// The session of a stream, to change it.
    pub(crate) fn session_mut(&mut self, stream: StreamId) -> Option<&mut Session> {
        self.sessions.get_mut(&stream)
    }

    /// Gives a stream its address.
    pub(crate) fn bind(&mut self, stream: StreamId, session: Session) {
        self.sessions.insert(stream, session);
    }

    /// The streams whose sessions satisfy a condition, oldest first.
    pub(crate) fn streams_where(&self, condition: impl Fn(&Session) -> bool) -> Vec<StreamId> {
        self.sessions
            .iter()
            .filter(|(_, s)| condition(s))
            .map(|(id, _)| *id)
            .collect()
    }

    /// The bound streams of a user.
    pub(crate) fn streams_of(&self, user: &UserId) -> Vec<StreamId> {
        self.streams_where(|session| session.user == *user)
    }

    /// The bound stream with exactly this address.
    pub(crate) fn stream_at(&self, jid: &Jid) -> Option<StreamId> {
        self.sessions
            .iter()
            .find(|(_, s)| *s.jid == *jid)
            .map(|(id, _)| *id)
    }

    /// Whether a user has an available session.
    pub(crate) fn is_online(&self, user: &UserId) -> bool {
        self.sessions
            .values()
            .any(|s| s.user == *user && s.presence.is_some())
    }

    /// Sends a notice, a message without body, from the server to every session of a user.
    pub(crate) fn notify_from_host(&mut self, user: &UserId, content: impl Fn(&mut Writer<'_>)) {
        let host = self.host().to_string();
        self.notify(
            user,
            &Notice {
                from: &host,
                chat: false,
                except: None,
            },
            content,
        );
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

    /// Ends a stream with an error: its user's contacts see it leave, and the connection closes.
    pub(crate) fn end_stream(&mut self, now: Timestamp, stream: StreamId, error: &StreamError) {
        self.unbind(now, stream);
        self.send(stream, frame(|buffer| error.write(buffer)));
        self.send(stream, websocket::SERVER_CLOSE.into());
        self.close(stream);
    }

    /// Takes a stream's address away; contacts see it leave.
    pub(crate) fn unbind(&mut self, now: Timestamp, stream: StreamId) {
        presence::leave(self, now, stream);
        self.sessions.remove(&stream);
    }

    /// Ends the sessions that satisfy a condition at a later time, if they have not left by then.
    pub(super) fn end_later(&mut self, end: Timestamp, condition: impl Fn(&Session) -> bool) {
        for session in self
            .sessions
            .values_mut()
            .filter(|session| condition(session))
        {
            session.end_at.get_or_insert(end);
        }
        self.next_end = self
            .sessions
            .values()
            .filter_map(|session| session.end_at)
            .min();
    }

    /// When [`World::end_due`] has to be called next, or somewhat earlier.
    pub(crate) const fn next_end(&self) -> Option<Timestamp> {
        self.next_end
    }

    /// Ends the sessions whose time has come.
    pub(crate) fn end_due(&mut self, now: Timestamp) {
        if self.next_end.is_none_or(|end| end > now) {
            return;
        }
        for stream in self.streams_where(|session| session.end_at.is_some_and(|end| end <= now)) {
            self.end_stream(
                now,
                stream,
                &StreamError::new(StreamCondition::NotAuthorized),
            );
        }
        self.next_end = self
            .sessions
            .values()
            .filter_map(|session| session.end_at)
            .min();
    }
}

/// A frame from what a codec appends to a buffer.
pub(crate) fn frame(write: impl FnOnce(&mut Vec<u8>)) -> Frame {
    let mut buffer = Vec::with_capacity(256);
    write(&mut buffer);
    // Every codec writes UTF-8; an empty frame could only follow a fault of theirs.
    Frame::from_utf8(buffer.into()).unwrap_or_else(|_| Frame::from(""))
}
