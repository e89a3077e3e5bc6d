//! Session establishment: a courtesy to old clients, the stream is bound already.

use crate::core::call::{Call, Reply};
use mfly_proto::payload::session::EstablishSession;
use mfly_proto::stanza::StanzaError;

/// Answers a platform account.
pub(crate) fn establish(_: &mut Call<'_>, _: EstablishSession) -> Result<(), StanzaError> {
    Ok(())
}

/// Answers a standard account.
pub(crate) fn standard(_: &mut Call<'_>) -> Result<Reply, StanzaError> {
    Ok(Reply::EMPTY)
}
