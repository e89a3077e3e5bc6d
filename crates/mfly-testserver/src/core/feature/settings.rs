//! The user's settings; the account's other sessions are told of a change.

use crate::core::call::{Call, refusal};
use mfly_proto::payload::settings::{GetSettings, Settings, UpdateSettings};
use mfly_proto::stanza::{ErrorCondition, StanzaError};

/// The settings of the account.
pub(crate) fn get(call: &mut Call<'_>, _: GetSettings) -> Result<Settings, StanzaError> {
    Ok(Settings { archive: call.world.user(&call.user).map(|user| user.archive) })
}

/// Changes the settings, and tells the account's other sessions.
pub(crate) fn update(call: &mut Call<'_>, request: UpdateSettings) -> Result<(), StanzaError> {
    let Some(account) = call.world.user_mut(&call.user) else {
        return Err(refusal(ErrorCondition::ItemNotFound));
    };
    account.archive = request.archive;
    let settings = Settings { archive: Some(request.archive) };
    call.tell_others(|w| settings.write_push(w));
    Ok(())
}
