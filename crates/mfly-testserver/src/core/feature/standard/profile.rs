//! The vCards of standard accounts (XEP-0054), stored and returned unchanged.

use crate::core::call::{Call, Reply, refusal};
use crate::core::relay::{MAX_ENVELOPE_BYTES, MAX_STANZA_BYTES};
use mfly_proto::stanza::{ErrorCondition, StanzaError};

/// Answers with the vCard of an account.
pub(crate) fn get(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    let account = call
        .world
        .standard(&call.target)
        .ok_or_else(|| refusal(ErrorCondition::ServiceUnavailable))?;
    let card = account.card.clone().ok_or_else(|| refusal(ErrorCondition::ItemNotFound))?;
    Ok(Reply::with(move |w| card.root().write_to(w)))
}

/// Replaces the vCard of the own account.
pub(crate) fn set(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    let card = call.payload.to_document();
    // It has to fit into an answer.
    if card.as_str().len() + MAX_ENVELOPE_BYTES > MAX_STANZA_BYTES {
        return Err(refusal(ErrorCondition::PolicyViolation).with_text("the vCard is too large"));
    }
    if let Some(account) = call.world.standard_mut(&call.user) {
        account.card = Some(card);
    }
    Ok(Reply::EMPTY)
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server};

    const CARD: &str = "<vCard xmlns='vcard-temp'><FN>Ann &amp; Bob</FN><PHOTO><TYPE>image/png</TYPE><BINVAL>iVBORw0K</BINVAL></PHOTO><X-ODD xmlns='urn:x:odd' a='1'/></vCard>";
    const QUERY: &str = "<vCard xmlns='vcard-temp'/>";

    #[test]
    fn a_card_comes_back_as_it_was_written_to_its_owner_and_to_others() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let other = server.connect_standard("u2", "b");
        assert!(server.ask(own, "get", None, QUERY).contains("<item-not-found "));
        let answer = server.ask(own, "set", None, CARD);
        assert_eq!(
            answer,
            format!(
                r#"<iq from="u1@{HOST}" id="q" to="u1@{HOST}/a" type="result" xmlns="jabber:client"/>"#
            )
        );
        assert!(server.ask(own, "get", None, QUERY).contains(CARD));
        let to = format!("u1@{HOST}");
        assert!(server.ask(other, "get", Some(&to), QUERY).contains(CARD));
        assert_eq!(server.received(other), Vec::<String>::new());
    }

    #[test]
    fn a_card_that_would_not_fit_into_an_answer_is_refused() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let card = |length: usize| {
            format!("<vCard xmlns='vcard-temp'><FN>{}</FN></vCard>", "x".repeat(length))
        };
        let answer = server.ask(own, "set", None, &card(255 * 1024));
        assert!(answer.contains("<policy-violation "), "{answer}");
        let answer = server.ask(own, "set", None, &card(200 * 1024));
        assert!(answer.contains(r#"type="result""#), "{answer}");
        assert!(server.ask(own, "get", None, QUERY).len() > 200 * 1024);
    }
}
