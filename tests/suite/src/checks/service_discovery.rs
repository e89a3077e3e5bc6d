//! The features of a server (XEP-0030).

use crate::check::checks;
use crate::env::CheckEnv;
use crate::failure::{Failure, ensure, within};
use mfly_client::{BareJid, Jid};

/// Features that other checks use and servers announce.
const USED: &[&str] = &["urn:xmpp:ping", "urn:xmpp:blocking", "urn:xmpp:carbons:2"];

checks! {
    "the server lists its features" => features();
}

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
