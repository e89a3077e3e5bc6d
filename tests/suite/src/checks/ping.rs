//! Pings, in both directions.

use crate::check::checks;
use crate::env::CheckEnv;
use crate::failure::{Failure, within};
use mfly_client::{BareJid, Jid};

checks! {
    "the server answers a ping" => server();
    "a session answers the ping of another user" => peer();
}

async fn server(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    within("a ping without address", alice.session.ping(None)).await?;
    let domain = Jid::from(BareJid::new(env.domain())?);
    within("a ping to the domain", alice.session.ping(Some(&domain))).await
}

async fn peer(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let bob = env.online("bob").await?;
    let to_bob = Jid::from(bob.session.jid());
    within("a ping to another user", alice.session.ping(Some(&to_bob))).await?;
    let to_alice = Jid::from(alice.session.jid());
    within("a ping back", bob.session.ping(Some(&to_alice))).await
}
