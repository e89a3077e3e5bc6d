//! Last activity (XEP-0012).

use super::presence::{befriend, sees};
use crate::check::Check;
use crate::env::CheckEnv;
use crate::failure::{Failure, ensure, equal, within};
use mfly_client::PresenceKind;

pub(super) const CHECKS: &[Check] =
    &[Check::shared("a contact's last activity is told", |env| Box::pin(told(env)))];

async fn told(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut alice = env.online("alice").await?;
    let mut bob = env.online("bob").await?;
    befriend(&mut alice, &mut bob).await?;
    bob.session.close().await;
    sees(&mut alice, &bob.user.jid, PresenceKind::Unavailable).await?;
    let last =
        within("a question about last activity", alice.session.last_seen(&bob.user.jid)).await?;
    equal("who answered", &last.from, &Some(bob.user.jid.clone().into()))?;
    ensure(last.seconds < 60, || format!("{} seconds", last.seconds))
}
