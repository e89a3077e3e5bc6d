//! The running server: its tasks, its addresses, how it stops.

use crate::addresses::API_PREFIX;
use crate::builder::{Builder, StartError};
use crate::connection::{self, Protection};
use crate::fault_builder::FaultBuilder;
use crate::handle::{PlanHandle, UserError, UserHandle};
use crate::http;
use crate::journal::Journal;
use crate::listening::{Listening, Service};
use crate::pipe::{Pipe, TLS_HANDSHAKE};
use crate::shared::Shared;
use crate::signalling;
use crate::standard_handle::StandardUserHandle;
use mfly_proto::framing::Framing;
use mfly_proto::secret::LicenceKey;
use mfly_transport::{Connection, DEFAULT_MAX_FRAME_BYTES, ServerTls, server};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::server::TlsStream;
use tracing::{debug, warn};

/// Connections that are served at a time; further ones wait in the listener's backlog.
const CONNECTIONS: usize = 4096;

/// Bytes that one side of a connection in memory may say before the other has to listen.
const MEMORY_BYTES: usize = 64 * 1024;

/// How long connections may take to end when the server stops.
const STOPPING: Duration = Duration::from_secs(5);

/// How long to wait when the system has no more sockets to give.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// A running server. Dropping it stops everything at once; [`TestServer::shutdown`] says goodbye.
pub struct TestServer {
    shared: Arc<Shared>,
    authority_pem: Option<String>,
    /// Where connections in memory go.
    memory: mpsc::UnboundedSender<Pipe>,
    /// Owns all other tasks: they end with it.
    supervisor: JoinHandle<()>,
}

