//! Blocking of addresses (XEP-0191).

use super::presence::{befriend, wait_for_presence};
use crate::check::checks;
use crate::env::{CheckEnv, OnlineUser};
use crate::failure::{Failure, equal, expect_event, within};
use crate::server::Capability;
use mfly_client::standard::Event;
use mfly_client::{Jid, PresenceKind};
use mfly_proto::stanza::MessageKind;

checks! {
    "a block and its end are pushed to every session that asked for the list" => pushes();
    "no message passes between a user and a blocked one" => no_message();
    "a blocked user sees the blocker leave, and come back when unblocked" => presence(),
        requiring(Capability::PresenceOfBlocked);
}

async fn pushes(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut phone = env.online("alice").await?;
    let mut laptop = env.another_session(&phone.user).await?;
    for who in [&phone, &laptop] {
        equal("the list", &list(who).await?, &Vec::new())?;
    }
    let users =
        [Jid::from(env.unregistered("bob")?.jid), Jid::from(env.unregistered("carol")?.jid)];

    within("blocking", phone.session.block(&users)).await?;
    for who in [&mut phone, &mut laptop] {
        wait_for_block(who, &users).await?;
    }
    equal("the list", &list(&laptop).await?, &sorted(&users))?;

    within("unblocking", laptop.session.unblock(&users[..1])).await?;
    for who in [&mut phone, &mut laptop] {
        wait_for_unblock(who, &users[..1]).await?;
    }
    equal("the list", &list(&phone).await?, &sorted(&users[1..]))?;

    within("unblocking all", phone.session.unblock_all()).await?;
    for who in [&mut phone, &mut laptop] {
        wait_for_unblock(who, &[]).await?;
    }
    equal("the list", &list(&laptop).await?, &Vec::new())
}

async fn no_message(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut alice = env.online("alice").await?;
    let mut bob = env.online("bob").await?;
    let (to_alice, to_bob) = (Jid::from(alice.user.jid.clone()), Jid::from(bob.user.jid.clone()));
    within("blocking", alice.session.block(std::slice::from_ref(&to_bob))).await?;

    within("a message from bob", bob.session.send_message(&to_alice, "blocked")).await?;
    equal("the response", &bob.next_message().await?.kind, &MessageKind::Error)?;
    within("a message to bob", alice.session.send_message(&to_bob, "blocked")).await?;
    equal("the response", &alice.next_message().await?.kind, &MessageKind::Error)?;

    within("unblocking", alice.session.unblock(std::slice::from_ref(&to_bob))).await?;
    within("a message", bob.session.send_message(&to_alice, "free again")).await?;
    equal("the text", &alice.next_message().await?.body.as_deref(), &Some("free again"))?;
    within("a message", alice.session.send_message(&to_bob, "hello again")).await?;
    equal("the text", &bob.next_message().await?.body.as_deref(), &Some("hello again"))
}

async fn presence(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut alice = env.online("alice").await?;
    let mut bob = env.online("bob").await?;
    befriend(&mut bob, &mut alice).await?;
    let users = [Jid::from(bob.user.jid.clone())];
    within("blocking", alice.session.block(&users)).await?;
    wait_for_presence(&mut bob, &alice.user.jid, PresenceKind::Unavailable).await?;
    within("unblocking", alice.session.unblock(&users)).await?;
    wait_for_presence(&mut bob, &alice.user.jid, PresenceKind::Available).await
}

async fn list(who: &OnlineUser) -> Result<Vec<Jid>, Failure> {
    Ok(sorted(&within("asking for the list", who.session.blocked()).await?))
}

async fn wait_for_block(who: &mut OnlineUser, users: &[Jid]) -> Result<(), Failure> {
    let blocked = expect_event!(who, Event::Blocked { jids } => sorted(jids))?;
    equal("the blocked users", &blocked, &sorted(users))
}

async fn wait_for_unblock(who: &mut OnlineUser, users: &[Jid]) -> Result<(), Failure> {
    let unblocked = expect_event!(who, Event::Unblocked { jids } => sorted(jids))?;
    equal("the unblocked users", &unblocked, &sorted(users))
}

/// Sorts a list, whose order has no meaning.
pub(super) fn sorted(jids: &[Jid]) -> Vec<Jid> {
    let mut jids = jids.to_vec();
    jids.sort();
    jids
}
