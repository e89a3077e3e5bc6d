//! The settings that an app needs to use a running server, as text and for programs.

use crate::handle::server::TestServer;
use serde::Serialize;
use std::fmt;
use std::path::Path;

/// The settings that an app needs. `Display` writes text with examples, `Serialize` is for
/// programs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Settings {
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
    /// The authority that apps have to trust, if a port uses TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}

/// The addresses over TLS.
#[derive(Clone, Debug, Serialize)]
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
#[derive(Clone, Debug, Serialize)]
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

impl Settings {
    pub(super) fn new(server: &TestServer, authority: Option<&Path>) -> Self {
        let tls = server.api_base_url_tls().zip(server.websocket_url_tls());
        let tls = tls.zip(server.signalling_url_tls());
        let trusted = server.ca_certificate_pem().zip(server.ca_public_key_hash());
        Self {
            api_base_url: server.api_base_url(),
            websocket_url: server.websocket_url(),
            signalling_url: server.signalling_url(),
            tls: tls.map(|((api_base_url, websocket_url), signalling_url)| Tls {
                api_base_url,
                websocket_url,
                signalling_url,
            }),
            tcp_address: server.tcp_address(),
            tcps_address: server.tcps_address(),
            licence_key: server.licence_key().expose().to_owned(),
            licence_url: server.licence_url(),
            licence_script_url: server.licence_script_url(),
            xmpp_domain: server.xmpp_host(),
            trial: server.is_trial(),
            authority: trusted.map(|(certificate, hash)| Authority {
                file: authority.map(|path| path.display().to_string()),
                public_key_hash: hash.to_owned(),
                certificate: certificate.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "A local MirrorFly server is running. Ctrl-C stops it.\n\
             \n\
             API base URL    {}\n\
             WebSocket       {}\n\
             Licence key     {}\n\
             Licence look-up {}\n\
             XMPP host       {}\n\
             Plan            {}\n",
            self.api_base_url,
            self.websocket_url,
            self.licence_key,
            self.licence_url,
            self.xmpp_domain,
            if self.trial { "trial" } else { "live" },
        )?;
        if let Some(tls) = &self.tls {
            let (base_url, websocket) = (&tls.api_base_url, &tls.websocket_url);
            write!(f, "Over TLS        {base_url}\n                {websocket}\n")?;
        }
        if let Some(address) = &self.tcp_address {
            writeln!(f, "XMPP over TCP   {address}")?;
        }
        if let Some(address) = &self.tcps_address {
            writeln!(f, "XMPP over TLS   {address}")?;
        }
        if self.trial {
            f.write_str(
                "\nThe Web SDK learns of a trial plan from its licence server only: it needs a live \
                 plan here, or its look-up led to the one above.\n",
            )?;
        } else {
            let (script, key) = (&self.licence_script_url, &self.licence_key);
            write!(
                f,
                "\nFor a page with the Web SDK, before the SDK's own script:\n\
                 \n  <script src=\"{script}\"></script>\n\
                 \nand then:\n\
                 \n  SDK.initializeSDK({{ licenseKey: \"{key}\" }});\n",
            )?;
        }
        match &self.authority {
            Some(authority) => fmt::Display::fmt(authority, f),
            None => f.write_str(
                "\nThe Web SDK reaches XMPP over TLS only, unless its options name host, port and \
                 ssl: false; see --tls-listen.\n",
            ),
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hash, pem) = (&self.public_key_hash, &self.certificate);
        let (file, kept) = match &self.file {
            Some(file) => (file.as_str(), "kept in that file"),
            None => ("authority.pem", "made for this run; --authority FILE keeps one"),
        };
        write!(
            f,
            "\nApps have to trust this authority ({kept}). As {file}, it goes here:\n\
             \n  Chromium, Chrome  Settings, Privacy and security, Security, Manage certificates: import it as trusted\
             \n  Firefox           Settings, Privacy & Security, View Certificates, Authorities: import it for web sites\
             \n  Node.js, curl     NODE_EXTRA_CA_CERTS={file}, --cacert {file}\n\
             \nA Chromium for tests trusts it without that when it is started with\n\
             \n  --user-data-dir=FOLDER --ignore-certificate-errors-spki-list={hash}\n\n{pem}"
        )
    }
}
