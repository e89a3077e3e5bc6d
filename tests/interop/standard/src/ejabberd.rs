//! ejabberd, as Debian packages it.

use crate::daemon::Daemon;
use crate::error::ServerError;
use crate::instance::{InstanceConfig, quoted};
use crate::process::{Process, run};
use async_trait::async_trait;
use mfly_client::BareJid;
use mfly_suite::port;
use mfly_suite::{Capability, Transport};
use serde_json::json;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

/// An instance of ejabberd.
#[derive(Debug)]
pub struct Ejabberd {
    config: InstanceConfig,
    /// The port of its administration.
    administration: u16,
    code: PathBuf,
}

#[async_trait]
impl Daemon for Ejabberd {
    const NAME: &'static str = "ejabberd";
    const PACKAGE: &'static str = "ejabberd";

    async fn prepare(config: InstanceConfig) -> Result<Self, ServerError> {
        let [administration] = port::free()?;
        for folder in ["database", "modules"] {
            std::fs::create_dir_all(config.file(folder))?;
        }
        let text = config.fill(include_str!("../config/ejabberd.yml"));
        let text = text.replace("@administration@", &administration.to_string());
        std::fs::write(config.file("ejabberd.yml"), text)?;
        Ok(Self { config, administration, code: code().await? })
    }

    /// Starts the virtual machine directly, without a node name: so there is no port mapper
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
            Capability::PresenceOfBlocked => Some("23.01 sends them nothing"),
            Capability::StanzaLimit => match transport {
                Transport::WebSocket | Transport::SecureWebSocket => {
                    Some("23.01 has no limit over WebSocket")
                }
                _ => None,
            },
        }
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
