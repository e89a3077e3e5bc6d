//! The running server: its tasks, its addresses, how it stops.

use crate::core::memory::Memory;
use crate::handle::fault_builder::FaultBuilder;
use crate::handle::journal::Journal;
use crate::handle::standard_user::StandardUserHandle;
use crate::handle::user::{PlanHandle, UserError, UserHandle};
use crate::net::addresses::API_PREFIX;
use crate::net::certificate::Authority;
use crate::net::listener::Listening;
use crate::net::pipe::Pipe;
use crate::state::ServerState;
use mfly_proto::framing::{Framing, ReceiveLimits};
use mfly_proto::secret::LicenceKey;
use mfly_transport::Connection;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::warn;

/// Bytes that one side of a connection in memory may say before the other has to listen.
const MEMORY_BYTES: usize = 64 * 1024;

/// A running server. Dropping it stops everything at once; [`TestServer::shutdown`] says goodbye.
pub struct TestServer {
    state: Arc<ServerState>,
    authority: Option<Trusted>,
    /// Where connections in memory go.
    memory: mpsc::UnboundedSender<Pipe>,
    /// Owns all other tasks: they end with it.
    supervisor: JoinHandle<()>,
}

/// What clients have to trust.
struct Trusted {
    pem: String,
    public_key_hash: String,
}

impl TestServer {
    pub(crate) fn run(
        state: Arc<ServerState>,
        listening: Vec<Listening>,
        authority: Option<&Authority>,
    ) -> Self {
        let (memory, dialled) = mpsc::unbounded_channel();
        let supervisor =
            tokio::spawn(crate::net::supervisor::supervise(Arc::clone(&state), listening, dialled));
        Self {
            state,
            authority: authority.map(|authority| Trusted {
                pem: authority.pem().to_owned(),
                public_key_hash: authority.public_key_hash(),
            }),
            memory,
            supervisor,
        }
    }

    /// `http://127.0.0.1:PORT/api/v1`
    #[must_use]
    pub fn api_base_url(&self) -> String {
        format!("{}{API_PREFIX}", self.state.addresses.origin())
    }

    /// `https://localhost:PORT/api/v1`, unless TLS is off.
    #[must_use]
    pub fn api_base_url_tls(&self) -> Option<String> {
        Some(format!("{}{API_PREFIX}", self.state.addresses.origin_tls()?))
    }

    /// `ws://127.0.0.1:PORT/websocket`
    #[must_use]
    pub fn websocket_url(&self) -> String {
        self.state.addresses.websocket()
    }

    /// `wss://localhost:PORT/websocket`, unless TLS is off.
    #[must_use]
    pub fn websocket_url_tls(&self) -> Option<String> {
        self.state.addresses.websocket_tls()
    }

    /// `xmpp://localhost:PORT`, where TLS is agreed on before anything else (STARTTLS), unless TCP
    /// is off. With [`Builder::tcp_cleartext`] it is not offered there.
    #[must_use]
    pub fn tcp_address(&self) -> Option<String> {
        self.state.addresses.xmpp()
    }

    /// `xmpps://localhost:PORT`, where TLS is spoken from the start, unless that is off.
    #[must_use]
    pub fn tcps_address(&self) -> Option<String> {
        self.state.addresses.xmpps()
    }

    /// A client's end of a connection in memory: no socket, no TLS, the same server. Whatever is
    /// not read of it holds the server up as a slow network would.
    #[must_use]
    pub fn connect_in_memory(&self, framing: Framing) -> Connection {
        let reading = &self.state.reading;
        let (client, server) = if framing == Framing::Tcp {
            let (client, server) = tokio::io::duplex(MEMORY_BYTES);
            let client = mfly_transport::over_stream(client, ReceiveLimits::default());
            (client, Pipe::tcp(server, None, reading))
        } else {
            let (client, server) = mfly_transport::pair();
            (client, Pipe::joined(server, reading))
        };
        // A server that has stopped drops its end.
        let _ = self.memory.send(server);
        client
    }

    /// Where the licence look-up is answered, without query.
    #[must_use]
    pub fn licence_url(&self) -> String {
        format!("{}/license/details", self.state.addresses.origin())
    }

    /// Where the script is that tells a page's official SDK about this server.
    #[must_use]
    pub fn licence_script_url(&self) -> String {
        format!("{}/licence.js", self.state.addresses.origin())
    }

