//! Opening a TCP connection, directly or through a proxy.
//!
//! The addresses of the host are tried in turn, alternating between IPv6 and IPv4, each at most 250
//! ms after the previous one. The first connection wins (RFC 8305 §4, §5). The order within a
//! family is that of the system's resolver (RFC 6724).

use crate::error::{Stage, TransportError};
use crate::options::Options;
use crate::overdue;
use crate::progress::{Observer, Progress};
use crate::proxy::{Proxy, ProxyError, ProxyKind};
use crate::tried::TriedAddresses;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use mfly_proto::address::host::{self, Host};
use mfly_proto::argument::InvalidArgument;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The delay between two attempts (RFC 8305 §5, "Connection Attempt Delay").
const STAGGER: Duration = Duration::from_millis(250);

/// The largest number of addresses of a host that are tried.
const MAX_ADDRESSES: usize = 16;

/// Opens a TCP connection for another protocol, in the way of [`connect`](fn@crate::connect): it
/// tries all addresses, uses the proxy and sets `TCP_NODELAY`.
///
/// # Errors
/// [`TransportError::Address`] when the host or port is invalid, [`TransportError::Dial`] when no
/// address can be reached, [`TransportError::Proxy`] when the proxy refuses, and
/// [`TransportError::TimedOut`] when it takes longer than `limit`.
pub async fn dial_tcp(
    host: &str,
    port: u16,
    proxy: Option<&Proxy>,
    limit: Duration,
) -> Result<TcpStream, TransportError> {
    let refuse = |reason| InvalidArgument::new("address", reason);
    let host = Host::parse_alone(host).map_err(refuse)?;
    let port = host::check_port(port).map_err(refuse)?;
    let route = Route { proxy, tried: None };
    overdue::timeout(limit, dial(&host, port, route, &mut Observer::none()))
        .await
        .unwrap_or(Err(TransportError::TimedOut { stage: Stage::Dial }))
}

/// The proxy and the address history for reaching a host.
#[derive(Clone, Copy)]
pub(crate) struct Route<'a> {
    /// The proxy to connect through.
    proxy: Option<&'a Proxy>,
    /// The addresses of earlier attempts.
    tried: Option<&'a TriedAddresses>,
}

impl<'a> Route<'a> {
    pub(crate) fn of(options: &'a Options) -> Self {
        Self { proxy: options.proxy.as_ref(), tried: options.tried.as_ref() }
    }

    /// Moves the addresses of earlier attempts to the end.
    fn sort(self, addresses: &mut VecDeque<SocketAddr>) {
        if let Some(tried) = self.tried {
            tried.sort(addresses.make_contiguous());
        }
    }

    /// Records the address of a connection.
    fn record(self, address: SocketAddr) {
        if let Some(tried) = self.tried {
            tried.record(&address);
        }
    }
}

/// Connects to a host, through the proxy if there is one.
///
/// `TCP_NODELAY` is set: with Nagle's algorithm a small request would wait for the acknowledgement
/// of the previous one.
pub(crate) async fn dial(
    host: &Host,
    port: u16,
    route: Route<'_>,
    observer: &mut Observer<'_>,
) -> Result<TcpStream, TransportError> {
    match route.proxy {
        None => reach(host, port, route, observer).await,
        Some(proxy) if proxy.kind() == ProxyKind::Socks5 && host.ip().is_none() => {
            let mut addresses = resolve(host, port, observer).await?;
            route.sort(&mut addresses);
            through_any(proxy, route, addresses, observer)
                .await?
                .map_err(|reason| refused(proxy, host, port, reason))
        }
        Some(proxy) => through(proxy, route, host, port, observer)
            .await?
            .map_err(|reason| refused(proxy, host, port, reason)),
    }
}

