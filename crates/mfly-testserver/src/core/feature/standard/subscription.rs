//! Presence subscriptions between standard accounts of this server (RFC 6121 §3).
//!
//! Each side keeps its state in its own roster ([`crate::core::world::roster`]). A contact on
//! another server cannot be reached.

use super::{roster_push, visibility};
use crate::core::relay;
use crate::core::world::roster::Contact;
use crate::core::world::session::frame;
use crate::core::world::{StreamId, World};
use mfly_proto::framing::Frame;
use mfly_proto::jid::{BareJid, Jid, UserId};
use mfly_proto::stanza::{ErrorCondition, Presence, PresenceKind};
use mfly_proto::xml::Element;

/// Two accounts, each as it is named and addressed.
struct Pair {
    user: UserId,
    own: BareJid,
    /// `None` when the contact has no account here.
    contact: Option<UserId>,
    address: BareJid,
}

impl Pair {
    /// The pair from the side of the contact, whose account is `contact`.
    fn reversed(&self, contact: &UserId) -> Self {
        Self {
            user: contact.clone(),
            own: self.address.clone(),
            contact: Some(self.user.clone()),
            address: self.own.clone(),
        }
    }
}

/// Handles a presence that changes a subscription, from a standard account's session.
pub(crate) fn receive(
    world: &mut World,
    stream: StreamId,
    stanza: &Presence,
    to: &Jid,
    element: Element<'_>,
) {
    let Some(session) = world.session(stream) else {
        return;
    };
    let user = session.user.clone();
    let contact = world.local_user(to);
    let pair = Pair {
        own: session.jid.bare(),
        user,
        contact: contact.filter(|contact| world.standard(contact).is_some()),
        address: to.bare(),
    };
    if pair.own == pair.address {
        return;
    }
    match stanza.kind {
        PresenceKind::Subscribe => {
            if let Err(condition) = ask(world, &pair, element) {
                relay::refuse_presence(world, stream, stanza, condition);
            }
        }
        PresenceKind::Subscribed => allow(world, &pair),
        PresenceKind::Unsubscribe => stop_asking(world, &pair),
        PresenceKind::Unsubscribed => deny(world, &pair),
        _ => {}
    }
}

/// Sends a session that came online the requests that wait for an answer (RFC 6121 §3.1.3).
pub(crate) fn remind(world: &mut World, stream: StreamId) {
    let Some(session) = world.session(stream) else {
        return;
    };
    let own = session.jid.bare();
    let Some(account) = world.standard(&session.user) else {
        return;
    };
    let mut waiting = account.roster.who(|contact| contact.waits);
    waiting.retain(|jid| !account.blocks(jid));
    for jid in waiting {
        world.send(stream, notice(PresenceKind::Subscribe, &jid, &own));
    }
}

/// Ends both subscriptions with a contact that was removed from the roster (RFC 6121 §2.5.2).
pub(crate) fn end(world: &mut World, user: &UserId, address: &BareJid, was: &Contact) {
    let contact = world.local_user(address);
    let pair = Pair {
        user: user.clone(),
        own: world.jid_of(user).bare(),
        contact: contact.filter(|contact| world.standard(contact).is_some()),
        address: address.clone(),
    };
    if was.to || was.asks {
        left(world, &pair);
    }
    if was.from || was.waits {
        denied(world, &pair, was.from);
    }
}

/// Subscribes two accounts to each other, as if they had asked and allowed.
pub(crate) fn befriend(world: &mut World, one: &UserId, other: &UserId) {
    for (user, contact) in [(one, other), (other, one)] {
        let pair = Pair {
            user: user.clone(),
            own: world.jid_of(user).bare(),
            contact: Some(contact.clone()),
            address: world.jid_of(contact).bare(),
        };
        let asks = world
            .standard_mut(user)
            .is_some_and(|account| account.roster.ask(&pair.address).unwrap_or_default());
        let theirs = world.standard_mut(contact);
        if asks && theirs.is_some_and(|account| account.roster.asked_by(&pair.own)) {
            allow(world, &pair.reversed(contact));
        }
    }
}

/// Ends all subscriptions of an account that is about to be removed.
pub(crate) fn forget(world: &mut World, user: &UserId) {
    let Some(account) = world.standard(user) else {
        return;
    };
    let roster = account.roster.clone();
    for jid in roster.who(|_| true) {
        if let Some(was) = roster.contact(&jid) {
            end(world, user, &jid, was);
        }
    }
}

