//! The tasks of a running server, which accept and serve connections, and its clock.

use crate::control::{self, Control};
use crate::net::admission::Place;
use crate::net::connection::{self, Protection};
use crate::net::http;
use crate::net::listener::{Listening, Service};
use crate::net::no_room::refuse;
use crate::net::pipe::{Pipe, TLS_HANDSHAKE};
use crate::signalling;
use crate::state::ServerState;
use mfly_transport::{ServerTls, server};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::server::TlsStream;
use tracing::debug;

/// How long connections may take to close when the server stops.
const STOPPING: Duration = Duration::from_secs(5);

/// How long to wait when the system has no more sockets.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// Runs the listeners and the clock until the server stops.
pub(crate) async fn supervise(
    state: Arc<ServerState>,
    listening: Vec<Listening>,
    control: Option<(TcpListener, Control)>,
    dialled: mpsc::UnboundedReceiver<Pipe>,
) {
    let mut tasks = JoinSet::new();
    tasks.spawn(accept_in_memory(Arc::clone(&state), dialled));
    if let Some((listener, control)) = control {
        tasks.spawn(control::listener::serve(listener, control));
    }
    for listening in listening {
        tasks.spawn(accept(Arc::clone(&state), listening));
    }
    let clock = keep_time(&state);
    let signalling_clock = signalling::keep_time(&state);
    let stopped = async { while tasks.join_next().await.is_some() {} };
    tokio::select! {
        () = clock => {}
        () = signalling_clock => {}
        () = stopped => {}
    }
}

/// Calls the core at its deadlines.
async fn keep_time(state: &ServerState) {
    loop {
        let due = state.read_core(|core| core.poll_timeout());
        let wait = due.and_then(|due| state.clock.time_until(due));
        let is_due = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = is_due => state.with_core(|core, now| core.timeout(now)),
            () = state.deadline_changed() => {}
        }
    }
}

/// Accepts connections until the server stops, then waits for the open ones.
async fn accept(state: Arc<ServerState>, listening: Listening) {
    // The sockets of one kind share their places.
    let number = listening.kind as usize;
    let mut tasks = JoinSet::new();
    loop {
        let next = async {
            match listening.listener.accept().await {
                Ok((socket, peer)) => Some((socket, peer.ip().to_canonical())),
                Err(error) => {
                    debug!(%error, "accepting failed");
                    // The system may have no more sockets.
                    state.admission.shed(Instant::now());
                    tokio::time::sleep(EXHAUSTED).await;
                    None
                }
            }
        };
        tokio::select! {
            () = state.stopped() => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            accepted = next => if let Some((socket, address)) = accepted {
                let (state, service) = (Arc::clone(&state), listening.service.clone());
                let place = state.admission.enter(number, address, Instant::now());
                let refusals = Arc::clone(&state.admission.refusals);
                match (place, refusals.try_acquire_owned()) {
                    (Some(place), _) => {
                        tasks.spawn(serve(state, socket, service, address, place));
                    }
                    (None, Ok(permit)) => {
                        tasks.spawn(async move {
                            refuse(&state, socket, &service).await;
                            drop(permit);
                        });
                    }
                    (None, Err(_)) => debug!("a connection is dropped: too many are being refused"),
                }
            },
        }
    }
    drop(listening);
    wait_for_the_rest(tasks).await;
}

/// Accepts connections in memory until the server stops, then waits for the open ones.
async fn accept_in_memory(state: Arc<ServerState>, mut dialled: mpsc::UnboundedReceiver<Pipe>) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            () = state.stopped() => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            pipe = dialled.recv() => {
                let Some(pipe) = pipe else { break };
                let state = Arc::clone(&state);
                tasks.spawn(async move {
                    connection::serve(&state, pipe, Protection::None, &Place::none()).await;
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
        debug!("connections that are still open are dropped");
    }
}

async fn serve(
    state: Arc<ServerState>,
    socket: TcpStream,
    service: Service,
    address: IpAddr,
    place: Place,
) {
    if let Err(error) = socket.set_nodelay(true) {
        debug!(%error, "the connection is closed already");
        return;
    }
    let address = Some(address);
    match service {
        Service::Http(None) => http::serve(state, socket, Protection::None, address, place).await,
        Service::Http(Some(tls)) => {
            if let Some((io, protection)) = secured(socket, &tls, &place).await {
                http::serve(state, io, protection, address, place).await;
            }
        }
        Service::Xmpp(tls) => {
            let protection = match &tls {
                Some(_) => Protection::StartTls,
                None => Protection::None,
            };
            let pipe = Pipe::tcp(socket, tls, &state.reading);
            connection::serve(&state, pipe, protection, &place).await;
        }
        Service::XmppOverTls(tls) => {
            if let Some((io, protection)) = secured(socket, &tls, &place).await {
                let pipe = Pipe::tcp(io, None, &state.reading);
                connection::serve(&state, pipe, protection, &place).await;
            }
        }
    }
}

/// Does the TLS handshake. `None` if it fails, or the connection is evicted first.
async fn secured(
    socket: TcpStream,
    tls: &ServerTls,
    place: &Place,
) -> Option<(TlsStream<TcpStream>, Protection)> {
    let securing = server::secure(socket, Arc::clone(tls.config()), TLS_HANDSHAKE);
    let secured = tokio::select! {
        secured = securing => secured,
        () = place.evicted() => {
            debug!("an idle connection is evicted");
            return None;
        }
    };
    match secured {
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
