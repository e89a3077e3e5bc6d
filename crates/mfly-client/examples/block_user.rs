//! Two users; one blocks the other, both hear of it.
//!
//! `block_user [LICENCE_KEY [API_BASE_URL]]`; without arguments it starts a server of its own.
#![expect(clippy::print_stdout, reason = "an example talks to people")]

mod support;

use mfly_client::{BareJid, Event, UserIdentifier};
use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (app, _server) = support::app().await?;
    let alice = app.register(&UserIdentifier::new("alice")?).await?;
    let alice = app.connect(&alice.credentials).await?;
    let bob = app.register(&UserIdentifier::new("bob")?).await?;
    let bob = app.connect(&bob.credentials).await?;

    let mut heard_by_bob = bob.events();
    alice.block(bob.user()).await?;
    println!("alice has blocked {}", names(&alice.blocked().await?));
    while let Some(event) = heard_by_bob.next().await {
        if let Event::BlockedBy { user, .. } = event {
            println!("bob was blocked by {user}");
            break;
        }
    }
    println!("bob knows: {}", names(&bob.blocked_by().await?));

    alice.unblock(bob.user()).await?;
    println!("alice has blocked {}", names(&alice.blocked().await?));
    Ok(())
}

fn names(users: &[BareJid]) -> String {
    let names: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}
