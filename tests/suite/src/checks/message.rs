//! Messages between two users.

use crate::check::checks;
use crate::env::{CheckEnv, OnlineUser};
use crate::failure::{Failure, equal, within};
use mfly_client::Jid;

/// Characters that have to be escaped, that combine, or that need more than two bytes.
const TEXT: &str = "<Good> \"evening\" & 'night'  — ἑσπέρα e\u{301} 👩\u{200d}🚀\n\ttab";

/// The least size of a large stanza, in bytes.
const LARGE: usize = 200_000;

checks! {
    "messages arrive as they were sent, both ways" => both_ways();
    "a message of 200 kB arrives whole" => large();
}

async fn both_ways(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut alice = env.online("alice").await?;
    let mut bob = env.online("bob").await?;
    deliver(&alice, &mut bob, TEXT).await?;
    deliver(&bob, &mut alice, TEXT).await
}

async fn large(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let mut bob = env.online("bob").await?;
    let text: String = "κῦμα & ".chars().cycle().take(LARGE / 2).collect();
    let text = format!("{text}{}", ".".repeat(LARGE.saturating_sub(text.len())));
    deliver(&alice, &mut bob, &text).await
}

/// Sends a text, and fails unless it arrives unchanged.
pub(super) async fn deliver(
    from: &OnlineUser,
    to: &mut OnlineUser,
    text: &str,
) -> Result<(), Failure> {
    let address = Jid::from(to.session.jid());
    let id = within("sending", from.session.send_message(&address, text)).await?;
    let message = to.next_message().await?;
    equal("the id", &message.id.as_deref(), &Some(id.as_str()))?;
    equal("the sender", &message.from, &Some(from.session.jid().into()))?;
    equal("the length", &message.body.as_deref().map(str::len), &Some(text.len()))?;
    equal("the text", &message.body.as_deref(), &Some(text))
}
