//! Questions of other users that exceed a limit of this client, whichever it is.

use super::message::exchange;
use crate::check::Check;
use crate::env::{CheckEnv, OnlineUser, connect};
use crate::failure::{Failure, ensure, equal, event};
use mfly_client::standard::Event;
use mfly_client::{ErrorKind, ExceededLimit, IqRequest, Jid, Limits, ReceiveLimits};
use mfly_proto::decode::DecodeError;
use mfly_proto::stanza::{ErrorCondition, Iq, IqKind, Reply};
use mfly_proto::xml::{Document, Element, Writer};

pub(super) const CHECKS: &[Check] = &[Check::shared(
    "a question above a limit of this client is refused and told, whichever limit it is",
    |env| Box::pin(refused(env)),
)];

/// Limits that every server lets a client exceed, and that a log-in does not reach.
fn limits() -> ReceiveLimits {
    let low =
        Limits { bytes: 20_000, depth: 16, attributes: 32, children: 64, ..Limits::default() };
    ReceiveLimits { stanza: low, iq: low, ..ReceiveLimits::default() }
}

async fn refused(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let bob = env.user("bob").await?;
    let mut bob = connect(&bob, &env.account(&bob)?.limits(limits())).await?;
    let to = Jid::from(bob.session.jid());

    let attributes: String = (0..40).map(|number| format!(" a{number}=''")).collect();
    for (ballast, limit) in [
        ("<a>".repeat(24) + &"</a>".repeat(24), ExceededLimit::Depth(16)),
        (format!("<a{attributes}/>"), ExceededLimit::Attributes(32)),
        ("<a/>".repeat(100), ExceededLimit::Children(64)),
        ("x".repeat(40_000), ExceededLimit::Bytes(20_000)),
    ] {
        let to = to.clone();
        let text = format!("<ballast xmlns='urn:example:ballast'>{ballast}</ballast>");
        let content = Document::parse(text, &Limits::default())?;
        let asked = alice.session.request(&Question { to, content }).await;
        let kind = asked.err().map(|error| error.kind().clone());
        let is_refused = matches!(
            &kind,
            Some(ErrorKind::RequestRefused(error))
                if error.condition == ErrorCondition::PolicyViolation
        );
        ensure(is_refused, || format!("the question ended in {kind:?}"))?;
        told(&alice, &mut bob, limit).await?;
    }
    exchange(&alice, &mut bob, "the last one").await
}

/// The next event but presence says that a stanza of this sender was skipped.
async fn told(
    from: &OnlineUser,
    who: &mut OnlineUser,
    limit: ExceededLimit,
) -> Result<(), Failure> {
    let skipped = event(&mut who.events, "StanzaSkipped", |event| match event {
        Event::StanzaSkipped(skipped) => Some(Ok(skipped.clone())),
        Event::Disconnected { reason } => Some(Err(format!("disconnected: {reason}"))),
        _ => None,
    });
    let skipped = skipped.await?.map_err(Failure::new)?;
    equal("the limit", &skipped.limit, &limit)?;
    let sender = skipped.sender();
    equal("the sender", &sender, &Some(Jid::from(from.session.jid())))
}

/// A question that means nothing.
struct Question {
    to: Jid,
    content: Document,
}

impl IqRequest for Question {
    const KIND: IqKind = IqKind::Get;
    const NAMESPACE: &'static str = "urn:example:ballast";
    const NAME: &'static str = "ballast";
    type Response = ();

    fn to(&self) -> Option<&Jid> {
        Some(&self.to)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        self.content.root().write_to(writer);
    }

    fn read(_: &Iq<'_>, _: Element<'_>) -> Result<Self, DecodeError> {
        Err(DecodeError::UnexpectedElement { expected: "an answer" })
    }

    fn write_response((): &(), _: &mut Writer<'_>) {}

    fn read_response(_: &Reply<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
}