impl TestServer {
    /// Starts a server with default settings on free ports of this machine.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// A server with other settings.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn run(
        shared: Arc<Shared>,
        listening: Vec<Listening>,
        authority_pem: Option<String>,
    ) -> Self {
        let (memory, dialled) = mpsc::unbounded_channel();
        let supervisor = tokio::spawn(supervise(Arc::clone(&shared), listening, dialled));
        Self {
            shared,
            authority_pem,
            memory,
            supervisor,
        }
    }

    /// `http://127.0.0.1:PORT/api/v1`
    #[must_use]
    pub fn api_base_url(&self) -> String {
        format!("{}{API_PREFIX}", self.shared.addresses.origin())
    }

    /// `https://localhost:PORT/api/v1`, unless TLS is off.
    #[must_use]
    pub fn api_base_url_tls(&self) -> Option<String> {
        Some(format!(
            "{}{API_PREFIX}",
            self.shared.addresses.origin_tls()?
        ))
    }

    /// `ws://127.0.0.1:PORT/websocket`
    #[must_use]
    pub fn websocket_url(&self) -> String {
        self.shared.addresses.websocket()
    }

    /// `wss://localhost:PORT/websocket`, unless TLS is off.
    #[must_use]
    pub fn websocket_url_tls(&self) -> Option<String> {
        self.shared.addresses.websocket_tls()
    }

    /// `xmpp://localhost:PORT`, where TLS is agreed on before anything else (STARTTLS), unless TCP is off. With
    /// [`Builder::tcp_cleartext`] it is not offered there.
    #[must_use]
    pub fn tcp_address(&self) -> Option<String> {
        self.shared.addresses.xmpp()
    }

    /// `xmpps://localhost:PORT`, where TLS is spoken from the start, unless that is off.
    #[must_use]
    pub fn tcps_address(&self) -> Option<String> {
        self.shared.addresses.xmpps()
    }

    /// A client's end of a connection in memory: no socket, no TLS, the same server. Whatever is not read of it holds the
    /// server up as a slow network would.
    #[must_use]
    pub fn connect_in_memory(&self, framing: Framing) -> Connection {
        let (client, server) = if framing == Framing::Tcp {
            let (client, server) = tokio::io::duplex(MEMORY_BYTES);
            let client = server::tcp(client, DEFAULT_MAX_FRAME_BYTES);
            (client, Pipe::tcp(server, None))
        } else {
            let (client, server) = mfly_transport::pair();
            (client, Pipe::websocket(server))
        };
        // A server that has stopped drops its end.
        let _ = self.memory.send(server);
        client
    }

    /// Where the licence look-up is answered, without query.
    #[must_use]
    pub fn licence_url(&self) -> String {
        format!("{}/license/details", self.shared.addresses.origin())
    }

    /// Where the script is that tells a page's official SDK about this server.
    #[must_use]
    pub fn licence_script_url(&self) -> String {
        format!("{}/licence.js", self.shared.addresses.origin())
    }

    /// Where codes for logging in come from: `http://127.0.0.1:PORT`, without path. The official SDK takes it as `socketUrl`.
    #[must_use]
    pub fn signalling_url(&self) -> String {
        self.shared.addresses.origin()
    }

    /// The same over TLS, unless TLS is off.
    #[must_use]
    pub fn signalling_url_tls(&self) -> Option<String> {
        self.shared.addresses.origin_tls()
    }

    /// The socket of plain HTTP.
    #[must_use]
    pub fn listen_address(&self) -> SocketAddr {
        self.shared.addresses.plain
    }

    /// The socket of TLS, unless that is off.
    #[must_use]
    pub fn tls_listen_address(&self) -> Option<SocketAddr> {
        self.shared.addresses.tls
    }

    /// The socket of XMPP over TCP with STARTTLS, unless that is off.
    #[must_use]
    pub fn tcp_listen_address(&self) -> Option<SocketAddr> {
        self.shared.addresses.tcp
    }

    /// The socket of XMPP over TLS, unless that is off.
    #[must_use]
    pub fn tcps_listen_address(&self) -> Option<SocketAddr> {
        self.shared.addresses.tcps
    }

    /// The authority that clients have to trust, as PEM text, unless TLS is off. Every server has
    /// its own; its key is forgotten once the server runs.
    #[must_use]
    pub fn ca_certificate_pem(&self) -> Option<&str> {
        self.authority_pem.as_deref()
    }

    /// The licence key that clients have to know.
    #[must_use]
    pub fn licence_key(&self) -> LicenceKey {
        self.shared
            .read_core(|core| core.world().settings.licence_key.clone())
    }

    /// The domain of every JID.
    #[must_use]
    pub fn xmpp_host(&self) -> String {
        self.shared
            .read_core(|core| core.world().settings.xmpp_host.clone())
    }

    /// Whether the licence is a trial.
    #[must_use]
    pub fn is_trial(&self) -> bool {
        self.shared.read_core(|core| core.world().settings.trial)
    }

    /// Makes a standard account: one that any XMPP client can use, with a password that stays. If there is one of that name, it
    /// is given the password; should that be another one, its sessions end.
    ///
    /// # Errors
    /// See [`UserError`].
    pub fn standard_user(
        &self,
        name: &str,
        password: &str,
    ) -> Result<StandardUserHandle, UserError> {
        StandardUserHandle::make(Arc::clone(&self.shared), name, password)
    }

    /// An account of the platform, whether it exists yet or not.
    #[must_use]
    pub fn user(&self, id: impl Into<String>) -> UserHandle {
        UserHandle::new(Arc::clone(&self.shared), id.into())
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> PlanHandle {
        PlanHandle::new(Arc::clone(&self.shared))
    }

    /// Faults.
    pub fn fault(&self) -> FaultBuilder {
        FaultBuilder::new(Arc::clone(&self.shared))
    }

    /// What was received and sent.
    #[must_use]
    pub fn journal(&self) -> Journal {
        Journal::new(Arc::clone(&self.shared.recorder))
    }

    /// Stops: streams end with `system-shutdown`, requests under way are answered, and after at
    /// most 5 seconds all tasks have ended.
    pub async fn shutdown(mut self) {
        self.shared.stop();
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
            .field("listen", &self.shared.addresses.plain)
            .field("tls_listen", &self.shared.addresses.tls)
            .field("tcp_listen", &self.shared.addresses.tcp)
            .field("tcps_listen", &self.shared.addresses.tcps)
            .finish_non_exhaustive()
    }
}

