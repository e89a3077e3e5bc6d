//! `GET /users/config`: hosts, IVs, relays and features.
//!
//! ```text
//! S: {"status":200,"message":"Success","data":"<sealed with the username: {xmppHost,xmppPortWeb,
//!    signalServerDomain,callRoutingServer,iv,ivProfile,stuns,turns,callReconnectionTimeOut,<17 flags>}>"}
//! ```
//!
//! Registration returns the same object. `""` and absent both mean "nothing new"; a port is a
//! string or a number. Source: observed: Web SDK 4.25.10. `xmppPort`, for XMPP over TCP, is
//! inferred. Fixture: `fixtures/config/`.

use super::Endpoint;
use crate::auth::UserToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::feature::Features;
use crate::wire;
use ::http::Method;
use mfly_proto::cipher::ConfigCipher;
use mfly_proto::jid::UserId;
use mfly_proto::listed::Listed;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Asks for the configuration.
#[derive(Clone, Debug)]
pub struct Request {
    username: UserId,
}

impl Request {
    /// The configuration for the user who is logged in; the answer is sealed with their id.
    #[must_use]
    pub fn new(username: UserId) -> Self {
        Self { username }
    }
}

/// The platform's configuration.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerConfig {
    /// The XMPP domain, which is also the host to connect to.
    #[serde(deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub xmpp_host: Option<String>,
    /// The port of XMPP over WebSocket.
    #[serde(with = "wire::port", skip_serializing_if = "Option::is_none")]
    pub xmpp_port_web: Option<u16>,
    /// The port of XMPP over TCP (inferred).
    #[serde(with = "wire::port", skip_serializing_if = "Option::is_none")]
    pub xmpp_port: Option<u16>,
    /// The URL of call signalling.
    #[serde(
        rename = "signalServerDomain",
        deserialize_with = "wire::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub signal_server: Option<String>,
    /// The URL of call routing.
    #[serde(deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub call_routing_server: Option<String>,
    /// The IV of messages and media.
    #[serde(deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub iv: Option<String>,
    /// The IV of profile fields.
    #[serde(deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub iv_profile: Option<String>,
    /// STUN servers.
    #[serde(with = "wire::listed")]
    pub stuns: Listed<String>,
    /// TURN servers. They have passwords, so that nothing is kept of an entry that is left out.
    #[serde(with = "wire::listed::secretly")]
    pub turns: Listed<Turn>,
    /// How long a call may try to reconnect, in seconds.
    #[serde(deserialize_with = "wire::seconds", skip_serializing_if = "Option::is_none")]
    pub call_reconnection_time_out: Option<u32>,
    /// What the plan includes.
    #[serde(flatten)]
    pub features: Features,
}

/// A TURN server.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Turn {
    /// Its URL.
    #[serde(deserialize_with = "wire::any_text")]
    pub turn: String,
    /// The user name there.
    #[serde(deserialize_with = "wire::any_text")]
    pub username: String,
    /// The password there. Not shown by `Debug`.
    #[serde(deserialize_with = "wire::any_text")]
    pub password: String,
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The IVs are key material.
        f.debug_struct("ServerConfig")
            .field("xmpp_host", &self.xmpp_host)
            .field("xmpp_port_web", &self.xmpp_port_web)
            .field("signal_server", &self.signal_server)
            .field("call_routing_server", &self.call_routing_server)
            .field("features", &self.features)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("turn", &self.turn).finish_non_exhaustive()
    }
}

impl Endpoint for Request {
    type Auth = UserToken;
    type Response = ServerConfig;
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/users/config";

    fn decode(&self, answer: Answer) -> Result<ServerConfig, ApiError> {
        let cipher = ConfigCipher::new(self.username.as_str());
        answer.sealed(|data| cipher.open(data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> ServerConfig {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_port_is_a_string_or_a_number_and_may_be_missing() {
        assert_eq!(read(r#"{"xmppPortWeb":"5443"}"#).xmpp_port_web, Some(5443));
        assert_eq!(read(r#"{"xmppPortWeb":5443}"#).xmpp_port_web, Some(5443));
        for json in ["{}", r#"{"xmppPortWeb":""}"#, r#"{"xmppPortWeb":null}"#] {
            assert_eq!(read(json).xmpp_port_web, None, "{json}");
        }
        assert!(serde_json::from_str::<ServerConfig>(r#"{"xmppPortWeb":"70000"}"#).is_err());
    }

    #[test]
    fn empty_and_null_members_count_as_missing() {
        let config = read(
            r#"{"xmppHost":"","iv":null,"stuns":null,"turns":[{"turn":"t","username":null}]}"#,
        );
        assert_eq!((config.xmpp_host, config.iv, config.stuns), (None, None, Listed::new()));
        assert_eq!(config.turns[0].turn, "t");
        assert_eq!(config.features, Features::all());
    }

    #[test]
    fn debug_output_shows_neither_iv_nor_turn_password() {
        let config = read(
            r#"{"xmppHost":"h.test","iv":"s3cret-iv","ivProfile":"s3cret-ivp","turns":[{"turn":"t","username":"u","password":"s3cret"}]}"#,
        );
        let debug = format!("{config:?} {:?}", config.turns);
        assert!(debug.contains("h.test") && !debug.contains("s3cret"), "{debug}");
    }
}