/// Has the proxy connect to the first of the addresses that it can reach. Each refusal costs a
/// connection to the proxy.
async fn through_any(
    proxy: &Proxy,
    route: Route<'_>,
    addresses: VecDeque<SocketAddr>,
    observer: &mut Observer<'_>,
) -> Result<Result<TcpStream, ProxyError>, TransportError> {
    let mut last = ProxyError::Unreachable;
    for address in addresses {
        match through(proxy, route, &address.ip().into(), address.port(), observer).await? {
            Ok(socket) => {
                route.record(address);
                return Ok(Ok(socket));
            }
            Err(reason) => last = reason,
        }
        // Code 8: the proxy does not support this address family.
        if !matches!(last, ProxyError::Unreachable | ProxyError::Code(1 | 6 | 8)) {
            break;
        }
    }
    Ok(Err(last))
}

/// Connects to the proxy and has it connect to the host. The inner error is the proxy's refusal.
async fn through(
    proxy: &Proxy,
    route: Route<'_>,
    host: &Host,
    port: u16,
    observer: &mut Observer<'_>,
) -> Result<Result<TcpStream, ProxyError>, TransportError> {
    let mut socket = reach(proxy.target(), proxy.port(), route, observer).await?;
    if let Err(reason) = proxy.connect(&mut socket, host, port).await {
        return Ok(Err(reason));
    }
    observer.done(|took| Progress::Proxied { proxy: proxy.to_string(), took });
    Ok(Ok(socket))
}

/// Resolves a host and connects to it.
async fn reach(
    host: &Host,
    port: u16,
    route: Route<'_>,
    observer: &mut Observer<'_>,
) -> Result<TcpStream, TransportError> {
    let addresses = resolve(host, port, observer).await?;
    let (peer, socket) = reach_any(addresses, route, observer)
        .await
        .map_err(|source| unreachable(host, port, source))?;
    observer.done(|took| Progress::Dialled { peer, took });
    Ok(socket)
}

/// Connects to the first address that accepts.
async fn reach_any(
    mut addresses: VecDeque<SocketAddr>,
    route: Route<'_>,
    observer: &mut Observer<'_>,
) -> io::Result<(SocketAddr, TcpStream)> {
    route.sort(&mut addresses);
    let socket = race(addresses, TcpStream::connect, |peer, error| {
        observer.report(|took| Progress::Unreachable { peer, reason: error.to_string(), took });
    })
    .await?;
    socket.set_nodelay(true)?;
    let peer = socket.peer_addr()?;
    route.record(peer);
    Ok((peer, socket))
}

/// Resolves a host to its addresses, in the order in which they are tried.
async fn resolve(
    host: &Host,
    port: u16,
    observer: &mut Observer<'_>,
) -> Result<VecDeque<SocketAddr>, TransportError> {
    observer.begin();
    let addresses = match host.ip() {
        Some(ip) => VecDeque::from([SocketAddr::new(ip, port)]),
        None => tokio::net::lookup_host((host.as_str(), port))
            .await
            .map(alternate)
            .map_err(|source| unreachable(host, port, source))?,
    };
    observer.done(|took| Progress::Resolved {
        host: host.as_str().to_owned(),
        addresses: addresses.iter().copied().collect(),
        took,
    });
    Ok(addresses)
}

fn unreachable(host: &Host, port: u16, source: io::Error) -> TransportError {
    TransportError::Dial { host: host.as_str().to_owned(), port, source }
}

fn refused(proxy: &Proxy, host: &Host, port: u16, reason: ProxyError) -> TransportError {
    TransportError::Proxy { proxy: proxy.to_string(), host: host.as_str().to_owned(), port, reason }
}

/// Orders addresses so that IPv6 and IPv4 alternate, beginning with the resolver's first address
/// (RFC 8305 §4).
fn alternate(found: impl Iterator<Item = SocketAddr>) -> VecDeque<SocketAddr> {
    let found: Vec<_> = found.collect();
    let first_is_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut ordered = VecDeque::new();
    while ordered.len() < MAX_ADDRESSES {
        let pair = (first.next(), second.next());
        if pair == (None, None) {
            break;
        }
        ordered.extend(pair.0);
        ordered.extend(pair.1);
    }
    ordered.truncate(MAX_ADDRESSES);
    ordered
}

