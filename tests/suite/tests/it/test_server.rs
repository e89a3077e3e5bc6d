//! The test server of this workspace, as a server under test.

use async_trait::async_trait;
use mfly_client::standard::{Account, Connector, ConnectorError, Dialled};
use mfly_client::{BareJid, Password, Redirect, Tls};
use mfly_proto::framing::Framing;
use mfly_suite::certificate::{Certificate, Certificates, Chain, DOMAIN};
use mfly_suite::port::Ports;
use mfly_suite::{Capability, Failure, Server, Transport};
use mfly_testserver::TestServer;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::sync::RwLock;

/// A test server that can be restarted.
pub(crate) struct RestartableServer {
    certificates: Arc<Certificates>,
    certificate: Certificate,
    trusted: Tls,
    ports: Ports,
    state: Arc<RwLock<State>>,
}

struct State {
    /// `None` during a restart.
    server: Option<TestServer>,
    /// The accounts, which a new instance does not know.
    users: Vec<(BareJid, String)>,
}

impl RestartableServer {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let certificates = Arc::new(Certificates::generate()?);
        Self::with(certificates, Certificate::Good).await
    }

    async fn with(
        certificates: Arc<Certificates>,
        certificate: Certificate,
    ) -> Result<Self, Failure> {
        let ports = Ports::free()?;
        let state = State {
            server: Some(listen(certificates.chain(certificate), ports).await?),
            users: Vec::new(),
        };
        Ok(Self {
            trusted: Tls::custom(certificates.authority_pem.as_bytes())?,
            certificates,
            certificate,
            ports,
            state: Arc::new(RwLock::new(state)),
        })
    }
}

async fn listen(chain: &Chain, ports: Ports) -> Result<TestServer, Failure> {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let server = TestServer::builder()
        .xmpp_host(DOMAIN)
        .certificate(&chain.certificate_pem, &chain.key_pem)
        .listen(at(ports.websocket))
        .tls_listen(at(ports.secure_websocket))
        .tcp_listen(at(ports.start_tls))
        .tcps_listen(at(ports.direct_tls))
        .scram(true)
        .sasl2(true)
        .start()
        .await?;
    Ok(server)
}

#[async_trait]
impl Server for RestartableServer {
    fn name(&self) -> &str {
        "the test server"
    }

    fn domain(&self, _: Transport) -> &str {
        DOMAIN
    }

    fn transports(&self) -> Vec<Transport> {
        vec![
            Transport::MemoryTcp,
            Transport::MemoryWebSocket,
            Transport::StartTls,
            Transport::DirectTls,
            Transport::WebSocket,
            Transport::SecureWebSocket,
        ]
    }

    fn address(&self, transport: Transport) -> Option<String> {
        self.ports.address(transport, "/websocket")
    }

    fn account(
        &self,
        transport: Transport,
        jid: BareJid,
        password: Password,
    ) -> Result<Account, Failure> {
        let account = Account::new(jid, password).tls(self.trusted.clone());
        let in_memory = |framing| {
            let state = Arc::clone(&self.state);
            Arc::new(InMemory { state, framing })
        };
        Ok(match transport {
            Transport::MemoryTcp => account.connector(in_memory(Framing::Tcp)),
            Transport::MemoryWebSocket => account.connector(in_memory(Framing::WebSocket)),
            _ => account.address(&self.address(transport).unwrap_or_default()),
        })
    }

    fn strongest(&self, transport: Transport) -> &'static str {
        if transport.has_certificate() { "SCRAM-SHA-512-PLUS" } else { "SCRAM-SHA-512" }
    }

    fn max_stanza_bytes(&self) -> usize {
        mfly_transport::DEFAULT_MAX_FRAME_BYTES
    }

    async fn create_user(&self, user: &BareJid, password: &str) -> Result<(), Failure> {
        let mut state = self.state.write().await;
        create(state.server.as_ref(), user, password)?;
        state.users.push((user.clone(), password.to_owned()));
        Ok(())
    }

    async fn restart(&self) -> Result<(), Failure> {
        let mut state = self.state.write().await;
        if let Some(server) = state.server.take() {
            server.shutdown().await;
        }
        let chain = self.certificates.chain(self.certificate);
        state.server = Some(listen(chain, self.ports).await?);
        for (user, password) in &state.users {
            create(state.server.as_ref(), user, password)?;
        }
        Ok(())
    }

    async fn with_certificate(&self, certificate: Certificate) -> Result<Box<dyn Server>, Failure> {
        let certificates = Arc::clone(&self.certificates);
        Ok(Box::new(Self::with(certificates, certificate).await?))
    }

    fn lacks(&self, _: Transport, _: Capability) -> Option<&'static str> {
        None
    }
}

fn create(server: Option<&TestServer>, user: &BareJid, password: &str) -> Result<(), Failure> {
    let server = server.ok_or_else(|| Failure::new("the server is not running"))?;
    server.standard_user(user.local().unwrap_or_default(), password)?;
    Ok(())
}

/// Connects without a socket.
struct InMemory {
    state: Arc<RwLock<State>>,
    framing: Framing,
}

#[async_trait]
impl Connector for InMemory {
    async fn connect(&self, _: Option<&Redirect>) -> Result<Dialled, ConnectorError> {
        let state = self.state.read().await;
        let server = state.server.as_ref().ok_or("the server is not running")?;
        Ok(Dialled::new(server.connect_in_memory(self.framing), true))
    }
}
