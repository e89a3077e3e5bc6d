//! A client asks whether the server is alive.

use crate::dispatch::{Call, Handle};
use mfly_proto::payload::ping::Ping;
use mfly_proto::stanza::StanzaError;

impl Handle for Ping {
    fn handle(self, _: &mut Call<'_>) -> Result<(), StanzaError> {
        Ok(())
    }
}
