//! An index of sessions by stream, by user and by deadline. No look-up walks through those
//! of other users.

use super::{Session, StreamId, Timestamp};
use mfly_proto::jid::UserId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The bound streams.
#[derive(Default)]
pub(super) struct Sessions {
    by_stream: BTreeMap<StreamId, Session>,
    /// Sets are never empty.
    by_user: HashMap<UserId, BTreeSet<StreamId>>,
    /// Sessions that are ended because their registrations are no longer good, soonest first.
    ends: BTreeSet<(Timestamp, StreamId)>,
    end_of: HashMap<StreamId, Timestamp>,
}

impl Sessions {
    pub(super) fn get(&self, stream: StreamId) -> Option<&Session> {
        self.by_stream.get(&stream)
    }

    /// Neither the user nor the address may be changed.
    pub(super) fn get_mut(&mut self, stream: StreamId) -> Option<&mut Session> {
        self.by_stream.get_mut(&stream)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_stream.len()
    }

    /// All sessions, oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = (StreamId, &Session)> {
        self.by_stream.iter().map(|(stream, session)| (*stream, session))
    }

    /// The streams of a user, oldest first.
    pub(super) fn of(&self, user: &UserId) -> impl Iterator<Item = StreamId> {
        self.by_user.get(user).into_iter().flatten().copied()
    }

    pub(super) fn insert(&mut self, stream: StreamId, session: Session) {
        self.remove(stream);
        self.by_user.entry(session.user.clone()).or_default().insert(stream);
        self.by_stream.insert(stream, session);
    }

    pub(super) fn remove(&mut self, stream: StreamId) {
        let Some(session) = self.by_stream.remove(&stream) else {
            return;
        };
        if let Some(streams) = self.by_user.get_mut(&session.user) {
            streams.remove(&stream);
            if streams.is_empty() {
                self.by_user.remove(&session.user);
            }
        }
        if let Some(end) = self.end_of.remove(&stream) {
            self.ends.remove(&(end, stream));
        }
    }

    /// Sets when a session has to end; an end that is set already stays.
    pub(super) fn end_at(&mut self, stream: StreamId, end: Timestamp) {
        if self.by_stream.contains_key(&stream) && !self.end_of.contains_key(&stream) {
            self.end_of.insert(stream, end);
            self.ends.insert((end, stream));
        }
    }

    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(end, _)| *end)
    }

    /// A session whose deadline has passed; the deadline is removed.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<StreamId> {
        self.next_end().filter(|end| *end <= now)?;
        let (_, stream) = self.ends.pop_first()?;
        self.end_of.remove(&stream);
        Some(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::world::RegistrationId;
    use mfly_proto::jid::FullJid;

    fn session(name: &str, resource: &str) -> Session {
        Session {
            user: UserId::new(name).unwrap(),
            jid: FullJid::new(&format!("{name}@host.test/{resource}")).unwrap(),
            registration: RegistrationId(1),
            presence: None,
            carbons: false,
            standard: None,
        }
    }

    fn streams(sessions: &Sessions, name: &str) -> Vec<u64> {
        let user = UserId::new(name).unwrap();
        sessions.of(&user).map(|stream| stream.0).collect()
    }

    #[test]
    fn a_users_streams_are_found_oldest_first_and_no_longer_once_they_are_gone() {
        let mut sessions = Sessions::default();
        sessions.insert(StreamId(3), session("u1", "c"));
        sessions.insert(StreamId(1), session("u1", "a"));
        sessions.insert(StreamId(2), session("u2", "b"));
        assert_eq!(streams(&sessions, "u1"), [1, 3]);
        assert_eq!(streams(&sessions, "u2"), [2]);
        assert_eq!(sessions.all().count(), 3);
        sessions.remove(StreamId(2));
        sessions.remove(StreamId(2));
        assert_eq!(streams(&sessions, "u2"), Vec::<u64>::new());
        assert_eq!(sessions.by_user.len(), 1);
    }

    #[test]
    fn the_first_end_that_is_set_counts_and_leaves_with_its_session() {
        let mut sessions = Sessions::default();
        for stream in 1..=2 {
            sessions.insert(StreamId(stream), session("u1", &format!("r{stream}")));
        }
        sessions.end_at(StreamId(1), Timestamp(10));
        sessions.end_at(StreamId(1), Timestamp(5));
        sessions.end_at(StreamId(2), Timestamp(7));
        sessions.end_at(StreamId(9), Timestamp(1));
        assert_eq!(sessions.next_end(), Some(Timestamp(7)));
        assert_eq!(sessions.take_due(Timestamp(6)), None);
        sessions.remove(StreamId(2));
        assert_eq!(sessions.take_due(Timestamp(9)), None);
        assert_eq!(sessions.take_due(Timestamp(10)), Some(StreamId(1)));
        assert_eq!(sessions.next_end(), None);
    }
}
