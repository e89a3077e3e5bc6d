//! Stanzas and answers that are more than this client takes.

use super::message::{exchange, next};
use crate::check::Check;
use crate::env::{CheckEnv, connect};
use crate::failure::{Failure, ensure, equal, event, within};
use mfly_client::standard::{Event, VCard};
use mfly_client::{ErrorKind, ExceededLimit, Jid, ReceiveLimits};

/// What the client takes in these checks, in bytes. Everything that a log-in needs is smaller.
const BYTES: usize = 50_000;

/// Characters of a text that is more than that, and that every server takes.
const LARGE: usize = 100_000;

/// Entries of a long list: more than an element may have children by default.
const MANY: usize = 4_100;

pub(super) const CHECKS: &[Check] = &[
    Check::shared(
        "a message above this client's limit is told and skipped, and those behind it arrive",
        |env| Box::pin(skipped(env)),
    ),
    Check::shared(
        "an answer above this client's limit fails the request that asked for it, and no other",
        |env| Box::pin(unread_answer(env)),
    ),
    Check::shared("a list of 4,100 blocked users is read whole", |env| Box::pin(long_list(env))),
];

fn limits() -> ReceiveLimits {
    let mut limits = ReceiveLimits::default();
    limits.stanza.bytes = BYTES;
    limits.iq.bytes = BYTES;
    limits
}

async fn skipped(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let bob = env.online("bob").await?;
    let user = env.user("alice").await?;
    let mut alice = connect(&user, &env.account(&user)?.limits(limits())).await?;
    let to = Jid::from(alice.session.jid());
    let text = "x".repeat(LARGE);
    let id = within("sending", bob.session.send_message(&to, &text)).await?;
    within("sending", bob.session.send_message(&to, "behind it")).await?;
    // A connection that was lost would be told before, and so fail the check.
    let told = event(&mut alice.events, "StanzaSkipped", |event| match event {
        Event::StanzaSkipped(skipped) => Some(Ok(skipped.clone())),
        Event::Disconnected { reason } => Some(Err(format!("disconnected: {reason}"))),
        _ => None,
    })
    .await?;
    let told = told.map_err(Failure::new)?;
    equal("the name", &told.name.as_str(), &"message")?;
    equal("the sender", &told.sender(), &Some(bob.session.jid().into()))?;
    equal("the id", &told.id, &Some(id.to_string()))?;
    equal("the limit", &told.limit, &ExceededLimit::Bytes(BYTES))?;
    let message = next(&mut alice).await?;
    equal("the text", &message.body.as_deref(), &Some("behind it"))?;
    exchange(&alice, &mut { bob }, "and back").await
}

async fn unread_answer(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let user = env.user("alice").await?;
    let alice = connect(&user, &env.account(&user)?.limits(limits())).await?;
    let card = VCard { description: "x".repeat(LARGE), ..VCard::default() };
    within("setting the profile", alice.session.set_vcard(card)).await?;
    let (profile, ping) = tokio::join!(
        within("reading it", async { Ok::<_, Failure>(alice.session.vcard(None).await) }),
        within("a ping behind it", alice.session.ping(None)),
    );
    let expected = ErrorKind::AnswerTooLarge {
        limit: ExceededLimit::Bytes(BYTES),
        setting: Some("ReceiveLimits::iq.bytes"),
    };
    match profile? {
        Err(error) => ensure(*error.kind() == expected, || format!("the profile: {error}"))?,
        Ok(card) => {
            let read = card.description.len();
            return Err(Failure::new(format!("the profile was read: {read} characters")));
        }
    }
    ping?;
    within("a ping afterwards", alice.session.ping(None)).await
}

async fn long_list(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let mut whom = Vec::with_capacity(MANY);
    for number in 0..MANY {
        whom.push(Jid::new(&format!("stranger-{number:04}@gateway.invalid"))?);
    }
    within("blocking", alice.session.block(&whom)).await?;
    let mut list: Vec<Jid> =
        within("asking for the list", alice.session.blocked()).await?.into_iter().collect();
    list.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    equal("the length of the list", &list.len(), &MANY)?;
    ensure(list == whom, || "the list has others in it".to_owned())
}
