//! A restart of the server.

use super::message::deliver;
use crate::check::checks;
use crate::env::{CheckEnv, connect};
use crate::failure::{During, Failure, equal, within};

checks! {
    "after a restart of the server sessions come back, waiting requests are answered, and all works" =>
        come_back(), exclusive();
}

async fn come_back(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let user = env.user("alice").await?;
    let account = env.account(&user)?.resource("balcony");
    let mut alice = connect(&user, &account).await?;
    let mut bob = env.online("bob").await?;
    let address = alice.session.jid();
    deliver(&alice, &mut bob, "before").await?;
    let waiting = async {
        alice.wait_for_disconnection().await?;
        within("a request during the restart", alice.session.ping(None)).await
    };
    let (restarted, waited) = tokio::join!(env.server().restart(), waiting);
    restarted.during("the restart")?;
    waited?;
    alice.wait_for_connection().await?;
    bob.wait_for_disconnection().await?;
    bob.wait_for_connection().await?;
    equal("the address", &alice.session.jid(), &address)?;
    within("a ping", alice.session.ping(None)).await?;
    deliver(&alice, &mut bob, "after").await?;
    deliver(&bob, &mut alice, "and back").await
}
