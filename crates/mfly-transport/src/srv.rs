//! Finding the servers of a domain by its SRV records (RFC 6120 §3.2.1, RFC 2782, XEP-0368).
//!
//! ```text
//! _xmpp-client._tcp.example.com.   SRV  5 0 5222 xmpp.example.com.     (STARTTLS)
//! _xmpps-client._tcp.example.com.  SRV  5 0  443 xmpp.example.com.     (TLS from the start)
//! ```
//! Records of both kinds compete by priority and weight. DNS need not be trusted: the server must
//! have a certificate for the domain.

mod order;
mod system;

pub use order::{Record, order};

use crate::connect::connect;
use crate::connection::Connection;
use crate::error::{Fault, TransportError};
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
use mfly_proto::address::Address;
use mfly_proto::address::host::Host;
use mfly_proto::argument::InvalidArgument;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use system::SystemResolver;
use tracing::debug;

/// The largest number of servers that are tried.
const MAX_TARGETS: usize = 8;

/// The port of a domain without records (RFC 6120 §3.2.2).
const FALLBACK_PORT: u16 = 5222;

/// A resolver of SRV records, which caches responses while they are valid. Clones share the cache.
#[derive(Clone)]
pub struct Resolver(Servers);

/// The name servers of a resolver.
#[derive(Clone)]
enum Servers {
    /// A fixed list of name servers.
    Fixed(Box<TokioResolver>),
    /// The name servers of the system's configuration.
    System(SystemResolver),
}

/// The servers of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The addresses in the order in which to try them: at most 8, and none if no record is usable.
    pub addresses: Vec<Address>,
    /// The source of the addresses.
    pub source: Source,
}

/// The source of the addresses of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The SRV records of the domain.
    Records,
    /// The domain itself, because it has no records.
    NoRecords,
    /// The domain itself, because no name server responded.
    NoAnswer,
    /// The IP address that was passed.
    IpAddress,
}

/// The result of a look-up of one service.
#[derive(Debug, PartialEq, Eq)]
enum LookUp {
    /// The service has no records.
    NoRecords,
    /// No name server responded.
    NoResponse,
    /// The service is not offered (RFC 2782: a target of ".").
    NotOffered,
    /// The servers that offer the service.
    Servers(Vec<Record>),
}

impl Resolver {
    /// A resolver that uses the name servers of the system. Their list is read before each look-up.
    ///
    /// # Errors
    /// [`TransportError::Io`] when the system's configuration cannot be read.
    pub fn system() -> Result<Self, TransportError> {
        let system = SystemResolver::system();
        system.now().map_err(unusable)?;
        Ok(Self(Servers::System(system)))
    }

    /// A resolver that uses the name servers of a file in the form of `resolv.conf(5)`, read before
    /// each look-up. The file may be created later.
    #[cfg(all(unix, not(any(target_os = "android", target_vendor = "apple"))))]
    #[must_use]
    pub fn with_file(path: impl Into<std::path::PathBuf>) -> Self {
        Self(Servers::System(SystemResolver::file(path.into())))
    }

    /// The resolver for the current configuration.
    fn now(&self) -> Result<TokioResolver, NetError> {
        match &self.0 {
            Servers::Fixed(resolver) => Ok((**resolver).clone()),
            Servers::System(system) => system.now(),
        }
    }

    /// A resolver that uses one name server.
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

    /// Looks up the addresses of a domain, in the order in which to try them: at most 8. An
    /// international domain may be in Unicode or in ASCII.
    ///
    /// For a domain without records, for one whose name servers do not respond within `limit`, and
    /// for an IP address, the only address is the argument itself with port 5222.
    ///
    /// # Errors
    /// [`TransportError::Address`] when the domain is invalid, and [`TransportError::NoService`]
    /// when it offers no XMPP.
    pub async fn addresses(
        &self,
        domain: &str,
        limit: Duration,
    ) -> Result<Vec<Address>, TransportError> {
        Ok(self.look_up(domain, limit).await?.addresses)
    }

    /// Looks up the addresses of a domain as [`addresses`](Self::addresses) does, and returns their
    /// source as well.
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
        // The response about one service is used even if the other look-up fails.
        let ask = |direct_tls| async move {
            let answer = overdue::timeout(limit, self.ask(name, direct_tls)).await;
            answer.unwrap_or(LookUp::NoResponse)
        };
        let (start_tls, direct_tls) = join(ask(false), ask(true)).await;
        let records = match (start_tls, direct_tls) {
            (LookUp::Servers(mut records), LookUp::Servers(others)) => {
                records.extend(others);
                records
            }
            (LookUp::Servers(records), _) | (_, LookUp::Servers(records)) => records,
            (LookUp::NotOffered, _) => {
                return Err(TransportError::NoService { domain: domain.to_owned() });
            }
            (LookUp::NoResponse, _) | (_, LookUp::NoResponse) => return itself(Source::NoAnswer),
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

    /// Looks up one of the two services.
    async fn ask(&self, domain: &str, direct_tls: bool) -> LookUp {
        let service = if direct_tls { "xmpps" } else { "xmpp" };
        // The final dot excludes the system's search list.
        let name = format!("_{service}-client._tcp.{domain}.");
        let resolver = match self.now() {
            Ok(resolver) => resolver,
            Err(error) => {
                debug!(domain, %error, "no name server is known");
                return LookUp::NoResponse;
            }
        };
        let answer = match resolver.lookup(name, RecordType::SRV).await {
            Ok(answer) => answer,
            Err(error) => {
                debug!(domain, %error, "no SRV records");
                return match error.is_no_records_found() {
                    true => LookUp::NoRecords,
                    false => LookUp::NoResponse,
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
            return LookUp::NotOffered;
        }
        match records.is_empty() {
            true => LookUp::NoRecords,
            false => LookUp::Servers(records),
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

/// Connects to the first server of a domain that can be reached and is trusted.
/// [`Options::timeouts`] apply to the look-up and to each server.
///
/// Without `resolver` the system's is used. [`Options::domain`] is set to the domain. With a proxy
/// that resolves hosts (`socks5h`), the proxy gets the domain, and this machine sends no look-up.
///
/// With [`Options::tried`], the servers of failed attempts come last.
///
/// # Errors
/// As [`connect`](fn@crate::connect) for the server with the most specific error, and
/// [`TransportError::NoService`] when the domain offers no XMPP.
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
        // A domain has no records if the system's configuration is unreadable.
        None => Resolver::system().ok(),
    };
    let mut addresses = match resolver {
        Some(resolver) => resolver.addresses(domain, options.timeouts.dial).await?,
        None => fallback(domain)?,
    };
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
                debug!(%address, %error, "this server failed");
                // An error of a server, such as a bad certificate, is more specific than one of the
                // network.
                let is_vague = |kept: &TransportError| kept.fault() == Fault::Network;
                if failure.as_ref().is_none_or(is_vague) {
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

/// A random number from 0 to `most`.
fn random(most: u32) -> u32 {
    let mut bytes = [0; 8];
    // If the system has no random numbers, the order is fixed.
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
