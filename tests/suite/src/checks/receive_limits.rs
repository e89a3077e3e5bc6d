//! Stanzas and answers above the limits of this client.

use super::block::sorted;
use super::message::deliver;
use crate::check::checks;
use crate::env::{CheckEnv, connect};
use crate::failure::{Failure, ensure, equal, within};
use mfly_client::standard::VCard;
use mfly_client::{ErrorKind, ExceededLimit, Jid, ReceiveLimits};

/// The client's limit in these checks, in bytes. All stanzas of a login are smaller.
const BYTES: usize = 50_000;

/// Length of a text above that limit, which every server accepts.
const LARGE: usize = 100_000;

/// Entries of a long list: more than an element may have children by default.
const MANY: usize = 4_100;

checks! {
    "a message above this client's limit is skipped with an event, and later ones arrive" =>
        skipped();
    "an answer above this client's limit fails its request, and no other" => unread_answer();
    "a list of 4,100 blocked users is read whole" => long_list();
}

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
    let skipped = alice.next_skipped().await?;
    equal("the name", &skipped.name.as_str(), &"message")?;
    equal("the sender", &skipped.sender(), &Some(bob.session.jid().into()))?;
    equal("the id", &skipped.id, &Some(id.to_string()))?;
    equal("the limit", &skipped.limit, &ExceededLimit::Bytes(BYTES))?;
    equal("the text", &alice.next_message().await?.body.as_deref(), &Some("behind it"))?;
    deliver(&alice, &mut { bob }, "and back").await
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
    let list = sorted(&within("asking for the list", alice.session.blocked()).await?);
    equal("the length of the list", &list.len(), &MANY)?;
    ensure(list == whom, || "the list has other entries".to_owned())
}
