//! When a user was last online.

use crate::core::call::{Call, refusal};
use mfly_proto::payload::last_seen::{GetLastSeen, LastSeen};
use mfly_proto::stanza::{ErrorCondition, StanzaError};

/// Seconds since a user was online.
///
/// 0 while online, and never below 1 afterwards: apps show 0 as "online".
pub(crate) fn get(call: &mut Call<'_>, _: GetLastSeen) -> Result<LastSeen, StanzaError> {
    let (world, target) = (&*call.world, &call.target);
    let user = world.user(target).ok_or_else(|| refusal(ErrorCondition::ItemNotFound))?;
    let may_see = *target == call.user
        || (!user.blocked.contains(&call.user) && world.are_contacts(target, &call.user));
    if !may_see {
        return Err(refusal(ErrorCondition::Forbidden));
    }
    let seconds = if world.is_online(target) {
        0
    } else {
        // A user who never was online counts from the registration, as in the server family.
        let since = user.last_offline.unwrap_or(user.registered_at);
        call.now.seconds_since(since).max(1)
    };
    Ok(LastSeen { from: Some(world.jid_of(target)), seconds, status: None })
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server, id, settings};
    use crate::core::world::{Contacts, Settings, StreamId};
    use std::time::Duration;

    fn seconds(server: &mut Server, stream: StreamId, whom: &str) -> Option<u64> {
        let to = format!("{whom}@{HOST}");
        let answer = server.ask(stream, "get", Some(&to), "<query xmlns='jabber:iq:last'/>");
        let (_, tail) = answer.split_once("seconds=\"")?;
        tail.split('"').next()?.parse().ok()
    }

    fn refusal(server: &mut Server, stream: StreamId, whom: &str) -> String {
        let to = format!("{whom}@{HOST}");
        let answer = server.ask(stream, "get", Some(&to), "<query xmlns='jabber:iq:last'/>");
        let (_, tail) = answer.split_once("><").unwrap();
        let (_, condition) = tail.split_once("><").unwrap();
        condition.split(' ').next().unwrap().to_owned()
    }

    #[test]
    fn it_is_zero_while_online_and_never_below_one_afterwards() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let other = server.connect("u2", "b");
        assert_eq!(seconds(&mut server, own, "u2"), Some(0));
        server.lose(other);
        server.received(own);
        assert_eq!(seconds(&mut server, own, "u2"), Some(1));
        server.pass(Duration::from_secs(45));
        assert_eq!(seconds(&mut server, own, "u2"), Some(45));
    }

    #[test]
    fn a_second_session_keeps_a_user_online() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let one = server.connect("u2", "b");
        server.connect("u2", "c");
        server.lose(one);
        server.received(own);
        assert_eq!(seconds(&mut server, own, "u2"), Some(0));
    }

    #[test]
    fn a_user_who_never_came_online_was_last_seen_registering() {
        let mut server = Server::new();
        server.register("u2");
        let own = server.connect("u1", "a");
        server.pass(Duration::from_secs(30));
        assert_eq!(seconds(&mut server, own, "u2"), Some(30));
    }

    #[test]
    fn a_user_whom_the_target_blocked_is_refused_and_the_blocker_is_not() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let other = server.connect("u2", "b");
        server.core.world_mut().user_mut(&id("u2")).unwrap().blocked.insert(id("u1"));
        server.received(own);
        assert_eq!(refusal(&mut server, own, "u2"), "forbidden");
        assert_eq!(seconds(&mut server, other, "u1"), Some(0));
    }

    #[test]
    fn an_unknown_user_is_not_found_and_a_stranger_is_forbidden() {
        let mut server = Server::with(Settings { contacts: Contacts::Explicit, ..settings() });
        server.register("u2");
        let own = server.connect("u1", "a");
        assert_eq!(refusal(&mut server, own, "nobody"), "item-not-found");
        assert_eq!(refusal(&mut server, own, "u2"), "forbidden");
        assert_eq!(seconds(&mut server, own, "u1"), Some(0));
    }
}
