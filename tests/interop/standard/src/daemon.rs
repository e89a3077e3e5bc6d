//! The interface of the two servers, and their adapter to the suite.

use crate::error::ServerError;
use crate::folder::RunFolder;
use crate::instance::{InstanceConfig, MAX_STANZA_BYTES, WEBSOCKET_PATH};
use crate::process::{Process, run};
use async_trait::async_trait;
use mfly_client::standard::Account;
use mfly_client::{BareJid, Password, Tls};
use mfly_suite::certificate::{Certificate, Certificates, DOMAIN};
use mfly_suite::{Capability, Failure, Server, Transport};
use std::sync::Arc;
use tokio::process::Command;
use tokio::sync::RwLock;

/// A server that runs as a process of its own.
#[async_trait]
pub trait Daemon: Sized + Send + Sync + 'static {
    /// The server's name.
    const NAME: &'static str;

    /// The Debian package of the server.
    const PACKAGE: &'static str;

    /// Writes the configuration.
    ///
    /// # Errors
    /// When the package is not installed or a file cannot be written.
    async fn prepare(config: InstanceConfig) -> Result<Self, ServerError>;

    /// Starts the process of a prepared server.
    ///
    /// # Errors
    /// When the server does not start.
    async fn spawn(&self) -> Result<Process, ServerError>;

    /// The XMPP domain of users who connect over `transport`.
    #[must_use]
    fn domain(_transport: Transport) -> &'static str {
        DOMAIN
    }

    /// The strongest mechanism over `transport` that both sides know. Passwords are stored for one
    /// hash function only; together the servers use all three.
    fn strongest(transport: Transport) -> &'static str;

    /// Creates an account.
    ///
    /// # Errors
    /// When the server refuses.
    async fn create_user(&self, user: &BareJid, password: &str) -> Result<(), ServerError>;

    /// The reason why the server lacks this capability; `None` when it does not.
    fn lacks(transport: Transport, capability: Capability) -> Option<&'static str>;
}

/// A server and its process.
#[derive(Debug)]
pub struct Running<D> {
    /// The server that runs.
    pub daemon: D,
    process: Option<Process>,
}

impl<D: Daemon> Running<D> {
    /// Writes the configuration and starts the server.
    ///
    /// # Errors
    /// When the package is not installed or the server does not start.
    pub async fn start(config: InstanceConfig) -> Result<Self, ServerError> {
        let daemon = D::prepare(config).await?;
        let process = Some(daemon.spawn().await?);
        Ok(Self { daemon, process })
    }

    /// Stops the server and starts it again on the same ports, with the same users.
    ///
    /// # Errors
    /// When it does not stop or does not start.
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        if let Some(process) = self.process.take() {
            process.stop().await?;
        }
        self.process = Some(self.daemon.spawn().await?);
        Ok(())
    }
}

/// A server, with all data to run another instance of it.
pub struct StandardServer<D> {
    name: String,
    run: Arc<RunFolder>,
    certificates: Arc<Certificates>,
    trusted: Tls,
    config: InstanceConfig,
    server: RwLock<Running<D>>,
}

impl<D: Daemon> StandardServer<D> {
    /// Starts a server with this certificate.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(
        run: &Arc<RunFolder>,
        certificates: &Arc<Certificates>,
        certificate: Certificate,
    ) -> Result<Self, ServerError> {
        let config = InstanceConfig::new(run, D::PACKAGE, certificates, certificate)?;
        let trusted = Tls::custom(certificates.authority_pem.as_bytes())
            .map_err(|error| ServerError::Io(std::io::Error::other(error)))?;
        Ok(Self {
            name: format!("{} {}", D::NAME, version(D::PACKAGE).await?),
            run: Arc::clone(run),
            certificates: Arc::clone(certificates),
            trusted,
            config: config.clone(),
            server: RwLock::new(Running::start(config).await?),
        })
    }
}

#[async_trait]
impl<D: Daemon> Server for StandardServer<D> {
    fn name(&self) -> &str {
        &self.name
    }

    fn domain(&self, transport: Transport) -> &str {
        D::domain(transport)
    }

    fn transports(&self) -> Vec<Transport> {
        vec![
            Transport::StartTls,
            Transport::DirectTls,
            Transport::WebSocket,
            Transport::SecureWebSocket,
        ]
    }

    fn address(&self, transport: Transport) -> Option<String> {
        self.config.ports.address(transport, WEBSOCKET_PATH)
    }

    fn account(
        &self,
        transport: Transport,
        jid: BareJid,
        password: Password,
    ) -> Result<Account, Failure> {
        let address = self
            .address(transport)
            .ok_or_else(|| Failure::new(format!("{} is another process", self.name)))?;
        let account = Account::new(jid, password);
        Ok(account.address(&address).tls(self.trusted.clone()))
    }

    fn strongest(&self, transport: Transport) -> &'static str {
        D::strongest(transport)
    }

    fn max_stanza_bytes(&self) -> usize {
        MAX_STANZA_BYTES
    }

    async fn create_user(&self, user: &BareJid, password: &str) -> Result<(), Failure> {
        Ok(self.server.read().await.daemon.create_user(user, password).await?)
    }

    async fn restart(&self) -> Result<(), Failure> {
        Ok(self.server.write().await.restart().await?)
    }

    async fn with_certificate(&self, certificate: Certificate) -> Result<Box<dyn Server>, Failure> {
        let other = Self::start(&self.run, &self.certificates, certificate).await?;
        Ok(Box::new(other))
    }

    fn lacks(&self, transport: Transport, capability: Capability) -> Option<&'static str> {
        D::lacks(transport, capability)
    }
}

/// The version of an installed Debian package.
async fn version(package: &str) -> Result<String, ServerError> {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${Version}", package]);
    run(query).await
}
