//! A server that goes away and comes back.

use super::message::exchange;
use crate::check::Check;
use crate::env::{CheckEnv, OnlineUser, connect};
use crate::failure::{During, Failure, equal, event, within};
use mfly_client::DisconnectReason;
use mfly_client::standard::Event;

pub(super) const CHECKS: &[Check] = &[Check::exclusive(
    "sessions come back after a restart of the server, answer what was asked meanwhile, and work as before",
    |env| Box::pin(come_back(env)),
)];

/// Waits until a session is told that its connection is gone, and why.
pub(super) async fn disconnected(who: &mut OnlineUser) -> Result<DisconnectReason, Failure> {
    event(&mut who.events, "Disconnected", |event| match event {
        Event::Disconnected { reason } => Some(reason.clone()),
        _ => None,
    })
    .await
}

/// Waits until a session is told that it is connected again.
pub(super) async fn connected(who: &mut OnlineUser) -> Result<(), Failure> {
    event(&mut who.events, "Connected", |event| match event {
        Event::Connected { .. } => Some(()),
        _ => None,
    })
    .await
}

/// Asks while there is no connection; the request waits for the next one.
async fn ask_meanwhile(alice: &mut OnlineUser) -> Result<(), Failure> {
    disconnected(alice).await?;
    within("a request during the restart", alice.session.ping(None)).await
}

async fn come_back(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let user = env.user("alice").await?;
    let account = env.account(&user)?.resource("balcony");
    let mut alice = connect(&user, &account).await?;
    let mut bob = env.online("bob").await?;
    let address = alice.session.jid();
    exchange(&alice, &mut bob, "before").await?;
    let (restarted, waited) = tokio::join!(env.server().restart(), ask_meanwhile(&mut alice));
    restarted.during("the restart")?;
    waited?;
    connected(&mut alice).await?;
    disconnected(&mut bob).await?;
    connected(&mut bob).await?;
    equal("the address", &alice.session.jid(), &address)?;
    within("a ping", alice.session.ping(None)).await?;
    exchange(&alice, &mut bob, "after").await?;
    exchange(&bob, &mut alice, "and back").await
}
