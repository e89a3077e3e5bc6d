//! The running server: its tasks, its addresses, how it stops.

use crate::addresses::API_PREFIX;
use crate::builder::{Builder, StartError};
use crate::certificate::Authority;
use crate::fault_builder::FaultBuilder;
use crate::handle::{PlanHandle, UserHandle};
use crate::http;
use crate::journal::Journal;
use crate::shared::Shared;
use crate::signalling;
use crate::world::session::frame;
use mfly_proto::secret::LicenceKey;
use mfly_proto::stream::{StreamCondition, StreamError};
use mfly_transport::server;
use rustls::ServerConfig;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tracing::{debug, warn};

/// Connections that are served at a time; further ones wait in the listener's backlog.
const CONNECTIONS: usize = 4096;

/// How long a TLS handshake may take.
const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// How long connections may take to end when the server stops.
const STOPPING: Duration = Duration::from_secs(5);

/// How long to wait when the system has no more sockets to give.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// A bound socket and what is spoken on it.
pub(crate) struct Listening {
    /// The socket.
    pub(crate) listener: TcpListener,
    /// TLS, if it is spoken.
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

/// A running server. Dropping it stops everything at once; [`TestServer::shutdown`] says goodbye.
pub struct TestServer {
    shared: Arc<Shared>,
    authority: Option<Trusted>,
    /// Owns all other tasks: they end with it.
    supervisor: JoinHandle<()>,
}

/// What clients have to trust.
struct Trusted {
    pem: String,
    public_key_hash: String,
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
        authority: Option<&Authority>,
    ) -> Self {
        let supervisor = tokio::spawn(supervise(Arc::clone(&shared), listening));
        Self {
            shared,
            authority: authority.map(|authority| Trusted {
                pem: authority.pem().to_owned(),
                public_key_hash: authority.public_key_hash(),
            }),
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

    /// The authority that clients have to trust, as PEM text, unless TLS is off. Every server has
    /// its own, whose key is forgotten once the server runs, unless [`Builder::authority`] keeps one.
    #[must_use]
    pub fn ca_certificate_pem(&self) -> Option<&str> {
        Some(self.authority.as_ref()?.pem.as_str())
    }

    /// The SHA-256 of the authority's public key in base64, unless TLS is off: a Chromium that is started with
    /// `--ignore-certificate-errors-spki-list` and this trusts the server.
    #[must_use]
    pub fn ca_public_key_hash(&self) -> Option<&str> {
        Some(self.authority.as_ref()?.public_key_hash.as_str())
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

    /// An account, whether it exists yet or not.
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
        let farewell = StreamError::new(StreamCondition::SystemShutdown);
        self.shared
            .close_all(&frame(|buffer| farewell.write(buffer)));
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
            .finish_non_exhaustive()
    }
}

/// Runs the listeners and the clock until the server stops.
async fn supervise(shared: Arc<Shared>, listening: Vec<Listening>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let mut tasks = JoinSet::new();
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
                let (shared, tls) = (Arc::clone(&shared), listening.tls.clone());
                tasks.spawn(async move {
                    serve(shared, socket, tls).await;
                    drop(permit);
                });
            },
        }
    }
    drop(listening);
    let rest = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(STOPPING, rest).await.is_err() {
        debug!("connections were still open and are cut");
    }
}

async fn serve(shared: Arc<Shared>, socket: TcpStream, tls: Option<Arc<ServerConfig>>) {
    if let Err(error) = socket.set_nodelay(true) {
        debug!(%error, "the connection is gone already");
        return;
    }
    match tls {
        None => http::serve(shared, socket, false).await,
        Some(tls) => match server::secure(socket, tls, TLS_HANDSHAKE).await {
            Ok(io) => http::serve(shared, io, true).await,
            Err(error) => debug!(%error, "a TLS handshake failed"),
        },
    }
}
