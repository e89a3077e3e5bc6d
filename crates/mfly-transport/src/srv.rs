//! Finding the servers of a domain by its SRV records (RFC 6120 §3.2.1, RFC 2782, XEP-0368).
//!
//! ```text
//! _xmpp-client._tcp.example.com.   SRV  5 0 5222 xmpp.example.com.     (STARTTLS)
//! _xmpps-client._tcp.example.com.  SRV  5 0  443 xmpp.example.com.     (TLS from the start)
//! ```
//! Both kinds compete by priority and weight. What DNS says need not be believed: whichever server
//! it leads to has to show a certificate for the domain.

mod order;
mod system;

pub use order::{Record, order};

use crate::address::Address;
use crate::connect::connect;
use crate::connection::Connection;
use crate::error::{Fault, TransportError};
use crate::host::Host;
use crate::options::Options;
use crate::overdue;
use crate::proxy::ProxyKind;
use crate::tls;
use futures_util::future::join;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use mfly_proto::argument::InvalidArgument;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use system::SystemResolver;
use tracing::debug;

/// More servers than this are not tried.
const MAX_TARGETS: usize = 8;

/// Where a server is when there are no records (RFC 6120 §3.2.2).
const FALLBACK_PORT: u16 = 5222;

/// Asks for SRV records, and remembers the answers for as long as they are valid. Clones share
/// what they remember.
#[derive(Clone)]
pub struct Resolver(Servers);

/// Which name servers are asked.
#[derive(Clone)]
enum Servers {
    /// These.
    Fixed(Box<TokioResolver>),
    /// Those that the system is configured for.
    System(SystemResolver),
}

/// Where a domain is served.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The addresses in the order in which to try them: at most 8, and none when the records name
    /// nothing that could be tried.
    pub addresses: Vec<Address>,
    /// How they are known.
    pub source: Source,
}

/// How the addresses of a domain are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The domain's records name them.
    Records,
    /// The domain has no records: its own address is all there is to try.
    NoRecords,
    /// No name server gave an answer: the same.
    NoAnswer,
    /// An IP address is its own address.
    IpAddress,
}

/// What the records of one service say.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// There are none.
    NoRecords,
    /// There was no answer.
    Silence,
    /// The service is not offered (RFC 2782: a target of ".").
    NotOffered,
    /// These servers offer it.
    Servers(Vec<Record>),
}

impl Resolver {
    /// Asks the name servers that the system is configured for at the time of each look-up.
    ///
    /// # Errors
    /// [`TransportError::Io`] when the system's configuration cannot be read now.
    pub fn system() -> Result<Self, TransportError> {
        let system = SystemResolver::system();
        system.now().map_err(unusable)?;
        Ok(Self(Servers::System(system)))
    }

    /// The same for a configuration of another place: a file in the form of `resolv.conf(5)`, which
    /// need not be there yet.
    #[cfg(all(unix, not(any(target_os = "android", target_vendor = "apple"))))]
    #[must_use]
    pub fn with_file(path: impl Into<std::path::PathBuf>) -> Self {
        Self(Servers::System(SystemResolver::file(path.into())))
    }

    /// The resolver to ask now.
    fn now(&self) -> Result<TokioResolver, NetError> {
        match &self.0 {
            Servers::Fixed(resolver) => Ok((**resolver).clone()),
            Servers::System(system) => system.now(),
        }
    }

    /// Asks one name server.
    ///
    /// # Errors
    /// [`TransportError::Io`] when the resolver cannot be set up.
    pub fn with_server(server: SocketAddr) -> Result<Self, TransportError> {
        let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
        for connection in &mut connections {
            connection.port = server.port();
        }
        let server = NameServerConfig::new(server.ip(), true, connections);
        let config = ResolverConfig::from_name_servers(vec![server]);
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            .build()
            .map(|resolver| Self(Servers::Fixed(Box::new(resolver))))
            .map_err(unusable)
    }

    /// The addresses at which a domain is served, in the order in which to try them: at most 8.
    /// An international domain may have either form; DNS is asked for the one in ASCII.
    ///
    /// A domain without records, one whose records cannot be had within `limit`, and an IP address
    /// are served at themselves, port 5222.
    ///
    /// # Errors
    /// [`TransportError::Address`] when the domain cannot be used, and
    /// [`TransportError::NoService`] when it says that it offers no XMPP.
    pub async fn addresses(
        &self,
        domain: &str,
        limit: Duration,
    ) -> Result<Vec<Address>, TransportError> {
        Ok(self.look_up(domain, limit).await?.addresses)
    }