/// Returns the first connection that succeeds, or the last failure. Each failure is reported.
async fn race<T, F: Future<Output = io::Result<T>>>(
    mut waiting: VecDeque<SocketAddr>,
    connect: impl Fn(SocketAddr) -> F,
    mut failed: impl FnMut(SocketAddr, &io::Error),
) -> io::Result<T> {
    let attempt = |address| {
        let connecting = connect(address);
        async move { (address, connecting.await) }
    };
    let mut attempts = FuturesUnordered::new();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    loop {
        if let Some(address) = waiting.pop_front() {
            attempts.push(attempt(address));
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
            Some((_, Ok(connected))) => return Ok(connected),
            Some((address, Err(error))) => {
                failed(address, &error);
                failure = error;
            }
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

    #[test]
    fn many_addresses_of_one_family_leave_room_for_the_other() {
        let many: Vec<String> = (1..=20).map(|n| format!("[::{n:x}]:1")).collect();
        let mut texts: Vec<&str> = many.iter().map(String::as_str).collect();
        texts.push("10.0.0.1:1");
        let ordered = alternate(addresses(&texts).into_iter());
        assert_eq!(ordered.len(), MAX_ADDRESSES);
        assert_eq!(ordered[1], "10.0.0.1:1".parse().unwrap());
    }

    /// Connects to an address that behaves as its last octet says: 1 is silent, 2 accepts, 3
    /// refuses, and 4 accepts after a second.
    async fn connect(address: SocketAddr) -> io::Result<SocketAddr> {
        match address.ip().to_string().rsplit('.').next() {
            Some("1") => std::future::pending().await,
            Some("3") => return Err(io::ErrorKind::ConnectionRefused.into()),
            Some("4") => sleep(STAGGER * 4).await,
            _ => {}
        }
        Ok(address)
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_are_tried_until_one_accepts() {
        for (row, texts, expected, after, refused) in [
            ("a silent one delays the next", &["10.0.0.1:1", "10.0.0.2:1"][..], Ok(1), STAGGER, 0),
            ("a slow one still wins", &["10.0.0.4:1", "10.0.0.3:1"], Ok(0), STAGGER * 4, 1),
            (
                "a refusal is followed at once",
                &["10.0.0.3:1", "10.0.0.3:2"],
                Err(io::ErrorKind::ConnectionRefused),
                Duration::ZERO,
                2,
            ),
            ("there is none", &[], Err(io::ErrorKind::NotFound), Duration::ZERO, 0),
        ] {
            let (start, found) = (Instant::now(), addresses(texts));
            let mut failed = Vec::new();
            let outcome = race(found.clone(), connect, |address, _| failed.push(address)).await;
            assert_eq!(
                outcome.map_err(|error| error.kind()),
                expected.map(|n: usize| found[n]),
                "{row}"
            );
            assert_eq!((start.elapsed(), failed.len()), (after, refused), "{row}");
        }
    }

    #[tokio::test]
    async fn the_next_attempt_begins_with_the_next_address() {
        let mut listeners = Vec::new();
        let mut found = VecDeque::new();
        for _ in 0..2 {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            found.push_back(listener.local_addr().unwrap());
            listeners.push(listener);
        }
        let tried = TriedAddresses::default();
        let route = Route { proxy: None, tried: Some(&tried) };
        let attempt = async || {
            let reached = reach_any(found.clone(), route, &mut Observer::none()).await;
            reached.unwrap().0
        };
        // Both accept connections and send nothing.
        assert_eq!(attempt().await, found[0]);
        assert_eq!(attempt().await, found[1]);
        assert_eq!(attempt().await, found[0]);
        assert_eq!(attempt().await, found[1]);
        tried.clear();
        assert_eq!(attempt().await, found[0]);
    }

    #[tokio::test]
    async fn a_dialled_socket_has_nodelay_set() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let socket = dial_tcp("127.0.0.1", port, None, STAGGER * 40).await;
        assert!(socket.unwrap().nodelay().unwrap());
    }
}
