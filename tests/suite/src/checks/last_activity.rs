//! Last activity (XEP-0012).

use super::presence::{befriend, wait_for_presence};
use crate::check::checks;
use crate::env::CheckEnv;
use crate::failure::{Failure, ensure, equal, within};
use mfly_client::PresenceKind;

checks! {
    "the last activity of a contact can be read" => read();
}

async fn read(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut alice = env.online("alice").await?;
    let mut bob = env.online("bob").await?;
    befriend(&mut alice, &mut bob).await?;
    bob.session.close().await;
    wait_for_presence(&mut alice, &bob.user.jid, PresenceKind::Unavailable).await?;
    let last = within("reading the last activity", alice.session.last_seen(&bob.user.jid)).await?;
    equal("the sender of the answer", &last.from, &Some(bob.user.jid.clone().into()))?;
    ensure(last.seconds < 60, || format!("{} seconds", last.seconds))
}
