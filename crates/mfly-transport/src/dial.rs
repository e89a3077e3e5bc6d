//! Opening the TCP connection.
//!
//! Every address of the host is tried in turn, the next one 250 ms after the previous one at the
//! latest, and the first that answers wins (RFC 8305 in small).

use crate::Address;
use crate::error::TransportError;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// RFC 8305 §5: "Connection Attempt Delay".
const STAGGER: Duration = Duration::from_millis(250);

/// A host with more addresses than this is not tried further.
const MAX_ADDRESSES: usize = 16;

/// Looks the host up and connects to it.
///
/// `TCP_NODELAY` is always set: with Nagle's algorithm each small request would wait for the
/// acknowledgement of the one before.
pub(crate) async fn dial(address: &Address) -> Result<TcpStream, TransportError> {
    let attempt = async {
        let found = tokio::net::lookup_host((address.host(), address.port())).await?;
        let socket = race(alternate(found), TcpStream::connect).await?;
        socket.set_nodelay(true)?;
        Ok(socket)
    };
    attempt.await.map_err(|source| TransportError::Dial {
        host: address.host().to_owned(),
        port: address.port(),
        source,
    })
}

/// Orders addresses so that the families take turns, beginning with the resolver's first.
fn alternate(found: impl Iterator<Item = SocketAddr>) -> VecDeque<SocketAddr> {
    let found: Vec<_> = found.take(MAX_ADDRESSES).collect();
    let first_is_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut ordered = VecDeque::new();
    loop {
        let pair = (first.next(), second.next());
        if pair == (None, None) {
            return ordered;
        }
        ordered.extend(pair.0);
        ordered.extend(pair.1);
    }
}

/// The first connection that succeeds, or the last failure.
async fn race<T, F>(
    mut waiting: VecDeque<SocketAddr>,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut attempts = FuturesUnordered::new();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    loop {
        if let Some(address) = waiting.pop_front() {
            attempts.push(connect(address));
        }
        let outcome = if waiting.is_empty() {
            attempts.next().await
        } else {
            match timeout(STAGGER, attempts.next()).await {
                Ok(outcome) => outcome,
                Err(_) => continue,
            }
        };
        match outcome {
            Some(Ok(connected)) => return Ok(connected),
            Some(Err(error)) => failure = error,
            None => return Err(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Instant, sleep};

    fn addresses(texts: &[&str]) -> VecDeque<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn address_families_take_turns() {
        let found = addresses(&["[::1]:1", "[::2]:1", "10.0.0.1:1", "[::3]:1"]);
        assert_eq!(
            alternate(found.into_iter()),
            addresses(&["[::1]:1", "10.0.0.1:1", "[::2]:1", "[::3]:1"])
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_address_delays_the_next_by_a_quarter_of_a_second() {
        let start = Instant::now();
        let reached = race(
            addresses(&["10.0.0.1:1", "10.0.0.2:1"]),
            |address| async move {
                if address.ip().to_string() == "10.0.0.1" {
                    std::future::pending::<()>().await;
                }
                Ok(address)
            },
        );
        assert_eq!(reached.await.unwrap(), "10.0.0.2:1".parse().unwrap());
        assert_eq!(start.elapsed(), STAGGER);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_address_still_wins_when_the_others_fail() {
        let reached = race(
            addresses(&["10.0.0.1:1", "10.0.0.2:1"]),
            |address| async move {
                if address.ip().to_string() == "10.0.0.1" {
                    sleep(STAGGER * 4).await;
                    return Ok(address);
                }
                Err(io::Error::from(io::ErrorKind::ConnectionRefused))
            },
        );
        assert_eq!(reached.await.unwrap(), "10.0.0.1:1".parse().unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_are_followed_by_the_next_address_at_once() {
        let start = Instant::now();
        let outcome: io::Result<()> = race(addresses(&["10.0.0.1:1", "10.0.0.2:1"]), |_| async {
            Err(io::Error::from(io::ErrorKind::ConnectionRefused))
        })
        .await;
        assert_eq!(
            outcome.unwrap_err().kind(),
            io::ErrorKind::ConnectionRefused
        );
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_host_without_addresses_is_an_error() {
        let outcome: io::Result<()> = race(VecDeque::new(), |_| async { Ok(()) }).await;
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_dialled_socket_has_nodelay_set() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("ws://{}", listener.local_addr().unwrap());
        assert!(
            dial(&address.parse().unwrap())
                .await
                .unwrap()
                .nodelay()
                .unwrap()
        );
    }
}