/// Runs the listeners and the clock until the server stops.
async fn supervise(
    shared: Arc<Shared>,
    listening: Vec<Listening>,
    dialled: mpsc::UnboundedReceiver<Pipe>,
) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let mut tasks = JoinSet::new();
    tasks.spawn(accept_in_memory(Arc::clone(&shared), dialled));
    for listening in listening {
        tasks.spawn(accept(
            Arc::clone(&shared),
            listening,
            Arc::clone(&connections),
        ));
    }
    let clock = keep_time(&shared);
    let signalling_clock = signalling::keep_time(&shared);
    let stopped = async { while tasks.join_next().await.is_some() {} };
    tokio::select! {
        () = clock => {}
        () = signalling_clock => {}
        () = stopped => {}
    }
}

/// Lets the core do what is due.
async fn keep_time(shared: &Shared) {
    loop {
        let due = shared.read_core(|core| core.poll_timeout());
        let wait = due.map(|due| Duration::from_millis(due.0.saturating_sub(Shared::now().0)));
        let is_due = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = is_due => shared.with_core(|core, now| core.timeout(now)),
            () = shared.deadline_changed() => {}
        }
    }
}

/// Accepts connections until the server stops, then waits for those that are left.
async fn accept(shared: Arc<Shared>, listening: Listening, connections: Arc<Semaphore>) {
    let mut tasks = JoinSet::new();
    loop {
        let next = async {
            let permit = Arc::clone(&connections).acquire_owned().await.ok()?;
            match listening.listener.accept().await {
                Ok((socket, _)) => Some((socket, permit)),
                Err(error) => {
                    debug!(%error, "accepting failed");
                    tokio::time::sleep(EXHAUSTED).await;
                    None
                }
            }
        };
        tokio::select! {
            () = shared.stopped() => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            accepted = next => if let Some((socket, permit)) = accepted {
                let (shared, service) = (Arc::clone(&shared), listening.service.clone());
                tasks.spawn(async move {
                    serve(shared, socket, service).await;
                    drop(permit);
                });
            },
        }
    }
    drop(listening);
    wait_for_the_rest(tasks).await;
}

/// The same for connections in memory.
async fn accept_in_memory(shared: Arc<Shared>, mut dialled: mpsc::UnboundedReceiver<Pipe>) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            () = shared.stopped() => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            pipe = dialled.recv() => {
                let Some(pipe) = pipe else { break };
                let shared = Arc::clone(&shared);
                tasks.spawn(async move {
                    connection::serve(&shared, pipe, Protection::None).await;
                });
            }
        }
    }
    drop(dialled);
    wait_for_the_rest(tasks).await;
}

async fn wait_for_the_rest(mut tasks: JoinSet<()>) {
    let rest = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(STOPPING, rest).await.is_err() {
        debug!("connections were still open and are cut");
    }
}

async fn serve(shared: Arc<Shared>, socket: TcpStream, service: Service) {
    if let Err(error) = socket.set_nodelay(true) {
        debug!(%error, "the connection is gone already");
        return;
    }
    match service {
        Service::Http(None) => http::serve(shared, socket, Protection::None).await,
        Service::Http(Some(tls)) => {
            if let Some((io, protection)) = secured(socket, &tls).await {
                http::serve(shared, io, protection).await;
            }
        }
        Service::Xmpp(tls) => {
            let protection = match &tls {
                Some(_) => Protection::StartTls,
                None => Protection::None,
            };
            connection::serve(&shared, Pipe::tcp(socket, tls), protection).await;
        }
        Service::XmppOverTls(tls) => {
            if let Some((io, protection)) = secured(socket, &tls).await {
                connection::serve(&shared, Pipe::tcp(io, None), protection).await;
            }
        }
    }
}

async fn secured(socket: TcpStream, tls: &ServerTls) -> Option<(TlsStream<TcpStream>, Protection)> {
    match server::secure(socket, Arc::clone(tls.config()), TLS_HANDSHAKE).await {
        Ok(io) => {
            let bindings = tls.security(&io).channel_bindings;
            Some((io, Protection::Tls(bindings)))
        }
        Err(error) => {
            debug!(%error, "a TLS handshake failed");
            None
        }
    }
}
