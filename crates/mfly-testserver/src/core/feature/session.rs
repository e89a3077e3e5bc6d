//! Session establishment: a courtesy to old clients, the stream is bound already.

use crate::core::dispatch::standard::{Query, Reply};
use crate::core::dispatch::{Call, Handle};
use mfly_proto::payload::session::EstablishSession;
use mfly_proto::stanza::StanzaError;

impl Handle for EstablishSession {
    const ADDRESSED: bool = false;

    fn handle(self, _: &mut Call<'_>) -> Result<(), StanzaError> {
        Ok(())
    }
}

/// The same for standard accounts.
pub(crate) fn standard(_: &mut Query<'_>) -> Result<Reply, StanzaError> {
    Ok(Reply::EMPTY)
}
