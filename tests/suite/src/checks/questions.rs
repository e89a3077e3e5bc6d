//! Requests of other users that exceed a limit of this client.

use super::message::deliver;
use crate::check::checks;
use crate::env::{CheckEnv, connect};
use crate::failure::{Failure, ensure, equal};
use mfly_client::{ErrorKind, ExceededLimit, IqRequest, Jid, Limits, ReceiveLimits};
use mfly_proto::decode::DecodeError;
use mfly_proto::stanza::{ErrorCondition, Iq, IqKind, Reply};
use mfly_proto::xml::{Document, Element, Writer};

checks! {
    "a request of another user above any limit of this client is refused, and an event" =>
        refused();
}

/// Limits that every server allows to exceed, and that a login does not reach.
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
        let asked = alice.session.request(&Ballast { to, content }).await;
        let kind = asked.err().map(|error| error.kind().clone());
        let is_refused = matches!(
            &kind,
            Some(ErrorKind::RequestRefused(error))
                if error.condition == ErrorCondition::PolicyViolation
        );
        ensure(is_refused, || format!("the request ended in {kind:?}"))?;
        let skipped = bob.next_skipped().await?;
        equal("the limit", &skipped.limit, &limit)?;
        equal("the sender", &skipped.sender(), &Some(Jid::from(alice.session.jid())))?;
    }
    deliver(&alice, &mut bob, "the last one").await
}

/// A request without meaning.
struct Ballast {
    to: Jid,
    content: Document,
}

impl IqRequest for Ballast {
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
