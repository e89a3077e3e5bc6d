//! Registers a user, connects, fills in the profile and says what happens.
//!
//! `connect [LICENCE_KEY [API_BASE_URL]]`; without arguments it starts a server of its own.
#![expect(clippy::print_stdout, reason = "an example talks to people")]

mod support;

use mfly_client::{ProfileUpdate, UserIdentifier};
use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (app, _server) = support::app().await?;
    let account = app.register(&UserIdentifier::new("alice")?).await?;
    let request = app.connect(&account.credentials);
    let mut events = request.events();
    let session = request.await?;
    println!("connected as {}", session.current_user());

    session.update_profile(ProfileUpdate::new().nick_name("Alice").status("Here")).await?;
    let profile = session.own_profile().await?;
    println!("{} says: {}", profile.nick_name, profile.status);

    session.close().await;
    while let Some(event) = events.next().await {
        println!("{event:?}");
    }
    Ok(())
}