fn ask(world: &mut World, pair: &Pair, element: Element<'_>) -> Result<(), ErrorCondition> {
    if world.local_user(&pair.address).is_none() {
        return Err(relay::unreachable(world, &pair.address));
    }
    if blocks(world, &pair.user, &pair.address) {
        return Err(ErrorCondition::NotAcceptable);
    }
    if let Some(account) = world.standard_mut(&pair.user) {
        let is_change = account.roster.ask(&pair.address);
        if is_change.map_err(|_| ErrorCondition::ResourceConstraint)? {
            roster_push::push(world, &pair.user, &pair.address);
        }
    }
    // A contact without an account here, or who blocks the user, is not told (XEP-0191 §3.2).
    let Some(contact) = &pair.contact else {
        return Ok(());
    };
    if blocks(world, contact, &pair.own) {
        return Ok(());
    }
    let Some(account) = world.standard_mut(contact) else {
        return Ok(());
    };
    if account.roster.is_seen_by(&pair.own) {
        allowed(world, pair, contact);
    } else if account.roster.asked_by(&pair.own) {
        let plain = || notice(PresenceKind::Subscribe, &pair.own, &pair.address);
        let stanza = relay::stanza(element, pair.own.as_str(), pair.address.as_str());
        let stanza = stanza.unwrap_or_else(|_| plain());
        for stream in visibility::available(world, contact) {
            world.send(stream, stanza.clone());
        }
    }
    Ok(())
}

/// The user's side of an allowed subscription.
fn allowed(world: &mut World, pair: &Pair, contact: &UserId) {
    let asked = world
        .standard_mut(&pair.user)
        .is_some_and(|account| account.roster.allowed_by(&pair.address));
    if !asked {
        return;
    }
    tell(world, &pair.user, PresenceKind::Subscribed, &pair.address);
    roster_push::push(world, &pair.user, &pair.address);
    let visible = visibility::seen(world, contact);
    let of_user = world.streams_of(&pair.user);
    visibility::show(world, visible.into_iter().filter(|(_, viewer)| of_user.contains(viewer)));
}

fn allow(world: &mut World, pair: &Pair) {
    let waited =
        world.standard_mut(&pair.user).is_some_and(|account| account.roster.allow(&pair.address));
    if !waited {
        return;
    }
    roster_push::push(world, &pair.user, &pair.address);
    if let Some(contact) = &pair.contact {
        allowed(world, &pair.reversed(contact), &pair.user);
    }
}

fn stop_asking(world: &mut World, pair: &Pair) {
    let is_change = world
        .standard_mut(&pair.user)
        .is_some_and(|account| account.roster.stop_asking(&pair.address));
    if is_change {
        roster_push::push(world, &pair.user, &pair.address);
    }
    left(world, pair);
}

/// The contact's side when the user unsubscribes.
fn left(world: &mut World, pair: &Pair) {
    let Some(contact) = &pair.contact else {
        return;
    };
    let Some(account) = world.standard_mut(contact) else {
        return;
    };
    let was_seen = account.roster.is_seen_by(&pair.own);
    if account.roster.left_by(&pair.own) {
        tell(world, contact, PresenceKind::Unsubscribe, &pair.own);
        roster_push::push(world, contact, &pair.own);
        if was_seen {
            visibility::part(world, contact, &pair.user);
        }
    }
}

fn deny(world: &mut World, pair: &Pair) {
    let Some(account) = world.standard_mut(&pair.user) else {
        return;
    };
    let was_seen = account.roster.is_seen_by(&pair.address);
    if account.roster.deny(&pair.address) {
        roster_push::push(world, &pair.user, &pair.address);
        denied(world, pair, was_seen);
    }
}

/// The contact's side when the user refuses or cancels its subscription.
fn denied(world: &mut World, pair: &Pair, was_seen: bool) {
    let Some(contact) = &pair.contact else {
        return;
    };
    if was_seen {
        visibility::part(world, &pair.user, contact);
    }
    let is_change =
        world.standard_mut(contact).is_some_and(|account| account.roster.denied_by(&pair.own));
    if is_change {
        tell(world, contact, PresenceKind::Unsubscribed, &pair.own);
        roster_push::push(world, contact, &pair.own);
    }
}

