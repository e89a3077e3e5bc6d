//! Last activity of standard accounts and of the server (XEP-0012).

use crate::core::call::{Call, Reply, refusal};
use mfly_proto::payload::last_seen::{GetLastSeen, LastSeen};
use mfly_proto::stanza::{ErrorCondition, StanzaError};

/// Seconds since an account was online, 0 while it is. Only accounts that see its presence may ask
/// (XEP-0012 §4).
pub(crate) fn account(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    let (world, target) = (&*call.world, &call.target);
    let account =
        world.standard(target).ok_or_else(|| refusal(ErrorCondition::ServiceUnavailable))?;
    let asker = world.jid_of(&call.user).bare();
    if *target != call.user && !account.roster.is_seen_by(&asker) {
        return Err(refusal(ErrorCondition::Forbidden));
    }
    let (seconds, status) = match &account.left {
        _ if world.is_online(target) => (0, None),
        Some((left, status)) => (call.now.seconds_since(*left), status.clone()),
        // An account that never was online counts from when it was made.
        None => (call.now.seconds_since(account.made_at), None),
    };
    Ok(reply(seconds, status))
}

/// Seconds since the server accepted its first stream.
pub(crate) fn server(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    let seconds = call.now.seconds_since(call.world.first_stream_at(call.now));
    Ok(reply(seconds, None))
}

fn reply(seconds: u64, status: Option<String>) -> Reply {
    Reply::of::<GetLastSeen>(LastSeen { from: None, seconds, status })
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server};
    use std::time::Duration;

    const QUERY: &str = "<query xmlns='jabber:iq:last'/>";

    #[test]
    fn a_subscribed_contact_learns_when_a_user_left_and_with_which_status() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let other = server.connect_standard("u2", "b");
        server.befriend(own, other);
        let to = format!("u2@{HOST}");
        assert!(server.ask(own, "get", Some(&to), QUERY).contains(r#"seconds="0""#));
        server.send(
            other,
            "<presence type='unavailable' xmlns='jabber:client'><status>Good night</status></presence>",
        );
        server.received(own);
        server.pass(Duration::from_secs(45));
        let answer = server.ask(own, "get", Some(&to), QUERY);
        assert!(
            answer.contains(r#"<query seconds="45" xmlns="jabber:iq:last">Good night</query>"#),
            "{answer}"
        );
    }

    #[test]
    fn strangers_are_refused_and_the_own_account_is_not() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        server.standard("u2");
        let to = format!("u2@{HOST}");
        assert!(server.ask(own, "get", Some(&to), QUERY).contains("<forbidden "));
        assert!(server.ask(own, "get", None, QUERY).contains(r#"seconds="0""#));
    }

    #[test]
    fn the_server_tells_how_long_it_has_been_serving() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        server.pass(Duration::from_secs(20));
        let answer = server.ask(own, "get", Some(HOST), QUERY);
        assert!(answer.contains(r#"seconds="20""#), "{answer}");
    }
}
