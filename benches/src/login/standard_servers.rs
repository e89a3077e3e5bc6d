//! Prosody and ejabberd from Debian's packages, on loopback.

use super::BoxError;
use super::served::Served;
use super::target::Target;
use mfly_client::BareJid;
use mfly_interop_standard::folder::RunFolder;
use mfly_interop_standard::{Daemon, Ejabberd, InstanceConfig, Prosody, Running};
use mfly_suite::{Certificate, Certificates, Transport};
use std::path::Path;

/// The account on each domain.
const ACCOUNT: (&str, &str) = ("u0", "secret");

/// Starts Prosody; it ends when what is returned is dropped. What it writes is in `folder`.
pub async fn prosody(folder: &Path) -> Result<Served, BoxError> {
    start::<Prosody>(folder).await
}

/// Starts ejabberd; it ends when what is returned is dropped. What it writes is in `folder`.
pub async fn ejabberd(folder: &Path) -> Result<Served, BoxError> {
    start::<Ejabberd>(folder).await
}

async fn start<D: Daemon>(folder: &Path) -> Result<Served, BoxError> {
    let (user, password) = ACCOUNT;
    let certificates = Certificates::generate()?;
    let run = RunFolder::fresh(folder, D::PACKAGE)?;
    let config = InstanceConfig::new(&run, D::PACKAGE, &certificates, Certificate::Good)?;
    let server = Running::<D>::start(config.clone()).await?;
    let ports = config.ports;
    let mut targets: Vec<Target> = Vec::new();
    for (transport, address) in [
        (Transport::StartTls, format!("starttls://127.0.0.1:{}", ports.start_tls)),
        (Transport::DirectTls, format!("xmpps://127.0.0.1:{}", ports.direct_tls)),
        (Transport::WebSocket, format!("ws://127.0.0.1:{}", ports.websocket)),
    ] {
        let domain = D::domain(transport);
        let known = targets.iter().position(|target| target.domain == domain);
        let at = match known {
            Some(at) => at,
            None => {
                let account = BareJid::new(&format!("{user}@{domain}"))?;
                server.daemon.create_user(&account, password).await?;
                targets.push(Target {
                    domain: domain.to_owned(),
                    user: user.to_owned(),
                    password: password.to_owned(),
                    ca: Some(config.file(InstanceConfig::AUTHORITY)),
                    ..Target::default()
                });
                targets.len() - 1
            }
        };
        let has_sasl2 = D::lacks(transport, mfly_suite::Capability::Sasl2).is_none();
        let target = &mut targets[at];
        let servers = if has_sasl2 { &mut target.sasl2_servers } else { &mut target.servers };
        servers.push(address);
    }
    Ok(Served { name: D::NAME.to_owned(), targets, running: Box::new(server) })
}