/// Sends a contact's decision to the sessions of an account that asked for the roster.
fn tell(world: &mut World, user: &UserId, kind: PresenceKind, from: &BareJid) {
    if blocks(world, user, from) {
        return;
    }
    let stanza = notice(kind, from, &world.jid_of(user).bare());
    let follows = world.streams_of_where(user, |session| {
        let standard = session.standard.as_ref();
        session.presence.is_some() || standard.is_some_and(|standard| standard.follows_roster)
    });
    for stream in follows {
        world.send(stream, stanza.clone());
    }
}

fn notice(kind: PresenceKind, from: &BareJid, to: &BareJid) -> Frame {
    let mut presence = Presence::new(kind);
    presence.from = Some(from.clone().into());
    presence.to = Some(to.clone().into());
    frame(|buffer| presence.write(buffer))
}

fn blocks(world: &World, user: &UserId, jid: &Jid) -> bool {
    world.standard(user).is_some_and(|account| account.blocks(jid))
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server, id};
    use crate::core::world::StreamId;

    /// A short form of a frame about a subscription: `push ask none`, `presence subscribe`.
    fn told(server: &mut Server, stream: StreamId) -> Vec<String> {
        let attribute = |frame: &str, name: &str| {
            let (_, tail) = frame.split_once(&format!(" {name}=\""))?;
            Some(tail[..tail.find('"')?].to_owned())
        };
        let frames = server.received(stream);
        let told = frames.iter().map(|frame| {
            if frame.starts_with("<iq ") {
                let ask = attribute(frame, "ask").map_or("", |_| " ask");
                format!("push{ask} {}", attribute(frame, "subscription").unwrap())
            } else {
                let from = attribute(frame, "from").unwrap();
                let kind = attribute(frame, "type").unwrap_or_else(|| "available".to_owned());
                format!("{kind} {}", from.split('@').next().unwrap())
            }
        });
        told.collect()
    }

    fn say(server: &mut Server, stream: StreamId, kind: &str, to: &str) {
        let to = to.replace('~', HOST);
        server.send(stream, &format!("<presence to='{to}' type='{kind}' xmlns='jabber:client'/>"));
    }

    /// Two accounts whose sessions follow their lists.
    fn two(server: &mut Server) -> [StreamId; 2] {
        let streams = [server.connect_standard("u1", "a"), server.connect_standard("u2", "b")];
        for stream in streams {
            server.ask(stream, "get", None, "<query xmlns='jabber:iq:roster'/>");
            server.received(stream);
        }
        streams
    }

    const NOTHING: [&str; 0] = [];

    #[test]
    fn a_subscription_is_asked_for_allowed_and_shows_presence() {
        let mut server = Server::new();
        let [own, other] = two(&mut server);
        say(&mut server, own, "subscribe", "u2@~");
        assert_eq!(told(&mut server, own), ["push ask none"]);
        assert_eq!(told(&mut server, other), ["subscribe u1"]);
        say(&mut server, other, "subscribed", "u1@~");
        assert_eq!(told(&mut server, other), ["push from"]);
        assert_eq!(told(&mut server, own), ["subscribed u2", "push to", "available u2"]);
        server.send(other, "<presence xmlns='jabber:client'><show>away</show></presence>");
        assert_eq!(told(&mut server, own), ["available u2"]);
        server.send(own, "<presence xmlns='jabber:client'><show>away</show></presence>");
        assert_eq!(told(&mut server, other), ["available u2"], "its own only");
    }

    #[test]
    fn a_subscription_that_is_given_up_hides_presence_again() {
        let mut server = Server::new();
        let [own, other] = two(&mut server);
        server.befriend(own, other);
        say(&mut server, own, "unsubscribe", "u2@~");
        assert_eq!(told(&mut server, own), ["push from", "unavailable u2"]);
        assert_eq!(told(&mut server, other), ["unsubscribe u1", "push to"]);
        say(&mut server, own, "unsubscribed", "u2@~");
        assert_eq!(told(&mut server, own), ["push none"]);
        assert_eq!(told(&mut server, other), ["unavailable u1", "unsubscribed u1", "push none"]);
        server.send(own, "<presence xmlns='jabber:client'/>");
        assert_eq!(told(&mut server, other), NOTHING);
    }

    #[test]
    fn a_request_that_is_denied_leaves_nothing_behind() {
        let mut server = Server::new();
        let [own, other] = two(&mut server);
        say(&mut server, own, "subscribe", "u2@~");
        told(&mut server, own);
        told(&mut server, other);
        say(&mut server, other, "unsubscribed", "u1@~");
        assert_eq!(told(&mut server, own), ["unsubscribed u2", "push none"]);
        assert_eq!(told(&mut server, other), NOTHING);
        let account = server.core.world().standard(&id("u2")).unwrap();
        assert_eq!(account.roster.who(|_| true), []);
    }

    #[test]
    fn a_request_waits_until_its_recipient_comes_online() {
        let mut server = Server::new();
        let [own, other] = two(&mut server);
        server.lose(other);
        say(&mut server, own, "subscribe", "u2@~");
        say(&mut server, own, "subscribe", "u2@~");
        assert_eq!(told(&mut server, own), ["push ask none"]);
        let other = server.bound_standard("u2", "b");
        server.send(other, "<presence xmlns='jabber:client'/>");
        assert_eq!(told(&mut server, other), ["available u2", "subscribe u1"]);
    }

    #[test]
    fn a_request_for_a_subscription_that_exists_is_allowed_at_once() {
        let mut server = Server::new();
        let [own, other] = two(&mut server);
        server.befriend(own, other);
        say(&mut server, own, "unsubscribe", "u2@~");
        // The other side changes its mind on its own.
        let roster = &mut server.core.world_mut().standard_mut(&id("u2")).unwrap().roster;
        let jid = mfly_proto::jid::BareJid::new(&format!("u1@{HOST}")).unwrap();
        roster.asked_by(&jid);
        roster.allow(&jid);
        told(&mut server, own);
        told(&mut server, other);
        say(&mut server, own, "subscribe", "u2@~");
        assert_eq!(
            told(&mut server, own),
            ["push ask from", "subscribed u2", "push both", "available u2"]
        );
        assert_eq!(told(&mut server, other), NOTHING);
    }

    #[test]
    fn answers_without_a_request_change_nothing() {
        let mut server = Server::new();
        let [own, other] = two(&mut server);
        for kind in ["subscribed", "unsubscribed", "unsubscribe"] {
            say(&mut server, own, kind, "u2@~");
        }
        assert_eq!(told(&mut server, own), NOTHING);
        assert_eq!(told(&mut server, other), NOTHING);
    }

    #[test]
    fn a_contact_that_is_removed_loses_both_subscriptions() {
        let mut server = Server::new();
        let [own, other] = two(&mut server);
        server.befriend(own, other);
        let item = format!("<item jid='u2@{HOST}' subscription='remove'/>");
        let query = format!("<query xmlns='jabber:iq:roster'>{item}</query>");
        server.ask(own, "set", None, &query);
        assert_eq!(told(&mut server, own), ["push remove", "unavailable u2"]);
        assert_eq!(
            told(&mut server, other),
            ["unsubscribe u1", "push to", "unavailable u1", "unsubscribed u1", "push none"]
        );
    }

    #[test]
    fn contacts_elsewhere_unknown_accounts_and_the_own_account_are_not_asked() {
        let mut server = Server::new();
        let [own, _] = two(&mut server);
        for (to, condition) in
            [("u2@elsewhere.test", "remote-server-not-found"), ("mix.~", "service-unavailable")]
        {
            say(&mut server, own, "subscribe", to);
            let said = server.received(own);
            assert!(said[0].contains(&format!("<{condition} ")), "{to}: {said:?}");
        }
        say(&mut server, own, "subscribe", "u1@~");
        assert_eq!(told(&mut server, own), NOTHING);
        // An unknown account looks like one that does not answer.
        say(&mut server, own, "subscribe", "nobody@~");
        assert_eq!(told(&mut server, own), ["push ask none"]);
        say(&mut server, own, "unsubscribe", "nobody@~");
        assert_eq!(told(&mut server, own), ["push none"]);
    }

    #[test]
    fn requests_do_not_pass_a_block() {
        let mut server = Server::new();
        let [own, other] = two(&mut server);
        let block = format!("<block xmlns='urn:xmpp:blocking'><item jid='u2@{HOST}'/></block>");
        server.ask(own, "set", None, &block);
        say(&mut server, own, "subscribe", "u2@~");
        assert!(server.received(own)[0].contains("<not-acceptable "));
        say(&mut server, other, "subscribe", "u1@~");
        assert_eq!(told(&mut server, other), ["push ask none"]);
        assert_eq!(told(&mut server, own), NOTHING);
        let account = server.core.world().standard(&id("u1")).unwrap();
        assert_eq!(account.roster.who(|contact| contact.waits), []);
    }
}
