//! Blocking users.
//!
//! A block takes effect at once: the blocked user is sent `unavailable` and
//! `userblocked`, the blocker's sessions get a push. What a block hides afterwards is in
//! [`crate::core::world::relation`].

use super::presence;
use crate::core::call::{Call, refusal};
use crate::core::world::session::{Notice, frame};
use mfly_api::feature::Feature;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::{BareJid, UserId, UserReference};
use mfly_proto::listed::Listed;
use mfly_proto::payload::block::{
    Block, BlockPush, GetBlocked, GetBlockedBy, Unblock, UserBlocked,
};
use mfly_proto::stanza::{ErrorCondition, IqKind, StanzaError, iq};

/// Blocks a user.
pub(crate) fn block(call: &mut Call<'_>, request: Block) -> Result<(), StanzaError> {
    let other = other_party(call, &request.user)?;
    let was_separated = call.world.separated(&call.user, &other);
    let Some(account) = call.world.user_mut(&call.user) else {
        return Err(refusal(ErrorCondition::ItemNotFound));
    };
    if !account.blocked.insert(other.clone()) {
        return Ok(());
    }
    push(call, BlockPush::Blocked(vec![request.user].into()));
    notify(call, &other, true);
    if !was_separated && call.world.are_contacts(&call.user, &other) {
        presence::hide(call.world, &call.user, &other);
    }
    Ok(())
}

/// Unblocks a user.
pub(crate) fn unblock(call: &mut Call<'_>, request: Unblock) -> Result<(), StanzaError> {
    let other = other_party(call, &request.user)?;
    let Some(account) = call.world.user_mut(&call.user) else {
        return Err(refusal(ErrorCondition::ItemNotFound));
    };
    if !account.blocked.remove(&other) {
        return Ok(());
    }
    push(call, BlockPush::Unblocked(vec![request.user].into()));
    notify(call, &other, false);
    if !call.world.separated(&call.user, &other) && call.world.are_contacts(&call.user, &other) {
        presence::show(call.world, &call.user, &other);
        presence::show(call.world, &other, &call.user);
    }
    Ok(())
}

/// The users whom the account has blocked.
pub(crate) fn blocked(call: &mut Call<'_>, _: GetBlocked) -> Result<Listed<BareJid>, StanzaError> {
    let account = call.world.user(&call.user);
    let blocked = account.iter().flat_map(|user| &user.blocked);
    Ok(blocked.map(|other| call.world.jid_of(other).bare()).collect())
}

/// The users who have blocked the account.
pub(crate) fn blocked_by(
    call: &mut Call<'_>,
    _: GetBlockedBy,
) -> Result<Listed<UserReference>, StanzaError> {
    let blockers = call.world.users().filter(|user| user.blocked.contains(&call.user));
    let jids = blockers.map(|user| call.world.jid_of(&user.id).bare());
    Ok(jids.map(UserReference::Jid).collect())
}

/// The user to block or unblock.
fn other_party(call: &Call<'_>, jid: &BareJid) -> Result<UserId, StanzaError> {
    if !call.world.settings.features.contains(Feature::Block) {
        return Err(
            refusal(ErrorCondition::NotAllowed).with_text("Feature unavailable for your plan")
        );
    }
    let other = call
        .world
        .local_user(jid)
        .filter(|other| call.world.user(other).is_some())
        .ok_or_else(|| refusal(ErrorCondition::ItemNotFound))?;
    if other == call.user {
        return Err(refusal(ErrorCondition::NotAllowed));
    }
    Ok(other)
}

/// Sends the push to all sessions of the blocker (XEP-0191 §3.3); which of them the platform
/// chooses is not known.
fn push(call: &mut Call<'_>, push: BlockPush) {
    let own = call.own();
    for stream in call.world.streams_of(&call.user) {
        if stream == call.stream && !call.world.settings.quirks.block_push_to_requester {
            continue;
        }
        let Some(to) = call.world.session(stream).map(|session| session.jid.clone()) else {
            continue;
        };
        let Ok(id) = StanzaId::new(call.world.fresh_id()) else {
            continue;
        };
        let (from, to) = (Some(own.as_str()), Some(to.as_str()));
        let frame =
            frame(|buffer| iq::write(buffer, IqKind::Set, &id, from, to, |w| push.write(w)));
        call.world.send(stream, frame);
    }
}

