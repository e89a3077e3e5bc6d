//! What a server says it can do (XEP-0030).

use crate::check::Check;
use crate::failure::{Failure, ensure, within};
use crate::place::Place;
use mfly_client::{BareJid, Jid};

/// What the other checks use, as far as servers announce it.
const USED: &[&str] = &["urn:xmpp:ping", "urn:xmpp:blocking", "urn:xmpp:carbons:2"];

pub(super) const CHECKS: &[Check] =
    &[Check::shared("the server tells what it can do", |place| Box::pin(features(place)))];

async fn features(place: &Place<'_>) -> Result<(), Failure> {
    let alice = place.online("alice").await?;
    let domain = Jid::from(BareJid::new(place.domain())?);
    let info = within("asking for features", alice.session.info(&domain)).await?;
    for feature in USED {
        ensure(info.features.iter().any(|one| one == feature), || {
            format!("{feature} is not among {:?}", info.features)
        })?;
    }
    Ok(())
}
