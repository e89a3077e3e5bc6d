//! ejabberd, as Debian packages it.

use crate::daemon::Daemon;
use crate::error::ServerError;
use crate::instance::{InstanceConfig, MAX_STANZA_BYTES, WEBSOCKET_PATH, quoted};
use crate::process::{Process, run};
use async_trait::async_trait;
use mfly_client::BareJid;
use mfly_suite::certificate::DOMAIN;
use mfly_suite::port::{self, Ports};
use mfly_suite::{Capability, Transport};
use serde_json::json;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

/// A running ejabberd.
#[derive(Debug)]
pub struct Ejabberd {
    config: InstanceConfig,
    /// Where its administration listens.
    administration: u16,
    code: PathBuf,
    process: Option<Process>,
}

#[async_trait]
impl Daemon for Ejabberd {
    const NAME: &'static str = "ejabberd";
    const PACKAGE: &'static str = "ejabberd";

    async fn start(config: InstanceConfig) -> Result<Self, ServerError> {
        let [administration] = port::free()?;
        for folder in ["database", "modules"] {
            std::fs::create_dir_all(config.file(folder))?;
        }
        let file = config.file("ejabberd.yml");
        std::fs::write(file, configuration(&config, administration))?;
        let mut server = Self { config, administration, code: code().await?, process: None };
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

    fn strongest(_: Transport) -> &'static str {
        "SCRAM-SHA-512"
    }

    async fn create_user(&self, user: &BareJid, password: &str) -> Result<(), ServerError> {
        let body = json!({
            "user": user.local(),
            "host": user.domain(),
            "password": password,
        });
        let body = body.to_string();
        let request = format!(
            "POST /api/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.administration)).await?;
        connection.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await?;
        let answer = String::from_utf8_lossy(&answer);
        if answer.starts_with("HTTP/1.1 200 ") {
            Ok(())
        } else {
            Err(ServerError::Refused {
                server: "ejabberd",
                what: format!("create the account {user}"),
                answer: answer.lines().next().unwrap_or_default().to_owned(),
            })
        }
    }

    fn lacks(transport: Transport, capability: Capability) -> Option<&'static str> {
        match capability {
            Capability::ChannelBinding => Some("23.01 binds by tls-unique only"),
            Capability::Sasl2 => Some("not in 23.01"),
            Capability::PresenceOfBlocked => Some("23.01 tells them nothing"),
            Capability::StanzaLimit => match transport {
                Transport::WebSocket | Transport::SecureWebSocket => {
                    Some("23.01 has no limit over WebSocket")
                }
                _ => None,
            },
        }
    }
}

impl Ejabberd {
    /// The virtual machine is started directly, without a node name: so there is no port mapper
    /// (`epmd`), no distribution and no cookie.
    async fn spawn(&self) -> Result<Process, ServerError> {
        let config = &self.config;
        let mut command = Command::new("erl");
        command
            .args(["-noinput", "-noshell", "-mnesia", "dir"])
            .arg(quoted(&config.file("database")))
            .arg("-pa")
            .arg(&self.code)
            .args(["-s", "ejabberd"])
            .env("HOME", &config.folder)
            .env("EJABBERD_CONFIG_PATH", config.file("ejabberd.yml"))
            .env("EJABBERD_LOG_PATH", config.file("server.log"))
            .env("SPOOL_DIR", config.file("database"))
            .env("CONTRIB_MODULES_PATH", config.file("modules"))
            .env("ERL_CRASH_DUMP", config.file("crash.dump"))
            .current_dir(&config.folder);
        let mut ports = config.ports.all().to_vec();
        ports.push(self.administration);
        Process::start("ejabberd", command, &config.log(), &ports).await
    }
}

/// The folder of the server's compiled modules: Debian has it below a folder named after the
/// machine's architecture.
async fn code() -> Result<PathBuf, ServerError> {
    let mut list = Command::new("dpkg-query");
    list.args(["--listfiles", Ejabberd::PACKAGE]);
    let files = run(list).await?;
    let module = files.lines().find(|file| file.ends_with("/ebin/ejabberd.beam"));
    module
        .and_then(|module| Path::new(module).parent())
        .map(Path::to_path_buf)
        .ok_or(ServerError::Missing { what: "ejabberd.beam", package: Ejabberd::PACKAGE })
}

/// The configuration file. Options are those of ejabberd 23.01's own documentation.
fn configuration(config: &InstanceConfig, administration: u16) -> String {
    let Ports { start_tls, direct_tls, websocket, secure_websocket } = config.ports;
    let authority = quoted(&config.file(InstanceConfig::AUTHORITY));
    let certificate = quoted(&config.file(InstanceConfig::CHAIN_AND_KEY));
    format!(
        r#"# Generated: an instance on loopback for one run.
hosts: [{DOMAIN}]
loglevel: info
ca_file: {authority}
certfiles: [{certificate}]

listen:
  - port: {start_tls}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    starttls_required: true
    max_stanza_size: {MAX_STANZA_BYTES}
  - port: {direct_tls}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    tls: true
    max_stanza_size: {MAX_STANZA_BYTES}
  - port: {websocket}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers: {{ {WEBSOCKET_PATH}: ejabberd_http_ws }}
  - port: {secure_websocket}
    ip: "127.0.0.1"
    module: ejabberd_http
    tls: true
    request_handlers: {{ {WEBSOCKET_PATH}: ejabberd_http_ws }}
  - port: {administration}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers: {{ /api: mod_http_api }}

auth_method: internal
auth_password_format: scram
auth_scram_hash: sha512

api_permissions:
  "accounts, from this machine":
    from: mod_http_api
    who: {{ ip: 127.0.0.1 }}
    what: register

modules:
  mod_blocking: {{}}
  mod_carboncopy: {{}}
  mod_disco: {{}}
  mod_http_api: {{}}
  mod_last: {{}}
  mod_ping: {{}}
  mod_privacy: {{}}
  mod_roster: {{}}
  mod_time: {{}}
  mod_vcard: {{ search: false }}
  mod_version: {{}}
"#
    )
}
