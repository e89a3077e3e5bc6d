//! The running server: its addresses, its handles, and how it stops.

use crate::control::Control;
use crate::core::memory::Memory;
use crate::handle::fault_builder::FaultBuilder;
use crate::handle::info::Info;
use crate::handle::journal::Journal;
use crate::handle::standard_user::StandardUserHandle;
use crate::handle::state_document::{StateDocument, StateError, StateParts};
use crate::handle::user::{PlanHandle, UserError, UserHandle};
use crate::net::addresses::{API_PREFIX, ListenerKind};
use crate::net::listener::Listening;
use crate::net::pipe::Pipe;
use crate::net::supervisor::supervise;
use crate::state::ServerState;
use mfly_proto::framing::{Framing, ReceiveLimits};
use mfly_proto::secret::LicenceKey;
use mfly_transport::Connection;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::warn;

/// Bytes that one side of a connection in memory may send before the other reads them.
const MEMORY_BYTES: usize = 64 * 1024;

/// A running server. Dropping it stops the server at once; [`TestServer::shutdown`] closes all
/// connections first.
pub struct TestServer {
    state: Arc<ServerState>,
    info: Info,
    /// Passes new connections in memory to the supervisor.
    memory: mpsc::UnboundedSender<Pipe>,
    /// The task that owns all other tasks, which end with it.
    supervisor: JoinHandle<()>,
}

impl TestServer {
    pub(crate) fn run(
        state: Arc<ServerState>,
        listening: Vec<Listening>,
        control: Option<(TcpListener, Control)>,
        info: Info,
    ) -> Self {
        let (memory, dialled) = mpsc::unbounded_channel();
        let supervisor = tokio::spawn(supervise(Arc::clone(&state), listening, control, dialled));
        Self { state, info, memory, supervisor }
    }

    /// Everything that an app or a test needs to know about this server.
    #[must_use]
    pub const fn info(&self) -> &Info {
        &self.info
    }

    /// The URL of the control API and its page; `None` unless `Builder::control_listen` was
    /// called.
    #[must_use]
    pub fn control_url(&self) -> Option<&str> {
        self.info.control_url.as_deref()
    }

    /// The base URL of the REST API: `http://127.0.0.1:PORT/api/v1`, or the one that
    /// `Builder::advertise` made.
    #[must_use]
    pub fn api_base_url(&self) -> String {
        format!("{}{API_PREFIX}", self.state.addresses.origin())
    }

    /// The base URL of the REST API over TLS: `https://localhost:PORT/api/v1`; `None` without TLS.
    #[must_use]
    pub fn api_base_url_tls(&self) -> Option<String> {
        Some(format!("{}{API_PREFIX}", self.state.addresses.origin_tls()?))
    }

    /// The URL of XMPP over WebSocket: `ws://127.0.0.1:PORT/websocket`.
    #[must_use]
    pub fn websocket_url(&self) -> String {
        self.state.addresses.websocket()
    }

    /// The URL of XMPP over WebSocket and TLS: `wss://localhost:PORT/websocket`; `None` without
    /// TLS.
    #[must_use]
    pub fn websocket_url_tls(&self) -> Option<String> {
        self.state.addresses.websocket_tls()
    }

    /// The address of XMPP over TCP: `xmpp://localhost:PORT`; `None` if it is off. STARTTLS is
    /// required there, unless the server was started with `Builder::tcp_cleartext`.
    #[must_use]
    pub fn tcp_address(&self) -> Option<String> {
        self.state.addresses.xmpp()
    }

    /// The address of XMPP over TLS: `xmpps://localhost:PORT`; `None` if it is off.
    #[must_use]
    pub fn tcps_address(&self) -> Option<String> {
        self.state.addresses.xmpps()
    }

