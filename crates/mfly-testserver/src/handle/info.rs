//! What an app or a test needs to know about a running server.

pub use crate::net::addresses::ListenerKind;
use crate::net::addresses::{API_PREFIX, reachable};
use crate::net::certificate;
use crate::state::ServerState;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::Path;
use utoipa::ToSchema;

/// What an app or a test needs to know about a running server. `Display` writes text with examples
/// for persons, `Serialize` is for programs.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Info {
    /// The version of the server.
    pub version: String,
    /// The URL of the page and of the control API, if they are served: `http://127.0.0.1:PORT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_url: Option<String>,
    /// The base URL of the REST API, without TLS.
    pub api_base_url: String,
    /// The URL of XMPP over WebSocket, without TLS.
    pub websocket_url: String,
    /// The signalling server for logging in by QR code, without TLS.
    pub signalling_url: String,
    /// The addresses over TLS, if it is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// XMPP over TCP, if it is offered: `xmpp://host:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_address: Option<String>,
    /// XMPP over TLS, if it is offered: `xmpps://host:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcps_address: Option<String>,
    /// The licence key that apps must use.
    pub licence_key: String,
    /// The URL of the licence look-up.
    pub licence_url: String,
    /// The URL of the script that gives the SDK in a page the address of this server.
    pub licence_script_url: String,
    /// The domain of every JID.
    pub xmpp_domain: String,
    /// Whether the plan is a trial.
    pub trial: bool,
    /// Every address that the server listens on. Apps are given the first one of each kind, unless
    /// another one is advertised.
    pub listeners: Vec<Listener>,
    /// The authority that apps have to trust, if a port uses TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}

/// An address that the server listens on.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Listener {
    /// The protocol there.
    pub kind: ListenerKind,
    /// The address: `127.0.0.1:8117`.
    pub address: String,
}

/// The addresses over TLS.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Tls {
    /// The base URL of the REST API.
    pub api_base_url: String,
    /// The URL of XMPP over WebSocket.
    pub websocket_url: String,
    /// The signalling server for logging in by QR code.
    pub signalling_url: String,
}

/// The authority that signed the server's certificate.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Authority {
    /// The file with the authority, if it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The SHA-256 of its public key in base64, as Chromium's
    /// `--ignore-certificate-errors-spki-list` takes it.
    pub public_key_hash: String,
    /// Its certificate as PEM text.
    pub certificate: String,
}

impl Listener {
    fn new((kind, address): &(ListenerKind, SocketAddr)) -> Self {
        Self { kind: *kind, address: address.to_string() }
    }
}

impl Info {
    /// What is known about a server once its sockets are bound.
    pub(crate) fn new(
        state: &ServerState,
        authority: Option<&certificate::Authority>,
        authority_file: Option<&Path>,
        control: Option<SocketAddr>,
    ) -> Self {
        let addresses = &state.addresses;
        let (licence_key, xmpp_domain, trial) = state.read_core(|core| {
            let settings = &core.world().settings;
            let key = settings.licence_key.expose().to_owned();
            (key, settings.xmpp_host.clone(), settings.trial)
        });
        let origin = addresses.origin();
        let tls = addresses.origin_tls().zip(addresses.websocket_tls());
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            control_url: control.map(|address| format!("http://{}", reachable(address))),
            api_base_url: format!("{origin}{API_PREFIX}"),
            websocket_url: addresses.websocket(),
            tls: tls.map(|(origin, websocket_url)| Tls {
                api_base_url: format!("{origin}{API_PREFIX}"),
                websocket_url,
                signalling_url: origin,
            }),
            tcp_address: addresses.xmpp(),
            tcps_address: addresses.xmpps(),
            licence_key,
            licence_url: format!("{origin}/license/details"),
            licence_script_url: format!("{origin}/licence.js"),
            xmpp_domain,
            trial,
            listeners: addresses.bound.iter().map(Listener::new).collect(),
            authority: authority.map(|authority| Authority {
                file: authority_file.map(|path| path.display().to_string()),
                public_key_hash: authority.public_key_hash(),
                certificate: authority.pem().to_owned(),
            }),
            signalling_url: origin,
        }
    }
}
