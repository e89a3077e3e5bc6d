//! Copies of messages for the account's other sessions (XEP-0280).

use crate::check::checks;
use crate::env::CheckEnv;
use crate::failure::{Failure, equal, within};
use mfly_client::Jid;
use mfly_client::standard::Carbon;

checks! {
    "another session of the account gets copies of received and sent messages" => copies();
}

async fn copies(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut phone = env.online("alice").await?;
    let mut laptop = env.another_session(&phone.user).await?;
    let mut bob = env.online("bob").await?;
    // Sessions enable carbons when they connect; after this answer the server has done so.
    within("enabling carbons", laptop.session.enable_carbons()).await?;

    let to_phone = Jid::from(phone.session.jid());
    within("sending to one session", bob.session.send_message(&to_phone, "to the phone")).await?;
    equal("the carbon of the original", &phone.next_message().await?.carbon, &None)?;
    let copy = laptop.next_message().await?;
    equal("the kind of carbon", &copy.carbon, &Some(Carbon::Received))?;
    equal("the copied text", &copy.body.as_deref(), &Some("to the phone"))?;
    equal("the sender of the original", &copy.from, &Some(bob.session.jid().into()))?;

    let to_bob = Jid::from(bob.session.jid());
    let sending = phone.session.send_message(&to_bob, "from the phone");
    within("sending from one session", sending).await?;
    bob.next_message().await?;
    let copy = laptop.next_message().await?;
    equal("the kind of carbon", &copy.carbon, &Some(Carbon::Sent))?;
    equal("the copied text", &copy.body.as_deref(), &Some("from the phone"))
}
