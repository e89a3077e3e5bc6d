//! Pings, in both directions.

use crate::check::Check;
use crate::failure::{Failure, within};
use crate::place::Place;
use mfly_client::{BareJid, Jid};

pub(super) const CHECKS: &[Check] = &[
    Check::shared("the server answers a ping", |place| Box::pin(server(place))),
    Check::shared("a session answers the ping of another user", |place| Box::pin(peer(place))),
];

async fn server(place: &Place<'_>) -> Result<(), Failure> {
    let alice = place.online("alice").await?;
    within("a ping without address", alice.session.ping(None)).await?;
    let domain = Jid::from(BareJid::new(place.domain())?);
    within("a ping to the domain", alice.session.ping(Some(&domain))).await
}

async fn peer(place: &Place<'_>) -> Result<(), Failure> {
    let alice = place.online("alice").await?;
    let bob = place.online("bob").await?;
    let to_bob = Jid::from(bob.session.jid());
    within("a ping to another user", alice.session.ping(Some(&to_bob))).await?;
    let to_alice = Jid::from(alice.session.jid());
    within("a ping back", bob.session.ping(Some(&to_alice))).await
}
