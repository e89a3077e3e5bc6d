//! What a server says it can do (XEP-0030).

use crate::check::Check;
use crate::env::CheckEnv;
use crate::failure::{Failure, ensure, within};
use mfly_client::{BareJid, Jid};

/// What the other checks use, as far as servers announce it.
const USED: &[&str] = &["urn:xmpp:ping", "urn:xmpp:blocking", "urn:xmpp:carbons:2"];

pub(super) const CHECKS: &[Check] =
    &[Check::shared("the server tells what it can do", |env| Box::pin(features(env)))];

async fn features(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let domain = Jid::from(BareJid::new(env.domain())?);
    let info = within("asking for features", alice.session.info(&domain)).await?;
    for feature in USED {
        ensure(info.features.iter().any(|one| one == feature), || {
            format!("{feature} is not among {:?}", info.features)
        })?;
    }
    Ok(())
}
