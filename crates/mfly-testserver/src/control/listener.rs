//! The listening socket of the control API, and its connections.

use super::Control;
use super::router::router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::debug;

/// Largest number of connections at a time.
const CONNECTIONS: usize = 256;

/// How long a connection may take for the head of a request.
const HEAD: Duration = Duration::from_secs(30);

/// How long open requests may take when the server stops.
const STOPPING: Duration = Duration::from_secs(2);

/// How long to wait when the system has no more sockets.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// Serves the control API until the server stops.
pub(crate) async fn serve(listener: TcpListener, control: Control) {
    let state = Arc::clone(control.state());
    let service = TowerToHyperService::new(router(control));
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut tasks = JoinSet::new();
    loop {
        let next = async {
            // Further clients wait in the system's queue. The semaphore is never closed.
            let place = Arc::clone(&room).acquire_owned().await.ok()?;
            match listener.accept().await {
                Ok((socket, _)) => Some((socket, place)),
                Err(error) => {
                    debug!(%error, "accepting a control connection failed");
                    tokio::time::sleep(EXHAUSTED).await;
                    None
                }
            }
        };
        tokio::select! {
            () = state.stopped() => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            accepted = next => if let Some((socket, place)) = accepted {
                let (state, service) = (Arc::clone(&state), service.clone());
                tasks.spawn(async move {
                    let connection = hyper::server::conn::http1::Builder::new()
                        .timer(TokioTimer::new())
                        .header_read_timeout(HEAD)
                        .serve_connection(TokioIo::new(socket), service);
                    let mut connection = std::pin::pin!(connection);
                    let served = tokio::select! {
                        served = connection.as_mut() => served,
                        () = state.stopped() => {
                            connection.as_mut().graceful_shutdown();
                            tokio::time::timeout(STOPPING, connection).await.unwrap_or(Ok(()))
                        }
                    };
                    if let Err(error) = served {
                        debug!(%error, "a control connection failed");
                    }
                    drop(place);
                });
            }
        }
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
}
