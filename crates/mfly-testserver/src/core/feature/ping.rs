//! Pings of clients (XEP-0199): the result alone shows that the server is alive.

use crate::core::call::{Call, Reply};
use mfly_proto::stanza::StanzaError;

/// Answers a ping.
pub(crate) fn ping(_: &mut Call<'_>) -> Result<Reply, StanzaError> {
    Ok(Reply::EMPTY)
}
