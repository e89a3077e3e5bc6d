//! A relay between a client and a server, which can hold back all bytes or close connections.
//!
//! It does not interpret the bytes, so that it serves every transport with a socket.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How the relay treats its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayMode {
    /// Forwards all bytes.
    Forwarding,
    /// Accepts connections and bytes, and forwards nothing.
    Silent,
    /// Closes every connection at once.
    Closed,
}

/// A relay to one server.
pub struct Relay {
    address: SocketAddr,
    mode: Arc<watch::Sender<RelayMode>>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Starts a relay to this port of 127.0.0.1, which forwards all bytes.
    ///
    /// # Errors
    /// When no port is left.
    pub async fn to(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mode = Arc::new(watch::Sender::new(RelayMode::Forwarding));
        let modes = Arc::clone(&mode);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, port, modes.subscribe()));
            }
        });
        Ok(Self { address, mode, task })
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Sets how connections are treated from now on. A silent one stays silent.
    pub fn set_mode(&self, mode: RelayMode) {
        self.mode.send_replace(mode);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves one connection until either side, or the relay, ends it.
async fn pass(mut client: TcpStream, port: u16, mut mode: watch::Receiver<RelayMode>) {
    let first = *mode.borrow_and_update();
    let server = match first {
        RelayMode::Forwarding => TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await,
        RelayMode::Silent => return swallow(&mut client, &mut mode).await,
        RelayMode::Closed => return,
    };
    let Ok(mut server) = server else { return };
    let next = tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => return,
        next = mode.wait_for(|mode| *mode != RelayMode::Forwarding) => next.map(|mode| *mode),
    };
    if matches!(next, Ok(RelayMode::Silent)) {
        swallow(&mut client, &mut mode).await;
    }
}

/// Reads and drops the client's bytes, until the client or the relay closes the connection.
async fn swallow(client: &mut TcpStream, mode: &mut watch::Receiver<RelayMode>) {
    let drain = async {
        let mut chunk = [0; 4096];
        while matches!(client.read(&mut chunk).await, Ok(1..)) {}
    };
    tokio::select! {
        () = drain => {}
        _ = mode.wait_for(|mode| *mode == RelayMode::Closed) => {}
    }
    // The other side may be gone.
    let _ = client.shutdown().await;
}
