//! Redirection to another host (RFC 6120 §4.9.3.19).
//!
//! `<stream:error><see-other-host
//! xmlns="urn:ietf:params:xml:ns:xmpp-streams">[2001:db8::1]:9222</see-other-host></stream:error>`

use crate::decode::DecodeError;
use crate::jid::BareJid;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The default port of XMPP over TCP (RFC 6120 §3.2.3).
pub const DEFAULT_PORT: u16 = 5222;

/// The host to which a peer redirects the client, and its port.
///
/// It may be any host: following it is the caller's decision.
///
/// ```
/// use mfly_proto::stream::SeeOtherHost;
/// let other: SeeOtherHost = "[2001:db8::1]:9222".parse()?;
/// assert_eq!((other.host.as_str(), other.port), ("2001:db8::1", 9222));
/// # Ok::<(), mfly_proto::decode::DecodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SeeOtherHost {
    /// A domain, in lower case, or an IP address without brackets.
    pub host: String,
    /// The port, by default [`DEFAULT_PORT`].
    pub port: u16,
}

impl SeeOtherHost {
    /// Whether the host is an IPv6 address, which is written in brackets.
    fn is_ipv6(&self) -> bool {
        self.host.parse::<Ipv6Addr>().is_ok()
    }
}

impl FromStr for SeeOtherHost {
    type Err = DecodeError;

    /// Reads `host`, `host:port`, `[address]` or `[address]:port`, white space around it left out.
    ///
    /// # Errors
    /// When the host or the port is not valid.
    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let invalid = |field| DecodeError::InvalidValue { element: "see-other-host", field };
        let text = text.trim();
        let (host, port) = match text.strip_prefix('[') {
            Some(literal) => {
                let (address, port) = literal.split_once(']').ok_or(invalid("host"))?;
                if address.parse::<Ipv6Addr>().is_err() {
                    return Err(invalid("host"));
                }
                let port = match port {
                    "" => None,
                    port => Some(port.strip_prefix(':').ok_or(invalid("port"))?),
                };
                (address, port)
            }
            None => {
                let (host, port) = match text.split_once(':') {
                    Some((host, port)) => (host, Some(port)),
                    None => (text, None),
                };
                if !is_domain(host) && host.parse::<Ipv4Addr>().is_err() {
                    return Err(invalid("host"));
                }
                (host, port)
            }
        };
        let port = match port {
            None => DEFAULT_PORT,
            // A number would also be read with a sign.
            Some(port) if port.starts_with(|first: char| first.is_ascii_digit()) => {
                port.parse().ok().filter(|port| *port != 0).ok_or(invalid("port"))?
            }
            Some(_) => return Err(invalid("port")),
        };
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }
}

/// Whether the text is a domain, without local part and resource.
fn is_domain(host: &str) -> bool {
    !host.starts_with('[') && BareJid::new(host).is_ok_and(|jid| jid.local().is_none())
}

impl fmt::Display for SeeOtherHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_ipv6() {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn texts_are_hosts_with_ports_or_refused() {
        for (text, expected) in rows(include_str!("../../fixtures/text/redirects.txt")) {
            let found = match text.parse::<SeeOtherHost>() {
                Ok(other) => {
                    assert_eq!(other.to_string().parse(), Ok(other.clone()));
                    format!("{} {}", other.host, other.port)
                }
                Err(DecodeError::InvalidValue { field, .. }) => format!("invalid {field}"),
                Err(error) => error.to_string(),
            };
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
