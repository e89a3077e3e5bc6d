//! Prosody, as Debian packages it.

use crate::daemon::Daemon;
use crate::error::ServerError;
use crate::instance::{InstanceConfig, MAX_STANZA_BYTES, WEBSOCKET_PATH, quoted};
use crate::process::{Process, run};
use async_trait::async_trait;
use mfly_client::BareJid;
use mfly_suite::certificate::DOMAIN;
use mfly_suite::port::Ports;
use mfly_suite::{Capability, Transport};
use tokio::process::Command;

/// A second domain, whose users may log in by SASL2.
const SASL2_DOMAIN: &str = "sasl2.test";

/// A running Prosody.
#[derive(Debug)]
pub struct Prosody {
    config: InstanceConfig,
    process: Option<Process>,
}

#[async_trait]
impl Daemon for Prosody {
    const NAME: &'static str = "Prosody";
    const PACKAGE: &'static str = "prosody";

    async fn start(config: InstanceConfig) -> Result<Self, ServerError> {
        for folder in ["data", "certificates"] {
            std::fs::create_dir_all(config.file(folder))?;
        }
        std::fs::write(config.file("prosody.cfg.lua"), configuration(&config))?;
        let mut server = Self { config, process: None };
        server.process = Some(server.spawn().await?);
        Ok(server)
    }

    async fn restart(&mut self) -> Result<(), ServerError> {
        if let Some(process) = self.process.take() {
            process.stop().await?;
        }
        self.process = Some(self.spawn().await?);
        Ok(())
    }

    fn domain(transport: Transport) -> &'static str {
        match transport {
            Transport::WebSocket => SASL2_DOMAIN,
            _ => DOMAIN,
        }
    }

    fn strongest(transport: Transport) -> &'static str {
        match transport {
            Transport::WebSocket => "SCRAM-SHA-1",
            _ => "SCRAM-SHA-256",
        }
    }

    async fn create_user(&self, user: &BareJid, password: &str) -> Result<(), ServerError> {
        let mut command = Command::new("prosodyctl");
        command.args(["--root", "--config"]).arg(self.config.file("prosody.cfg.lua")).args([
            "register",
            user.local().unwrap_or_default(),
            user.domain(),
            password,
        ]);
        run(command).await.map(drop)
    }

    fn lacks(transport: Transport, capability: Capability) -> Option<&'static str> {
        match capability {
            Capability::ChannelBinding => {
                Some("0.12 binds by tls-unique only, and not over TLS 1.3")
            }
            Capability::Sasl2 if transport != Transport::WebSocket => {
                Some("the module of Debian's prosody-modules fails with TLS in 0.12")
            }
            Capability::Sasl2 | Capability::PresenceOfBlocked | Capability::StanzaLimit => None,
        }
    }
}

impl Prosody {
    async fn spawn(&self) -> Result<Process, ServerError> {
        let mut command = Command::new("prosody");
        command
            .arg("--config")
            .arg(self.config.file("prosody.cfg.lua"))
            .arg("-F")
            .current_dir(&self.config.folder);
        let ports = self.config.ports.all();
        Process::start("Prosody", command, &self.config.log(), &ports).await
    }
}

/// The configuration file. Options are those of Prosody 0.12's own documentation; what is not named
/// is left at its default, so that the suite meets a server as it is mostly installed.
fn configuration(config: &InstanceConfig) -> String {
    let Ports { start_tls, direct_tls, websocket, secure_websocket } = config.ports;
    let data = quoted(&config.file("data"));
    let pid = quoted(&config.file("prosody.pid"));
    let log = quoted(&config.file("server.log"));
    let certificates = quoted(&config.file("certificates"));
    let chain = quoted(&config.file(InstanceConfig::CHAIN));
    let key = quoted(&config.file(InstanceConfig::KEY));
    let tls = format!("{{ certificate = {chain}; key = {key} }}");
    format!(
        r#"-- Generated: an instance on loopback for one run.
run_as_root = true
pidfile = {pid}
data_path = {data}
log = {{ info = {log} }}
certificates = {certificates} -- none there: each service below names its own

interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {start_tls} }}
c2s_direct_tls_ports = {{ {direct_tls} }}
http_interfaces = {{ "127.0.0.1" }}
https_interfaces = {{ "127.0.0.1" }}
http_ports = {{ {websocket} }}
https_ports = {{ {secure_websocket} }}

ssl = {tls}
c2s_direct_tls_ssl = {tls}
https_ssl = {tls}
c2s_require_encryption = true
consider_websocket_secure = true -- else ws:// in the clear offers no mechanism

modules_enabled = {{
	"roster"; "saslauth"; "tls"; "disco"; "presence"; "message"; "iq";
	"blocklist"; "carbons"; "lastactivity"; "pep"; "ping"; "time"; "vcard_legacy"; "version";
}}
modules_disabled = {{ "s2s" }} -- no federation

authentication = "internal_hashed"
storage = "internal"
c2s_stanza_size_limit = {MAX_STANZA_BYTES}

VirtualHost "{DOMAIN}"
	password_hash = "SHA-256"
	modules_enabled = {{ "websocket" }}
	http_host = "localhost"
	http_paths = {{ websocket = "{WEBSOCKET_PATH}" }}

-- The modules of the package prosody-modules are for a later version: with TLS they fail, in the clear they work.
VirtualHost "{SASL2_DOMAIN}"
	password_hash = "SHA-1" -- the default
	modules_enabled = {{ "sasl2"; "sasl2_bind2" }}
"#
    )
}
