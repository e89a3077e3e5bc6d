//! Copies of messages for the account's other sessions (XEP-0280).

use super::message::next;
use crate::check::Check;
use crate::env::CheckEnv;
use crate::failure::{Failure, equal, within};
use mfly_client::Jid;
use mfly_client::standard::Carbon;

pub(super) const CHECKS: &[Check] = &[Check::shared(
    "another session of the account gets copies of what is received and sent",
    |env| Box::pin(copies(env)),
)];

async fn copies(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut phone = env.online("alice").await?;
    let mut laptop = env.another_session(&phone.user).await?;
    let mut bob = env.online("bob").await?;
    // Sessions ask for copies by themselves when they connect; now it is certain that the server
    // has heard it.
    within("asking for copies", laptop.session.enable_carbons()).await?;

    let to_phone = Jid::from(phone.session.jid());
    within("sending to one session", bob.session.send_message(&to_phone, "to the phone")).await?;
    let original = next(&mut phone).await?;
    equal("the original is a copy of", &original.carbon, &None)?;
    let copy = next(&mut laptop).await?;
    equal("what was copied", &copy.carbon, &Some(Carbon::Received))?;
    equal("the copied text", &copy.body.as_deref(), &Some("to the phone"))?;
    equal("the sender of the original", &copy.from, &Some(bob.session.jid().into()))?;

    let to_bob = Jid::from(bob.session.jid());
    within("sending from one session", phone.session.send_message(&to_bob, "from the phone"))
        .await?;
    next(&mut bob).await?;
    let copy = next(&mut laptop).await?;
    equal("what was copied", &copy.carbon, &Some(Carbon::Sent))?;
    equal("the copied text", &copy.body.as_deref(), &Some("from the phone"))
}
