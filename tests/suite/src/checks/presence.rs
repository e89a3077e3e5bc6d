//! Presence between users who allowed each other to see it.

use crate::check::checks;
use crate::env::{CheckEnv, OnlineUser};
use crate::failure::{During, Failure, expect_event, within};
use mfly_client::standard::Event;
use mfly_client::{BareJid, PresenceKind, Show};

checks! {
    "a user with a subscription sees the contact come, change and leave" => seen();
}

async fn seen(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut alice = env.online("alice").await?;
    let mut bob = env.online("bob").await?;
    befriend(&mut alice, &mut bob).await?;

    within(
        "a new status",
        bob.session.set_presence(Some(Show::Away), Some("at lunch & back soon")),
    )
    .await?;
    expect_event!(
        alice,
        Event::Presence { from, kind: PresenceKind::Available, show: Some(Show::Away), status, .. }
            if from.bare() == bob.user.jid && status.as_deref() == Some("at lunch & back soon") => ()
    )?;
    bob.session.close().await;
    wait_for_presence(&mut alice, &bob.user.jid, PresenceKind::Unavailable).await
}

/// Subscribes `one` to the presence of `other`, who allows it.
pub(super) async fn befriend(one: &mut OnlineUser, other: &mut OnlineUser) -> Result<(), Failure> {
    // Servers push changes only to sessions that have asked for the list (RFC 6121 §3.1.6).
    within("asking for the list", one.session.roster()).await?;
    within("asking for the list", other.session.roster()).await?;
    within("subscribing", one.session.subscribe(&other.user.jid)).await?;
    wait_for_presence(other, &one.user.jid, PresenceKind::Subscribe).await?;
    within("allowing it", other.session.allow_subscription(&one.user.jid)).await?;
    wait_for_presence(one, &other.user.jid, PresenceKind::Subscribed).await?;
    wait_for_presence(one, &other.user.jid, PresenceKind::Available).await
}

/// Waits for a presence of `sender` of this kind.
pub(super) async fn wait_for_presence(
    who: &mut OnlineUser,
    sender: &BareJid,
    wanted: PresenceKind,
) -> Result<(), Failure> {
    let expected = format!("{wanted:?} of {sender}, for {}", who.user.jid);
    expect_event!(
        who,
        Event::Presence { from, kind, .. } if *kind == wanted && from.bare() == *sender => ()
    )
    .during(&expected)
}
