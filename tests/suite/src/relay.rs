//! A relay between a client and a server, which can go silent or away.
//!
//! It moves bytes and does not look into them, so that it works for every framing with a socket.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the relay does with its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It passes everything on.
    Passing,
    /// It takes connections and bytes and passes nothing on.
    Silent,
    /// It ends every connection at once.
    Away,
}

/// A relay to one server.
pub struct Relay {
    address: SocketAddr,
    mood: Arc<watch::Sender<Mood>>,
    task: JoinHandle<()>,
}

impl Relay {
    /// A relay to this port of 127.0.0.1, which passes everything on.
    ///
    /// # Errors
    /// When no port is left.
    pub async fn to(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mood = Arc::new(watch::Sender::new(Mood::Passing));
        let moods = Arc::clone(&mood);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, port, moods.subscribe()));
            }
        });
        Ok(Self { address, mood, task })
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What becomes of the connections from now on. One that was silent stays silent.
    pub fn turn(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves one connection until either side, or the relay, ends it.
async fn pass(mut client: TcpStream, port: u16, mut mood: watch::Receiver<Mood>) {
    let first = *mood.borrow_and_update();
    let server = match first {
        Mood::Passing => TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await,
        Mood::Silent => return swallow(&mut client, &mut mood).await,
        Mood::Away => return,
    };
    let Ok(mut server) = server else { return };
    let next = tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => return,
        next = mood.wait_for(|mood| *mood != Mood::Passing) => next.map(|mood| *mood),
    };
    if matches!(next, Ok(Mood::Silent)) {
        swallow(&mut client, &mut mood).await;
    }
}

/// Takes what the client says, until it or the relay goes away.
async fn swallow(client: &mut TcpStream, mood: &mut watch::Receiver<Mood>) {
    let drain = async {
        let mut chunk = [0; 4096];
        while matches!(client.read(&mut chunk).await, Ok(1..)) {}
    };
    tokio::select! {
        () = drain => {}
        _ = mood.wait_for(|mood| *mood == Mood::Away) => {}
    }
    // The other side may be gone.
    let _ = client.shutdown().await;
}
