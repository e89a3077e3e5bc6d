//! The time of the server (XEP-0202).

use crate::core::call::{Call, Reply, refusal};
use mfly_proto::date_time::DateTime;
use mfly_proto::payload::standard::entity_time::{EntityTime, GetEntityTime};
use mfly_proto::stanza::{ErrorCondition, StanzaError};

/// The server's time in UTC; its time zone is not told.
pub(crate) fn get(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    let now = i64::try_from(call.now.0).ok();
    let utc = now
        .and_then(DateTime::from_unix_millis)
        .ok_or_else(|| refusal(ErrorCondition::InternalServerError))?;
    Ok(Reply::of::<GetEntityTime>(EntityTime { utc, offset_minutes: 0 }))
}
