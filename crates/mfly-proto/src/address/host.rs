//! Hosts and ports in the addresses of servers and proxies.
//!
//! An error is a reason that begins with the name of the invalid part: `host` or `port`.

use crate::idn;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The reason why a host or port is invalid.
pub type Refusal = &'static str;

/// A name in lower case and ASCII, or an IP address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host {
    /// The host without brackets.
    text: String,
    ip: Option<IpAddr>,
}

impl Host {
    /// Reads a name, an IPv4 address or a bracketed IPv6 address.
    ///
    /// # Errors
    /// When the text is none of these.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if let Some(inner) = text.strip_prefix('[') {
            return inner
                .strip_suffix(']')
                .and_then(|inner| inner.parse::<Ipv6Addr>().ok())
                .map(|ip| Self::from(IpAddr::from(ip)))
                .ok_or("host: the brackets do not hold an IPv6 address");
        }
        if let Ok(ip @ IpAddr::V4(_)) = text.parse::<IpAddr>() {
            return Ok(ip.into());
        }
        let name = idn::to_ascii(text)
            .map_err(|_| "host: this international name has no form that DNS can hold")?;
        check_name(&name)?;
        Ok(Self { text: name.to_ascii_lowercase(), ip: None })
    }

    /// Reads a host without port, where the brackets of an IPv6 address are optional.
    ///
    /// # Errors
    /// When the text is none of these.
    pub fn parse_alone(text: &str) -> Result<Self, Refusal> {
        match text.parse::<IpAddr>() {
            Ok(ip) => Ok(ip.into()),
            Err(_) => Self::parse(text),
        }
    }

    /// The host as text, without brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The IP address, unless the host is a name.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// Whether the host is this machine: `localhost` (RFC 6761 §6.3) or a loopback IP address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.ip {
            Some(ip) => ip.to_canonical().is_loopback(),
            None => self.text == "localhost" || self.text.ends_with(".localhost"),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        Self { text: ip.to_string(), ip: Some(ip) }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip {
            Some(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            _ => f.write_str(&self.text),
        }
    }
}

/// Checks a name by RFC 1123 §2.1, and allows the underscore that some names have.
fn check_name(name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err("host: it is missing");
    }
    if name.contains(':') {
        return Err("host: put an IPv6 address in brackets");
    }
    let label_is_valid = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > 253 || !name.split('.').all(label_is_valid) {
        return Err("host: it is neither a domain name nor an IP address");
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("host: it looks like an IPv4 address but is not one");
    }
    Ok(())
}

/// Reads `host[:port]`.
///
/// # Errors
/// When the host or the port cannot be used.
pub fn parse_authority(authority: &str) -> Result<(Host, Option<u16>), Refusal> {
    let (host, port) = split_port(authority)?;
    Ok((Host::parse(host)?, port.map(parse_port).transpose()?))
}

/// Splits `host:port`, where the host may be a bracketed IPv6 address.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), Refusal> {
    let after_host = authority.find(']').map_or(0, |at| at + 1);
    let (bracketed, rest) = authority.split_at(after_host);
    if bracketed.is_empty() {
        return Ok(match rest.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err("host: put an IPv6 address in brackets");
            }
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        });
    }
    match rest.strip_prefix(':') {
        Some(port) => Ok((bracketed, Some(port))),
        None if rest.is_empty() => Ok((bracketed, None)),
        None => Err("host: only :port may follow the brackets"),
    }
}

fn parse_port(text: &str) -> Result<u16, Refusal> {
    // `u16::from_str` accepts a leading plus sign as well.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|_| digits);
    check_port(port.unwrap_or_default())
}

/// Checks that a port is not 0, which only a listener can use.
///
/// # Errors
/// When the port is 0.
pub fn check_port(port: u16) -> Result<u16, Refusal> {
    if port == 0 {
        return Err("port: pass a number from 1 to 65535");
    }
    Ok(port)
}
