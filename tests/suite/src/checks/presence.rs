//! Presence between users who allowed each other to see it.

use crate::check::Check;
use crate::env::{CheckEnv, OnlineUser};
use crate::failure::{During, Failure, event, within};
use mfly_client::standard::Event;
use mfly_client::{BareJid, PresenceKind, Show};

pub(super) const CHECKS: &[Check] =
    &[Check::shared("a user who was allowed to sees another come, change and leave", |env| {
        Box::pin(seen(env))
    })];

async fn seen(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut alice = env.online("alice").await?;
    let mut bob = env.online("bob").await?;
    befriend(&mut alice, &mut bob).await?;

    within(
        "a new status",
        bob.session.set_presence(Some(Show::Away), Some("at lunch & back soon")),
    )
    .await?;
    event(&mut alice.events, "bob away", |event| match event {
        Event::Presence {
            from,
            kind: PresenceKind::Available,
            show: Some(Show::Away),
            status,
            ..
        } if from.bare() == bob.user.jid && status.as_deref() == Some("at lunch & back soon") => {
            Some(())
        }
        _ => None,
    })
    .await?;
    bob.session.close().await;
    sees(&mut alice, &bob.user.jid, PresenceKind::Unavailable).await
}

/// `one` asks to see the presence of `other`, who allows it.
pub(super) async fn befriend(one: &mut OnlineUser, other: &mut OnlineUser) -> Result<(), Failure> {
    // Who never asked for the contact list is not told of changes to it, of which answers are some
    // (RFC 6121 §3.1.6).
    within("asking for the list", one.session.roster()).await?;
    within("asking for the list", other.session.roster()).await?;
    within("asking to see presence", one.session.subscribe(&other.user.jid)).await?;
    sees(other, &one.user.jid, PresenceKind::Subscribe).await?;
    within("allowing it", other.session.allow_subscription(&one.user.jid)).await?;
    sees(one, &other.user.jid, PresenceKind::Subscribed).await?;
    sees(one, &other.user.jid, PresenceKind::Available).await
}

/// Waits until a session is told this about somebody.
pub(super) async fn sees(
    who: &mut OnlineUser,
    whom: &BareJid,
    what: PresenceKind,
) -> Result<(), Failure> {
    event(&mut who.events, &format!("{what:?} of {whom}"), |event| match event {
        Event::Presence { from, kind, .. } if *kind == what && from.bare() == *whom => Some(()),
        _ => None,
    })
    .await
    .during(&format!("telling {}", who.user.jid))
}
