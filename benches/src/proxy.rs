//! A proxy on loopback that counts flights and can delay the traffic.
//!
//! It has a thread of its own, so that its work does not count as the client's. Every chunk is held
//! for the delay; bandwidth is not limited. TCP's handshake ends at the proxy and is not delayed.

use crate::flights::Flights;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// The chunks on the way in one direction, after which the reader waits.
const CHUNKS: usize = 1_024;

/// A running proxy. It ends with its connections on drop.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    latest: Latest,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// The connection that was accepted last.
type Latest = Arc<Mutex<Arc<Mutex<Flights>>>>;

impl Proxy {
    /// Starts a proxy to `upstream` that holds every chunk for `delay` in either direction.
    pub fn start(upstream: SocketAddr, delay: Duration) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let latest = Latest::default();
        let (stop, stopped) = oneshot::channel();
        let accepting = accept(listener, upstream, delay, latest.clone());
        let thread = std::thread::Builder::new().name("proxy".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    _ = accepting => {}
                }
            });
        })?;
        Ok(Self { address, latest, stop: Some(stop), thread: Some(thread) })
    }

    /// The address of the proxy.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The traffic of the connection that was accepted last.
    pub fn flights(&self) -> Flights {
        let latest = lock(&self.latest).clone();
        *lock(&latest)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

async fn accept(
    listener: std::net::TcpListener,
    upstream: SocketAddr,
    delay: Duration,
    latest: Latest,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (client, _) = listener.accept().await?;
        let flights = Arc::<Mutex<Flights>>::default();
        *lock(&latest) = flights.clone();
        // A connection that fails is the client's to notice.
        tokio::spawn(async move { forward(client, upstream, delay, &flights).await.ok() });
    }
}

async fn forward(
    client: TcpStream,
    upstream: SocketAddr,
    delay: Duration,
    flights: &Mutex<Flights>,
) -> io::Result<()> {
    let server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // The client's bytes count when they leave it, the server's when they reach it.
    let up = pump(from_client, to_server, delay, |bytes| lock(flights).sent(bytes), |_| {});
    let down = pump(from_server, to_client, delay, |_| {}, |bytes| lock(flights).received(bytes));
    tokio::join!(up, down);
    Ok(())
}

/// Moves bytes until either end is closed. `arrived` is called when a chunk comes in, `leaving`
/// just before it goes out.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    delay: Duration,
    arrived: impl Fn(usize),
    leaving: impl Fn(usize),
) {
    let (queue, mut queued) = mpsc::channel::<(Instant, Vec<u8>)>(CHUNKS);
    let read = async move {
        let mut buffer = vec![0; 16 * 1_024];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            arrived(count);
            acknowledge(from.as_ref());
            let chunk = (Instant::now() + delay, buffer[..count].to_vec());
            if queue.send(chunk).await.is_err() {
                break;
            }
        }
    };
    let write = async move {
        while let Some((due, chunk)) = queued.recv().await {
            hold(due, delay).await;
            leaving(chunk.len());
            if to.write_all(&chunk).await.is_err() {
                break;
            }
        }
        // Dropping this half closes it.
    };
    tokio::join!(read, write);
}

/// Acknowledges at once what arrived. A client that has bytes to answer with does so, this proxy
/// has none for a while, and a peer that collects small segments (Nagle) would wait for the
/// kernel's delayed acknowledgement.
#[cfg(target_os = "linux")]
fn acknowledge(socket: &TcpStream) {
    // Where it cannot be had, figures are a little worse.
    let _ = socket.set_quickack(true);
}

#[cfg(not(target_os = "linux"))]
fn acknowledge(_socket: &TcpStream) {}

/// Waits until `due`, and not at all without a delay: a timer rounds up to a millisecond.
async fn hold(due: Instant, delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep_until(due).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    /// A server that sends back every byte that it gets, on one connection after the other.
    fn echo(connections: usize) -> (SocketAddr, std::thread::JoinHandle<()>) {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            for _ in 0..connections {
                let (mut peer, _) = listener.accept().unwrap();
                let mut byte = [0];
                while peer.read(&mut byte).unwrap() == 1 {
                    peer.write_all(&byte).unwrap();
                }
            }
        });
        (address, thread)
    }

    fn ask(client: &mut std::net::TcpStream, byte: u8) {
        client.write_all(&[byte]).unwrap();
        let mut answer = [0];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [byte]);
    }

    #[test]
    fn bytes_pass_and_every_question_that_waits_for_its_answer_is_a_round_trip() {
        let (upstream, echo) = echo(1);
        let proxy = Proxy::start(upstream, Duration::ZERO).unwrap();
        let mut client = std::net::TcpStream::connect(proxy.address()).unwrap();
        for byte in 1..=3 {
            ask(&mut client, byte);
        }
        let flights = proxy.flights();
        assert_eq!(flights.round_trips(), 3);
        assert_eq!((flights.sent_bytes(), flights.received_bytes()), (3, 3));
        drop(client);
        echo.join().unwrap();
    }

    #[test]
    fn a_new_connection_begins_a_new_count() {
        let (upstream, echo) = echo(2);
        let proxy = Proxy::start(upstream, Duration::ZERO).unwrap();
        for round_trips in [3, 1] {
            let mut client = std::net::TcpStream::connect(proxy.address()).unwrap();
            for byte in 0..round_trips {
                ask(&mut client, byte);
            }
            assert_eq!(proxy.flights().round_trips(), u32::from(round_trips));
        }
        echo.join().unwrap();
    }

    #[test]
    fn the_delay_is_added_in_both_directions() {
        let (upstream, echo) = echo(1);
        let delay = Duration::from_millis(5);
        let proxy = Proxy::start(upstream, delay).unwrap();
        let mut client = std::net::TcpStream::connect(proxy.address()).unwrap();
        let started = std::time::Instant::now();
        ask(&mut client, 1);
        // How much later depends on the machine.
        assert!(started.elapsed() >= 2 * delay);
        drop(client);
        echo.join().unwrap();
    }
}
