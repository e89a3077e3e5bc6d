//! What time it is here (XEP-0202).

use crate::dispatch::standard::{Query, Reply};
use mfly_proto::stanza::StanzaError;

/// The namespace.
pub(crate) const NAMESPACE: &str = "urn:xmpp:time";

/// The time, in UTC.
pub(crate) fn get(_: &mut Query<'_>) -> Result<Reply, StanzaError> {
    Ok(Reply::EMPTY)
}
