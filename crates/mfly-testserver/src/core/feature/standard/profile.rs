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