    /// Connects to this server in memory, without socket and TLS, and returns the client's end. A
    /// client that does not read blocks the server as a slow network would.
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
        // After the server has stopped, the client's end is closed.
        let _ = self.memory.send(server);
        client
    }

    /// The URL that answers the look-up of a licence, without query.
    #[must_use]
    pub fn licence_url(&self) -> String {
        format!("{}/license/details", self.state.addresses.origin())
    }

    /// The URL of the script that gives the official SDK in a page the address of this server.
    #[must_use]
    pub fn licence_script_url(&self) -> String {
        format!("{}/licence.js", self.state.addresses.origin())
    }

    /// The URL of the signalling server, which issues QR codes for logging in:
    /// `http://127.0.0.1:PORT`, without path. The official SDK takes it as `socketUrl`.
    #[must_use]
    pub fn signalling_url(&self) -> String {
        self.state.addresses.origin()
    }

    /// The URL of the signalling server over TLS; `None` without TLS.
    #[must_use]
    pub fn signalling_url_tls(&self) -> Option<String> {
        self.state.addresses.origin_tls()
    }

    /// The socket address of plain HTTP; the first, if there are several.
    #[must_use]
    pub fn listen_address(&self) -> SocketAddr {
        self.state.addresses.plain()
    }

    /// The first socket address of HTTP over TLS; `None` if it is off.
    #[must_use]
    pub fn tls_listen_address(&self) -> Option<SocketAddr> {
        self.state.addresses.bound(ListenerKind::Https)
    }

    /// The first socket address of XMPP over TCP; `None` if it is off.
    #[must_use]
    pub fn tcp_listen_address(&self) -> Option<SocketAddr> {
        self.state.addresses.bound(ListenerKind::Xmpp)
    }

    /// The first socket address of XMPP over TLS; `None` if it is off.
    #[must_use]
    pub fn tcps_listen_address(&self) -> Option<SocketAddr> {
        self.state.addresses.bound(ListenerKind::Xmpps)
    }

    /// The certificate authority that clients have to trust, as PEM text; `None` without TLS. Every
    /// server makes a new one, unless `Builder::authority` keeps one in a file.
    #[must_use]
    pub fn ca_certificate_pem(&self) -> Option<&str> {
        Some(self.info.authority.as_ref()?.certificate.as_str())
    }

    /// The SHA-256 of the authority's public key in base64; `None` without TLS. Chromium trusts the
    /// server if it is started with `--ignore-certificate-errors-spki-list` and this value.
    #[must_use]
    pub fn ca_public_key_hash(&self) -> Option<&str> {
        Some(self.info.authority.as_ref()?.public_key_hash.as_str())
    }

    /// The licence key that clients must send.
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

    /// Makes a standard account, which any XMPP client can use, with a password that stays valid.
    /// If the account exists, it gets this password, and a different password ends its sessions.
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

    /// Returns a handle of a platform account, which need not exist yet.
    #[must_use]
    pub fn user(&self, id: impl Into<String>) -> UserHandle {
        UserHandle::new(Arc::clone(&self.state), id.into())
    }

    /// Returns a handle of the licence's plan.
    #[must_use]
    pub fn plan(&self) -> PlanHandle {
        PlanHandle::new(Arc::clone(&self.state))
    }

    /// Returns a builder that adds faults.
    pub fn fault(&self) -> FaultBuilder {
        FaultBuilder::new(Arc::clone(&self.state))
    }

    /// Returns the journal of everything that was received and sent.
    #[must_use]
    pub fn journal(&self) -> Journal {
        Journal::new(Arc::clone(&self.state.recorder))
    }

    /// Returns accounts, plan, clock and media as one document.
    #[must_use]
    pub fn state(&self, parts: StateParts) -> StateDocument {
        StateDocument::of(&self.state, parts)
    }

    /// Replaces accounts, plan, clock and media. All sessions end.
    ///
    /// # Errors
    /// See [`StateError`]; nothing changes then.
    pub fn set_state(&self, document: &StateDocument) -> Result<(), StateError> {
        document.restore(&self.state)
    }

    /// Saves the state in the file of [`Builder::state_file`](crate::Builder::state_file). `false`
    /// if there is none.
    ///
    /// # Errors
    /// When the file cannot be written. It does not change then.
    pub fn save_state(&self) -> io::Result<bool> {
        self.state.save()
    }

    /// Makes the present state the one to which [`TestServer::reset`] returns. Until it is called,
    /// that is the state at the start.
    pub fn keep_as_seed(&self) {
        self.state.keep_as_seed();
    }

    /// Returns to the state at the start, or to that of [`TestServer::keep_as_seed`]. All sessions
    /// end; faults and the journal are forgotten.
    ///
    /// # Errors
    /// See [`StateError`]; a state that the server itself has kept can always be restored.
    pub fn reset(&self) -> Result<(), StateError> {
        self.state.reset(true)
    }

    /// The memory that is used for clients now, in bytes.
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.state.memory()
    }

    /// The limits of the memory that is used for clients; see `Builder::memory_limits`.
    #[must_use]
    pub fn memory_limits(&self) -> Memory {
        self.state.limits
    }

    /// Stops the server: ends streams with `system-shutdown`, answers open requests, and waits up
    /// to 5 seconds for all tasks. Then saves the state, if it has a file.
    pub async fn shutdown(mut self) {
        self.state.stop();
        if let Err(error) = (&mut self.supervisor).await {
            warn!(%error, "the server did not stop cleanly");
        }
        if let Err(error) = self.state.save() {
            warn!(%error, "the state could not be saved");
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
            .field("listen", &self.state.addresses.bound)
            .finish_non_exhaustive()
    }
}
