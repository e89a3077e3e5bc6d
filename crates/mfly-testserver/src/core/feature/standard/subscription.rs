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
