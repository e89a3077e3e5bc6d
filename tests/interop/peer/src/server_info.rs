//! What the clients have to know about the server.

use mfly_client::{InvalidArgument, LicenceKey};
use serde::Deserialize;

/// The addresses and the licence of a server, as `mfly-testserver --json` prints them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerInfo {
    pub(crate) api_base_url: String,
    pub(crate) websocket_url: String,
    pub(crate) signalling_url: String,
    pub(crate) xmpp_domain: String,
    pub(crate) trial: bool,
    licence_key: String,
}

impl ServerInfo {
    /// Reads the JSON object that the server printed.
    pub(crate) fn read(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// The licence key that clients must send.
    pub(crate) fn licence_key(&self) -> Result<LicenceKey, InvalidArgument> {
        LicenceKey::new(&*self.licence_key)
    }
}
