//! Prosody, as Debian packages it.

use crate::daemon::Daemon;
use crate::error::ServerError;
use crate::instance::InstanceConfig;
use crate::process::{Process, run};
use async_trait::async_trait;
use mfly_client::BareJid;
use mfly_suite::certificate::DOMAIN;
use mfly_suite::{Capability, Transport};
use tokio::process::Command;

/// A second domain, whose users can log in by SASL2.
const SASL2_DOMAIN: &str = "sasl2.test";

/// An instance of Prosody.
#[derive(Debug)]
pub struct Prosody {
    config: InstanceConfig,
}

#[async_trait]
impl Daemon for Prosody {
    const NAME: &'static str = "Prosody";
    const PACKAGE: &'static str = "prosody";

    async fn prepare(config: InstanceConfig) -> Result<Self, ServerError> {
        for folder in ["data", "certificates"] {
            std::fs::create_dir_all(config.file(folder))?;
        }
        let text = config.fill(include_str!("../config/prosody.cfg.lua"));
        std::fs::write(config.file("prosody.cfg.lua"), text)?;
        Ok(Self { config })
    }

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
