//! A client asks whether the server is alive.

use crate::core::dispatch::standard::{Query, Reply};
use crate::core::dispatch::{Call, Handle};
use mfly_proto::payload::ping::Ping;
use mfly_proto::stanza::StanzaError;

impl Handle for Ping {
    fn handle(self, _: &mut Call<'_>) -> Result<(), StanzaError> {
        Ok(())
    }
}

/// The same for standard accounts. Nothing needs to be done.
pub(crate) fn standard(_: &mut Query<'_>) -> Result<Reply, StanzaError> {
    Ok(Reply::EMPTY)
}
