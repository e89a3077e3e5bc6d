//! The tasks of a running server: those that accept and serve connections, and the one that keeps time.

use crate::connection::{self, Protection};
use crate::http;
use crate::listening::{Listening, Service};
use crate::pipe::{Pipe, TLS_HANDSHAKE};
use crate::shared::Shared;
use crate::signalling;
use mfly_transport::{ServerTls, server};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::server::TlsStream;
use tracing::debug;

/// Connections that are served at a time; further ones wait in the listener's backlog.
const CONNECTIONS: usize = 4096;

/// How long connections may take to end when the server stops.
const STOPPING: Duration = Duration::from_secs(5);

/// How long to wait when the system has no more sockets to give.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// Runs the listeners and the clock until the server stops.
pub(crate) async fn supervise(
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
