//! Watches another user come and go.
//!
//! `watch_presence [LICENCE_KEY [API_BASE_URL]]`; without arguments it starts a server of its own.
#![expect(clippy::print_stdout, reason = "an example talks to people")]

mod support;

use mfly_client::{Event, PresenceKind, UserIdentifier};
use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (app, _server) = support::app().await?;
    let alice = app.register(&UserIdentifier::new("alice")?).await?;
    let alice = app.connect(&alice.credentials).await?;
    let mut events = alice.events();

    let bob = app.register(&UserIdentifier::new("bob")?).await?;
    let bob = app.connect(&bob.credentials).await?;
    println!("bob was last seen {} s ago", alice.last_seen(bob.user()).await?.seconds);
    bob.close().await;

    while let Some(event) = events.next().await {
        if let Event::Presence { user, kind, own: false, .. } = event {
            println!("{user} is {kind:?}");
            if kind == PresenceKind::Unavailable {
                break;
            }
        }
    }
    Ok(())
}