    /// Where codes for logging in come from: `http://127.0.0.1:PORT`, without path. The official
    /// SDK takes it as `socketUrl`.
    #[must_use]
    pub fn signalling_url(&self) -> String {
        self.state.addresses.origin()
    }

    /// The same over TLS, unless TLS is off.
    #[must_use]
    pub fn signalling_url_tls(&self) -> Option<String> {
        self.state.addresses.origin_tls()
    }

    /// The socket of plain HTTP.
    #[must_use]
    pub fn listen_address(&self) -> SocketAddr {
        self.state.addresses.plain
    }

    /// The socket of TLS, unless that is off.
    #[must_use]
    pub fn tls_listen_address(&self) -> Option<SocketAddr> {
        self.state.addresses.tls
    }

    /// The socket of XMPP over TCP with STARTTLS, unless that is off.
    #[must_use]
    pub fn tcp_listen_address(&self) -> Option<SocketAddr> {
        self.state.addresses.tcp
    }

    /// The socket of XMPP over TLS, unless that is off.
    #[must_use]
    pub fn tcps_listen_address(&self) -> Option<SocketAddr> {
        self.state.addresses.tcps
    }

    /// The authority that clients have to trust, as PEM text, unless TLS is off. Every server has
    /// its own, whose key is forgotten once the server runs, unless [`Builder::authority`] keeps
    /// one.
    #[must_use]
    pub fn ca_certificate_pem(&self) -> Option<&str> {
        Some(self.authority.as_ref()?.pem.as_str())
    }

    /// The SHA-256 of the authority's public key in base64, unless TLS is off: a Chromium that is
    /// started with `--ignore-certificate-errors-spki-list` and this trusts the server.
    #[must_use]
    pub fn ca_public_key_hash(&self) -> Option<&str> {
        Some(self.authority.as_ref()?.public_key_hash.as_str())
    }

    /// The licence key that clients have to know.
    #[must_use]
    pub fn licence_key(&self) -> LicenceKey {
        self.state.read_core(|core| core.world().settings.licence_key.clone())
    }

    /// The domain of every JID.
    #[must_use]
    pub fn xmpp_host(&self) -> String {
        self.state.read_core(|core| core.world().settings.xmpp_host.clone())
    }

    /// Whether the licence is a trial.
    #[must_use]
    pub fn is_trial(&self) -> bool {
        self.state.read_core(|core| core.world().settings.trial)
    }

    /// Makes a standard account: one that any XMPP client can use, with a password that stays. If
    /// there is one of that name, it is given the password; should that be another one, its
    /// sessions end.
    ///
    /// # Errors
    /// See [`UserError`].
    pub fn standard_user(
        &self,
        name: &str,
        password: &str,
    ) -> Result<StandardUserHandle, UserError> {
        StandardUserHandle::make(Arc::clone(&self.state), name, password)
    }

    /// An account of the platform, whether it exists yet or not.
    #[must_use]
    pub fn user(&self, id: impl Into<String>) -> UserHandle {
        UserHandle::new(Arc::clone(&self.state), id.into())
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> PlanHandle {
        PlanHandle::new(Arc::clone(&self.state))
    }

    /// Faults.
    pub fn fault(&self) -> FaultBuilder {
        FaultBuilder::new(Arc::clone(&self.state))
    }

    /// What was received and sent.
    #[must_use]
    pub fn journal(&self) -> Journal {
        Journal::new(Arc::clone(&self.state.recorder))
    }

    /// Bytes that are kept for the server's clients now.
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.state.memory()
    }

    /// How many there may be; see [`Builder::memory_limits`].
    #[must_use]
    pub fn memory_limits(&self) -> Memory {
        self.state.limits
    }

    /// Stops: streams end with `system-shutdown`, requests under way are answered, and after at
    /// most 5 seconds all tasks have ended.
    pub async fn shutdown(mut self) {
        self.state.stop();
        if let Err(error) = (&mut self.supervisor).await {
            warn!(%error, "the server did not stop cleanly");
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

impl fmt::Debug for TestServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestServer")
            .field("listen", &self.state.addresses.plain)
            .field("tls_listen", &self.state.addresses.tls)
            .field("tcp_listen", &self.state.addresses.tcp)
            .field("tcps_listen", &self.state.addresses.tcps)
            .finish_non_exhaustive()
    }
}
