//! Messages.

use crate::check::Check;
use crate::env::{CheckEnv, OnlineUser};
use crate::failure::{Failure, equal, event, within};
use mfly_client::Jid;
use mfly_client::standard::{Event, Message};

/// Everything that has to be escaped, combined, or more than two bytes long.
const TEXT: &str = "<Good> \"evening\" & 'night'  — ἑσπέρα e\u{301} 👩\u{200d}🚀\n\ttab";

/// The least size of a large stanza, in bytes.
const LARGE: usize = 200_000;

pub(super) const CHECKS: &[Check] = &[
    Check::shared("messages arrive as they were sent, both ways", |env| Box::pin(both_ways(env))),
    Check::shared("a message of 200 kB arrives whole", |env| Box::pin(large(env))),
];

async fn both_ways(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut alice = env.online("alice").await?;
    let mut bob = env.online("bob").await?;
    exchange(&alice, &mut bob, TEXT).await?;
    exchange(&bob, &mut alice, TEXT).await
}

async fn large(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let mut bob = env.online("bob").await?;
    let text: String = "κῦμα & ".chars().cycle().take(LARGE / 2).collect();
    let text = format!("{text}{}", ".".repeat(LARGE.saturating_sub(text.len())));
    exchange(&alice, &mut bob, &text).await
}

/// Sends a text and waits until it has arrived.
pub(super) async fn exchange(
    from: &OnlineUser,
    to: &mut OnlineUser,
    text: &str,
) -> Result<(), Failure> {
    let address = Jid::from(to.session.jid());
    let id = within("sending", from.session.send_message(&address, text)).await?;
    let message = next(to).await?;
    equal("the id", &message.id.as_deref(), &Some(id.as_str()))?;
    equal("the sender", &message.from, &Some(from.session.jid().into()))?;
    equal("the length", &message.body.as_deref().map(str::len), &Some(text.len()))?;
    equal("the text", &message.body.as_deref(), &Some(text))
}

/// The next message.
pub(super) async fn next(who: &mut OnlineUser) -> Result<Message, Failure> {
    event(&mut who.events, "a message", |event| match event {
        Event::Message(message) => Some(message.clone()),
        _ => None,
    })
    .await
}
