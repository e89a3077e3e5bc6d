//! `GET /users/config`: hosts, IVs, relays and features.
//!
//! ```text
//! S: {"status":200,"message":"Success","data":"<sealed with the username: {xmppHost,xmppPortWeb,
//!    signalServerDomain,callRoutingServer,iv,ivProfile,stuns,turns,callReconnectionTimeOut,<17 flags>}>"}
//! ```
//!
//! Registration returns the same object. Both `""` and an absent member mean that the known value
//! stays valid. A port is a string or a number. Source: observed: Web SDK 4.25.10. `xmppPort`, for
//! XMPP over TCP, is inferred. Fixture: `fixtures/config/`.

use super::endpoint;
use crate::feature::Features;
use crate::wire;
use mfly_proto::cipher::ConfigCipher;
use mfly_proto::jid::UserId;
use mfly_proto::listed::Listed;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Requests the configuration.
#[derive(Clone, Debug)]
pub struct Request {
    username: UserId,
}

impl Request {
    /// The configuration for the logged-in user. The response is sealed with the id of the user.
    #[must_use]
    pub fn new(username: UserId) -> Self {
        Self { username }
    }
}

/// The platform's configuration.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerConfig {
    /// The XMPP domain, which is also the host of the XMPP server.
    #[serde(deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub xmpp_host: Option<String>,
    /// The port of XMPP over WebSocket.
    #[serde(with = "wire::port", skip_serializing_if = "Option::is_none")]
    pub xmpp_port_web: Option<u16>,
    /// The port of XMPP over TCP (inferred).
    #[serde(with = "wire::port", skip_serializing_if = "Option::is_none")]
    pub xmpp_port: Option<u16>,
    /// The URL of the server for call signalling.
    #[serde(
        rename = "signalServerDomain",
        deserialize_with = "wire::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub signal_server: Option<String>,
    /// The URL of the server for call routing.
    #[serde(deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub call_routing_server: Option<String>,
    /// The IV of messages and media.
    #[serde(deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub iv: Option<String>,
    /// The IV of profile fields.
    #[serde(deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub iv_profile: Option<String>,
    /// The URLs of STUN servers.
    #[serde(with = "wire::listed")]
    pub stuns: Listed<String>,
    /// The TURN servers. Their entries hold passwords, so an unreadable entry is counted without
    /// its text.
    #[serde(with = "wire::listed::secretly")]
    pub turns: Listed<Turn>,
    /// How long a call may try to reconnect, in seconds.
    #[serde(deserialize_with = "wire::seconds", skip_serializing_if = "Option::is_none")]
    pub call_reconnection_time_out: Option<u32>,
    /// The features of the plan.
    #[serde(flatten)]
    pub features: Features,
}

/// A TURN server.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Turn {
    /// The URL of the server.
    #[serde(deserialize_with = "wire::any_text")]
    pub turn: String,
    /// The user name for the server.
    #[serde(deserialize_with = "wire::any_text")]
    pub username: String,
    /// The password for the server. `Debug` does not show it.
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

endpoint! {
    Request, UserToken, GET "/users/config" => ServerConfig;
    decode(self, response) {
        let cipher = ConfigCipher::new(self.username.as_str());
        response.sealed(|data| cipher.open(data))
    };
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
