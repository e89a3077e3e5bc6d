//! Profiles: kept as the client sealed them, and pushed whole when they change.

use crate::core::call::{Call, refusal};
use crate::core::relay::{MAX_ENVELOPE_BYTES, MAX_STANZA_BYTES};
use crate::core::world::session::frame;
use mfly_proto::payload::profile::{GetProfile, SetProfile, VCard};
use mfly_proto::stanza::{ErrorCondition, IqKind, StanzaError};
use mfly_proto::xml::Writer;

/// How many children without a meaning to the server a profile may have.
const MAX_OTHERS: usize = 32;

/// A child that the server adds for each viewer; a client cannot set it.
pub(super) const IS_ADMIN_BLOCKED: &str = "is_admin_blocked";

/// Replaces the own profile.
pub(crate) fn set(call: &mut Call<'_>, request: SetProfile) -> Result<Option<VCard>, StanzaError> {
    let mut card = request.card;
    card.others.retain(|(name, _)| name != IS_ADMIN_BLOCKED);
    let written = frame(|buffer| card.write(&mut Writer::new(buffer)));
    let is_large = written.len() + MAX_ENVELOPE_BYTES > MAX_STANZA_BYTES;
    if card.others.len() > MAX_OTHERS || is_large {
        return Err(refusal(ErrorCondition::NotAcceptable));
    }
    let user = call.user.clone();
    if !call.world.set_profile(&user, card.clone()) {
        return Err(refusal(ErrorCondition::ItemNotFound));
    }
    push(call, &card);
    Ok(call.world.settings.quirks.profile_echo.then_some(card))
}

/// A profile, as the sender may see it.
pub(crate) fn get(call: &mut Call<'_>, _: GetProfile) -> Result<VCard, StanzaError> {
    let view = call.world.profile_for(&call.user, &call.target);
    view.map(|view| view.card).ok_or_else(|| refusal(ErrorCondition::ItemNotFound))
}

/// Sends the new profile to the user's other sessions and to the contacts. An unasked-for result is
/// the only shape that the official SDK reacts to (that the platform sends it is inferred).
fn push(call: &mut Call<'_>, card: &VCard) {
    let from = call.own();
    for stream in call.world.audience_streams(&call.user) {
        if stream != call.stream {
            call.world.send_iq(stream, IqKind::Result, &from, |w| card.write(w));
        }
    }
}
