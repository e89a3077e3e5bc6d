//! Blocking (XEP-0191).

use super::message::next;
use super::presence::{befriend, sees};
use crate::check::Check;
use crate::env::{CheckEnv, OnlineUser};
use crate::failure::{Failure, equal, event, within};
use crate::server::Capability;
use mfly_client::standard::{Event, Listed};
use mfly_client::{Jid, PresenceKind};
use mfly_proto::stanza::MessageKind;

pub(super) const CHECKS: &[Check] = &[
    Check::shared(
        "blocking and unblocking is told to every session that asked for the list",
        |env| Box::pin(pushes(env)),
    ),
    Check::shared("no message passes between a user and one who is blocked", |env| {
        Box::pin(no_message(env))
    }),
    Check::shared("who is blocked sees the other leave, and come back when unblocked", |env| {
        Box::pin(presence(env))
    })
    .requiring(Capability::PresenceOfBlocked),
];

async fn pushes(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut phone = env.online("alice").await?;
    let mut laptop = env.another_session(&phone.user).await?;
    for session in [&phone.session, &laptop.session] {
        equal(
            "the list",
            &within("asking for the list", session.blocked()).await?,
            &Listed::new(),
        )?;
    }
    let whom = [Jid::from(env.unregistered("bob")?.jid), Jid::from(env.unregistered("carol")?.jid)];

    within("blocking", phone.session.block(&whom)).await?;
    blocked(&mut phone, &whom).await?;
    blocked(&mut laptop, &whom).await?;
    equal("the list", &list(&laptop).await?, &sorted(&whom))?;

    within("unblocking", laptop.session.unblock(&whom[..1])).await?;
    unblocked(&mut phone, &whom[..1]).await?;
    unblocked(&mut laptop, &whom[..1]).await?;
    equal("the list", &list(&phone).await?, &sorted(&whom[1..]))?;

    within("unblocking everybody", phone.session.unblock_all()).await?;
    unblocked(&mut phone, &[]).await?;
    unblocked(&mut laptop, &[]).await?;
    equal("the list", &list(&laptop).await?, &Vec::new())
}

async fn no_message(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut alice = env.online("alice").await?;
    let mut bob = env.online("bob").await?;
    let (to_alice, to_bob) = (Jid::from(alice.user.jid.clone()), Jid::from(bob.user.jid.clone()));
    within("blocking", alice.session.block(std::slice::from_ref(&to_bob))).await?;

    within("a message from who is blocked", bob.session.send_message(&to_alice, "blocked")).await?;
    equal("what came back", &next(&mut bob).await?.kind, &MessageKind::Error)?;
    within("a message to who is blocked", alice.session.send_message(&to_bob, "blocked")).await?;
    equal("what came back", &next(&mut alice).await?.kind, &MessageKind::Error)?;

    within("unblocking", alice.session.unblock(std::slice::from_ref(&to_bob))).await?;
    within("a message", bob.session.send_message(&to_alice, "free again")).await?;
    equal("what arrived", &next(&mut alice).await?.body.as_deref(), &Some("free again"))?;
    within("a message", alice.session.send_message(&to_bob, "hello again")).await?;
    equal("what arrived", &next(&mut bob).await?.body.as_deref(), &Some("hello again"))
}

async fn presence(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut alice = env.online("alice").await?;
    let mut bob = env.online("bob").await?;
    befriend(&mut bob, &mut alice).await?;
    let whom = [Jid::from(bob.user.jid.clone())];
    within("blocking", alice.session.block(&whom)).await?;
    sees(&mut bob, &alice.user.jid, PresenceKind::Unavailable).await?;
    within("unblocking", alice.session.unblock(&whom)).await?;
    sees(&mut bob, &alice.user.jid, PresenceKind::Available).await
}

async fn list(who: &OnlineUser) -> Result<Vec<Jid>, Failure> {
    let list = within("asking for the list", who.session.blocked()).await?;
    Ok(sorted(&list))
}

async fn blocked(who: &mut OnlineUser, whom: &[Jid]) -> Result<(), Failure> {
    let told = event(&mut who.events, "Blocked", |event| match event {
        Event::Blocked { jids } => Some(sorted(jids)),
        _ => None,
    })
    .await?;
    equal("who was blocked", &told, &sorted(whom))
}

async fn unblocked(who: &mut OnlineUser, whom: &[Jid]) -> Result<(), Failure> {
    let told = event(&mut who.events, "Unblocked", |event| match event {
        Event::Unblocked { jids } => Some(sorted(jids)),
        _ => None,
    })
    .await?;
    equal("who was unblocked", &told, &sorted(whom))
}

/// The order of a list says nothing.
fn sorted(jids: &[Jid]) -> Vec<Jid> {
    let mut jids = jids.to_vec();
    jids.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    jids
}