/// Notifies the other user. The attribute names the blocker: the recipient's app marks that user
/// unavailable.
fn notify(call: &mut Call<'_>, other: &UserId, blocked: bool) {
    let notice = UserBlocked { user: UserReference::Id(call.user.clone()), blocked };
    let from = call.own();
    let envelope = Notice { from: from.as_str(), chat: true, except: None };
    call.world.notify(other, &envelope, |w| notice.write(w));
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server, id, settings};
    use crate::core::world::{Quirks, Settings, StreamId};
    use mfly_api::feature::Feature;

    fn ask(server: &mut Server, stream: StreamId, verb: &str, whom: &str) -> String {
        let payload = format!(r#"<{verb} xmlns="urn:xmpp:blocking"><item jid="{whom}"/></{verb}>"#);
        server.ask(stream, "set", None, &payload)
    }

    fn block(server: &mut Server, stream: StreamId, whom: &str) -> String {
        ask(server, stream, "block", &format!("{whom}@{HOST}"))
    }

    fn result(resource: &str) -> String {
        format!(
            r#"<iq from="u1@{HOST}" id="q" to="u1@{HOST}/{resource}" type="result" xmlns="jabber:client"/>"#
        )
    }

    fn push(verb: &str, resource: &str) -> String {
        format!(
            r#"<iq from="u1@{HOST}" id="{{id}}" to="u1@{HOST}/{resource}" type="set" xmlns="jabber:client"><{verb} xmlns="urn:xmpp:blocking"><item jid="u2@{HOST}"/></{verb}></iq>"#
        )
    }

    fn userblocked(kind: &str) -> String {
        format!(
            r#"<message from="u1@{HOST}" id="{{id}}" to="u2@{HOST}" type="chat" xmlns="jabber:client"><userblocked blocked_user="u1" type="{kind}" xmlns="urn:xmpp:blocking"/></message>"#
        )
    }

    #[test]
    fn a_block_is_answered_first_and_then_pushed_to_every_session_of_the_blocker() {
        let mut server = Server::new();
        server.register("u2");
        let asking = server.connect("u1", "a");
        let other = server.connect("u1", "b");
        assert_eq!(block(&mut server, asking, "u2"), result("a"));
        assert_eq!(server.received(asking), [push("block", "a")]);
        assert_eq!(server.received(other), [push("block", "b")]);
    }

    #[test]
    fn whether_the_asking_session_gets_the_push_can_be_chosen() {
        let quirks = Quirks { block_push_to_requester: false, ..Quirks::default() };
        let mut server = Server::with(Settings { quirks, ..settings() });
        server.register("u2");
        let asking = server.connect("u1", "a");
        let other = server.connect("u1", "b");
        assert_eq!(block(&mut server, asking, "u2"), result("a"));
        assert_eq!(server.received(asking), Vec::<String>::new());
        assert_eq!(server.received(other), [push("block", "b")]);
    }

    #[test]
    fn the_blocked_user_is_told_and_sees_the_blocker_leave() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let blocked = server.connect("u2", "b");
        block(&mut server, own, "u2");
        assert_eq!(
            server.received(blocked),
            [
                userblocked("block_user"),
                format!(
                    r#"<presence from="u1@{HOST}/a" to="u2@{HOST}/b" type="unavailable" xmlns="jabber:client"/>"#
                ),
            ]
        );
    }

    #[test]
    fn no_presence_profile_or_message_crosses_a_block_in_either_direction() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let blocked = server.connect("u2", "b");
        let witness = server.connect("u3", "c");
        block(&mut server, own, "u2");
        for stream in [own, blocked, witness] {
            server.received(stream);
        }
        let card = "<vCard xmlns='vcard-temp'><nickName>x</nickName></vCard>";
        for (from, to) in [(own, "u2"), (blocked, "u1")] {
            server.send(from, "<presence><show>away</show></presence>");
            server.send(from, &format!("<iq id='v' type='set'>{card}</iq>"));
            server.send(from, &format!("<presence to='{to}@{HOST}'/>"));
            server.send(
                from,
                &format!("<message to='{to}@{HOST}' type='chat'><body>x</body></message>"),
            );
            server.send(
                from,
                &format!("<iq id='i' type='get' to='{to}@{HOST}/a'><x xmlns='y'/></iq>"),
            );
        }
        let crossed = |frames: Vec<String>, from: &str| {
            let from = format!(r#"from="{from}@{HOST}"#);
            let mut frames = frames.into_iter().filter(|frame| !frame.contains(r#"type="error""#));
            frames.any(|frame| frame.contains(&from))
        };
        let to_own = server.received(own);
        let to_blocked = server.received(blocked);
        assert!(!crossed(to_own, "u2"));
        assert!(!crossed(to_blocked, "u1"));
        assert_eq!(server.received(witness).len(), 4);
    }

    #[test]
    fn unblocking_tells_the_other_party_and_presence_flows_again_both_ways() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let blocked = server.connect("u2", "b");
        block(&mut server, own, "u2");
        server.received(own);
        server.received(blocked);
        assert_eq!(ask(&mut server, own, "unblock", &format!("u2@{HOST}")), result("a"));
        let presence = |from: &str, to: &str| {
            format!(r#"<presence from="{from}" to="{to}" xmlns="jabber:client"><priority>1</priority></presence>"#).replace('~', HOST)
        };
        assert_eq!(server.received(own), [push("unblock", "a"), presence("u2@~/b", "u1@~/a")]);
        assert_eq!(
            server.received(blocked),
            [userblocked("unblock_user"), presence("u1@~/a", "u2@~/b")]
        );
    }

    #[test]
    fn two_users_who_blocked_each_other_stay_separated_until_both_unblock() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let other = server.connect("u2", "b");
        block(&mut server, own, "u2");
        block(&mut server, other, "u1");
        server.received(own);
        server.received(other);
        ask(&mut server, own, "unblock", &format!("u2@{HOST}"));
        assert_eq!(server.received(other), [userblocked("unblock_user")]);
        assert!(server.core.world().separated(&id("u1"), &id("u2")));
    }

    #[test]
    fn blocking_back_tells_the_other_but_hides_nothing_that_was_not_seen() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let other = server.connect("u2", "b");
        server.core.world_mut().user_mut(&id("u2")).unwrap().blocked.insert(id("u1"));
        server.received(own);
        block(&mut server, own, "u2");
        assert_eq!(server.received(other), [userblocked("block_user")]);
    }

    #[test]
    fn blocking_twice_and_unblocking_twice_have_one_effect() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let blocked = server.connect("u2", "b");
        for verb in ["block", "unblock"] {
            ask(&mut server, own, verb, &format!("u2@{HOST}"));
            server.received(own);
            server.received(blocked);
            assert_eq!(ask(&mut server, own, verb, &format!("u2@{HOST}")), result("a"));
            assert_eq!(server.received(own), Vec::<String>::new());
            assert_eq!(server.received(blocked), Vec::<String>::new());
        }
    }

    #[test]
    fn the_own_account_unknown_accounts_and_addresses_elsewhere_cannot_be_blocked() {
        let mut server = Server::new();
        server.register("u2");
        let own = server.connect("u1", "a");
        for (whom, condition) in [
            (format!("u1@{HOST}"), "not-allowed"),
            (format!("nobody@{HOST}"), "item-not-found"),
            ("u2@elsewhere.test".to_owned(), "item-not-found"),
            (format!("g1@mix.{HOST}"), "item-not-found"),
            (format!("u2@{HOST}/resource"), "bad-request"),
        ] {
            let answer = ask(&mut server, own, "block", &whom);
            assert!(answer.contains(&format!("<{condition} ")), "{whom}: {answer}");
        }
        let answer = server.ask(own, "set", None, "<block xmlns='urn:xmpp:blocking'/>");
        assert!(answer.contains("<bad-request "), "{answer}");
        assert_eq!(server.received(own), Vec::<String>::new());
    }

    #[test]
    fn a_plan_without_blocking_refuses_both_commands_but_still_lists() {
        let mut settings = settings();
        settings.features = settings.features.with(Feature::Block, false);
        let mut server = Server::with(settings);
        server.register("u2");
        let own = server.connect("u1", "a");
        for verb in ["block", "unblock"] {
            let answer = ask(&mut server, own, verb, &format!("u2@{HOST}"));
            assert!(answer.contains("<not-allowed "), "{answer}");
        }
        let list = server.ask(own, "get", None, "<blocklist xmlns='urn:xmpp:blocking'/>");
        assert!(list.contains(r#"<blocklist xmlns="urn:xmpp:blocking"/>"#), "{list}");
    }

    #[test]
    fn a_block_is_in_both_lists_and_outlives_the_session() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let other = server.connect("u2", "b");
        block(&mut server, own, "u2");
        server.lose(own);
        server.received(other);
        let own = server.connect("u1", "a");
        let list = server.ask(own, "get", None, "<blocklist xmlns='urn:xmpp:blocking'/>");
        assert!(list.contains(&format!(r#"<item jid="u2@{HOST}"/>"#)), "{list}");
        let query = "<query status='block_user' xmlns='jabber:iq:user_activities'/>";
        let list = server.ask(other, "get", None, query);
        assert!(list.contains(&format!("<members>u1@{HOST}</members>")), "{list}");
        assert!(!server.ask(own, "get", None, query).contains("members"));
    }
}