    /// The same, and how the addresses are known.
    ///
    /// # Errors
    /// As [`addresses`](Self::addresses).
    pub async fn look_up(&self, domain: &str, limit: Duration) -> Result<Found, TransportError> {
        let itself = |source| fallback(domain).map(|addresses| Found { addresses, source });
        let host = Host::parse_alone(domain).map_err(refuse)?;
        if host.ip().is_some() {
            return itself(Source::IpAddress);
        }
        let name = host.as_str();
        // One that stays silent does not make the other's answer worthless.
        let ask = |direct_tls| async move {
            let answer = overdue::timeout(limit, self.ask(name, direct_tls)).await;
            answer.unwrap_or(Answer::Silence)
        };
        let (start_tls, direct_tls) = join(ask(false), ask(true)).await;
        let records = match (start_tls, direct_tls) {
            (Answer::Servers(mut records), Answer::Servers(others)) => {
                records.extend(others);
                records
            }
            (Answer::Servers(records), _) | (_, Answer::Servers(records)) => records,
            (Answer::NotOffered, _) => {
                return Err(TransportError::NoService { domain: domain.to_owned() });
            }
            (Answer::Silence, _) | (_, Answer::Silence) => return itself(Source::NoAnswer),
            _ => return itself(Source::NoRecords),
        };
        let addresses: Vec<_> = order(records, random)
            .iter()
            .filter_map(|record| Address::tcp(&record.target, record.port, record.direct_tls).ok())
            .take(MAX_TARGETS)
            .collect();
        debug!(domain, servers = addresses.len(), "found by SRV records");
        Ok(Found { addresses, source: Source::Records })
    }

    /// The records of one of the two services.
    async fn ask(&self, domain: &str, direct_tls: bool) -> Answer {
        let service = if direct_tls { "xmpps" } else { "xmpp" };
        // The final dot keeps the system's search list out.
        let name = format!("_{service}-client._tcp.{domain}.");
        let resolver = match self.now() {
            Ok(resolver) => resolver,
            Err(error) => {
                debug!(domain, %error, "no name server is known");
                return Answer::Silence;
            }
        };
        let answer = match resolver.lookup(name, RecordType::SRV).await {
            Ok(answer) => answer,
            Err(error) => {
                debug!(domain, %error, "no SRV records");
                return match error.is_no_records_found() {
                    true => Answer::NoRecords,
                    false => Answer::Silence,
                };
            }
        };
        let records: Vec<_> = answer
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::SRV(data) => Some(Record {
                    priority: data.priority,
                    weight: data.weight,
                    port: data.port,
                    target: data.target.to_ascii().trim_end_matches('.').to_owned(),
                    direct_tls,
                }),
                _ => None,
            })
            .collect();
        if records.iter().any(|record| record.target.is_empty()) {
            return Answer::NotOffered;
        }
        match records.is_empty() {
            true => Answer::NoRecords,
            false => Answer::Servers(records),
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

/// Connects to the first server of a domain that can be reached and trusted. Look-up and each of
/// the servers take as long as [`Options::timeouts`] say.
///
/// `resolver` is the system's if there is none. [`Options::domain`] is set to the domain. A proxy
/// that looks hosts up itself (`socks5h`) is told the domain instead: nothing is asked from here.
///
/// With [`Options::tried`], servers that earlier attempts connected to in vain come last.
///
/// # Errors
/// As [`connect`](fn@crate::connect) for the server whose failure says most, and
/// [`TransportError::NoService`] when the domain says that it offers no XMPP.
pub async fn connect_domain(
    domain: &str,
    options: &Options,
    resolver: Option<&Resolver>,
) -> Result<Connection, TransportError> {
    let options = Options { domain: Some(domain.to_owned()), ..options.clone() };
    let is_private = options.proxy.as_ref().is_some_and(|proxy| proxy.kind() == ProxyKind::Socks5h);
    let resolver = match resolver {
        _ if is_private => None,
        Some(resolver) => Some(resolver.clone()),
        // A system that cannot be asked has no records.
        None => Resolver::system().ok(),
    };
    let addresses = match resolver {
        Some(resolver) => resolver.addresses(domain, options.timeouts.dial).await?,
        None => fallback(domain)?,
    };
    let mut addresses = addresses;
    if let Some(tried) = &options.tried {
        tried.sort(&mut addresses);
    }
    let mut failure: Option<TransportError> = None;
    for address in addresses {
        match connect(&address, &options).await {
            Ok(connection) => {
                if let Some(tried) = &options.tried {
                    tried.record(&address);
                }
                return Ok(connection);
            }
            Err(error) => {
                debug!(%address, %error, "this server will not do");
                // That a server showed a bad certificate says more than that another is away.
                let says_more = |kept: &TransportError| kept.fault() == Fault::Network;
                if failure.as_ref().is_none_or(says_more) {
                    failure = Some(error);
                }
            }
        }
    }
    Err(failure.unwrap_or_else(|| TransportError::NoService { domain: domain.to_owned() }))
}

fn fallback(domain: &str) -> Result<Vec<Address>, TransportError> {
    Ok(vec![Address::tcp(domain, FALLBACK_PORT, false)?])
}

/// A random number of at most `most`.
fn random(most: u32) -> u32 {
    let mut bytes = [0; 8];
    // Without random numbers the order is as good as any other.
    tls::random(&mut bytes);
    let number = u64::from_ne_bytes(bytes) % (u64::from(most) + 1);
    u32::try_from(number).unwrap_or(most)
}

fn refuse(reason: &'static str) -> InvalidArgument {
    InvalidArgument::new("domain", reason)
}

fn unusable(error: NetError) -> TransportError {
    TransportError::Io(io::Error::other(error))
}
