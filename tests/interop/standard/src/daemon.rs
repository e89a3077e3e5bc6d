//! What the two servers have in common, and how the suite sees them.

use crate::error::ServerError;
use crate::folder::RunFolder;
use crate::instance::{InstanceConfig, MAX_STANZA_BYTES, WEBSOCKET_PATH};
use crate::process::run;
use async_trait::async_trait;
use mfly_client::standard::Account;
use mfly_client::{BareJid, Password, Tls};
use mfly_suite::certificate::{Certificate, Certificates, DOMAIN};
use mfly_suite::{Capability, Failure, Server, Transport};
use std::sync::Arc;
use tokio::process::Command;
use tokio::sync::RwLock;

/// A server that runs as a process.
#[async_trait]
pub trait Daemon: Sized + Send + Sync + 'static {
    /// Its name.
    const NAME: &'static str;

    /// The Debian package that it comes from.
    const PACKAGE: &'static str;

    /// Writes the configuration and starts the server.
    ///
    /// # Errors
    /// When the package is not installed or the server does not come up.
    async fn start(config: InstanceConfig) -> Result<Self, ServerError>;

    /// Ends the server and starts it again on the same ports, with the same users.
    ///
    /// # Errors
    /// When it does not end or does not come up.
    async fn restart(&mut self) -> Result<(), ServerError>;

    /// Its XMPP domain for who comes over `transport`.
    #[must_use]
    fn domain(_transport: Transport) -> &'static str {
        DOMAIN
    }

    /// The strongest mechanism that it offers over `transport` and that this client knows, too.
    /// Passwords are stored for one hash function only; between them the servers use all three.
    fn strongest(transport: Transport) -> &'static str;

    /// Creates an account.
    ///
    /// # Errors
    /// When the server refuses.
    async fn create_user(&self, user: &BareJid, password: &str) -> Result<(), ServerError>;

    /// Why it does without this; `None` when it does not.
    fn lacks(transport: Transport, capability: Capability) -> Option<&'static str>;
}

/// A server, with all that is needed to run another instance of it.
pub struct StandardServer<D> {
    name: String,
    run: Arc<RunFolder>,
    certificates: Arc<Certificates>,
    trusted: Tls,
    config: InstanceConfig,
    daemon: RwLock<D>,
}

impl<D: Daemon> StandardServer<D> {
    /// Starts a server that shows this certificate.
    ///
    /// # Errors
    /// When it does not come up.
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
            daemon: RwLock::new(D::start(config).await?),
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
        Ok(self.daemon.read().await.create_user(user, password).await?)
    }

    async fn restart(&self) -> Result<(), Failure> {
        Ok(self.daemon.write().await.restart().await?)
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
