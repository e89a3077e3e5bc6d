//! The addresses of the server, in the form that clients use.

use crate::net::host::{self, HostError};
use serde::Serialize;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use utoipa::ToSchema;

/// The path prefix of the REST API.
pub(crate) const API_PREFIX: &str = "/api/v1";

/// A loopback port that the system chooses.
pub(crate) const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The protocol of a listening socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ListenerKind {
    /// HTTP and WebSocket without TLS.
    Http,
    /// HTTP and WebSocket over TLS.
    Https,
    /// XMPP over TCP, with STARTTLS unless it is in clear text.
    Xmpp,
    /// XMPP over TLS.
    Xmpps,
}

/// The addresses of a server: those that are bound, and those that clients are given instead.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addresses {
    /// Every socket, in the order in which they were asked for. Clients are given the first one of
    /// each kind.
    pub(crate) bound: Vec<(ListenerKind, SocketAddr)>,
    pub(crate) advertised: Advertised,
    /// Whether headers of a proxy say how a client reached the server.
    pub(crate) trusts_forwarded: bool,
}

/// The addresses at which clients reach the server through a port map or a proxy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Advertised {
    /// The address of plain HTTP. Its host is also that of the other ports.
    pub(crate) http: Option<PublicAddress>,
    pub(crate) https: Option<PublicAddress>,
    pub(crate) xmpp: Option<PublicAddress>,
    pub(crate) xmpps: Option<PublicAddress>,
}

/// A host, and its port unless that is the port of the bound socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicAddress {
    /// A name or an address. An IPv6 address is in brackets.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

/// Writes the scheme of its URLs.
impl fmt::Display for ListenerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Xmpp => "xmpp",
            Self::Xmpps => "xmpps",
        })
    }
}

impl ListenerKind {
    /// The port that URLs of this kind do not need to name, or the registered one.
    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Xmpp => 5222,
            Self::Xmpps => 5223,
        }
    }
}

impl FromStr for PublicAddress {
    type Err = HostError;

    /// Reads `HOST` or `HOST:PORT`.
    fn from_str(text: &str) -> Result<Self, HostError> {
        let text = host::checked(text)?;
        let (host, port) = host::split(&text);
        Ok(Self { host: host.to_owned(), port })
    }
}

impl Advertised {
    fn own(&self, kind: ListenerKind) -> Option<&PublicAddress> {
        match kind {
            ListenerKind::Http => self.http.as_ref(),
            ListenerKind::Https => self.https.as_ref(),
            ListenerKind::Xmpp => self.xmpp.as_ref(),
            ListenerKind::Xmpps => self.xmpps.as_ref(),
        }
    }
}

impl Addresses {
    /// The first socket of a kind.
    pub(crate) fn bound(&self, kind: ListenerKind) -> Option<SocketAddr> {
        self.bound.iter().find(|(other, _)| *other == kind).map(|(_, address)| *address)
    }

    /// The first socket for plain HTTP, which every server has.
    pub(crate) fn plain(&self) -> SocketAddr {
        self.bound(ListenerKind::Http).unwrap_or(ANY_PORT)
    }

    /// Host and port that clients use for a kind. A kind that is advertised need not be bound: a
    /// proxy may serve it.
    fn given(&self, kind: ListenerKind) -> Option<(String, u16)> {
        let own = self.advertised.own(kind);
        let port = own.and_then(|own| own.port);
        let port = port.or_else(|| self.bound(kind).map(|bound| bound.port()));
        let port = port.or_else(|| own.map(|_| kind.default_port()))?;
        let host = match own.or(self.advertised.http.as_ref()) {
            Some(public) => public.host.clone(),
            None => host_of(self.bound(kind)?, kind),
        };
        Some((host, port))
    }

    /// The port that clients use for a kind.
    pub(crate) fn port(&self, kind: ListenerKind) -> Option<u16> {
        self.given(kind).map(|(_, port)| port)
    }

    /// The port of TLS, if it was advertised.
    pub(crate) fn advertised_tls_port(&self) -> Option<u16> {
        self.advertised.https.as_ref()?;
        self.port(ListenerKind::Https)
    }

    /// Host and port in a URL of this kind. A default port is left out where it was advertised.
    fn authority(&self, kind: ListenerKind) -> Option<String> {
        let (host, port) = self.given(kind)?;
        let is_http = matches!(kind, ListenerKind::Http | ListenerKind::Https);
        let is_public = self.advertised.own(kind).is_some() || self.advertised.http.is_some();
        if is_http && is_public && port == kind.default_port() {
            return Some(host);
        }
        Some(format!("{host}:{port}"))
    }

    /// The URL `http://127.0.0.1:PORT`, or the one that is advertised.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.authority(ListenerKind::Http).unwrap_or_default())
    }

    /// The URL `https://localhost:PORT`, or the one that is advertised.
    pub(crate) fn origin_tls(&self) -> Option<String> {
        Some(format!("https://{}", self.authority(ListenerKind::Https)?))
    }

    /// The URL for clients that came over TLS or without, if one was advertised.
    pub(crate) fn advertised_origin(&self, is_secure: bool) -> Option<String> {
        let (http, https) = (&self.advertised.http, &self.advertised.https);
        // With an address for TLS alone, which is not served here, a proxy serves it.
        let is_proxied = https.is_some() && self.bound(ListenerKind::Https).is_none();
        match (is_secure, http) {
            (true, _) => self.origin_tls().filter(|_| https.is_some() || http.is_some()),
            (false, Some(_)) => Some(self.origin()),
            (false, None) => self.origin_tls().filter(|_| is_proxied),
        }
    }

    /// The URL `ws://127.0.0.1:PORT/websocket`, or the one that is advertised.
    pub(crate) fn websocket(&self) -> String {
        let authority = self.authority(ListenerKind::Http).unwrap_or_default();
        format!("ws://{authority}/websocket")
    }

    /// The URL `wss://localhost:PORT/websocket`, or the one that is advertised.
    pub(crate) fn websocket_tls(&self) -> Option<String> {
        Some(format!("wss://{}/websocket", self.authority(ListenerKind::Https)?))
    }

    /// The address `xmpp://localhost:PORT`, or the one that is advertised.
    pub(crate) fn xmpp(&self) -> Option<String> {
        Some(format!("xmpp://{}", self.authority(ListenerKind::Xmpp)?))
    }

    /// The address `xmpps://localhost:PORT`, or the one that is advertised.
    pub(crate) fn xmpps(&self) -> Option<String> {
        Some(format!("xmpps://{}", self.authority(ListenerKind::Xmpps)?))
    }

    /// The hosts under which clients look for this server over TLS, beside those of every server.
    pub(crate) fn tls_hosts(&self) -> impl Iterator<Item = String> {
        let kinds = [ListenerKind::Https, ListenerKind::Xmpp, ListenerKind::Xmpps];
        let given = kinds.into_iter().filter_map(|kind| self.given(kind));
        let given = given.map(|(host, _)| host.trim_matches(['[', ']']).to_owned());
        let bound = self.bound.iter().filter(|(kind, _)| *kind != ListenerKind::Http);
        let bound = bound.map(|(_, address)| address.ip());
        given.chain(bound.filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string()))
    }
}

/// An address that clients can connect to: 127.0.0.1 for "every interface".
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
    } else {
        address
    }
}

/// The host of a bound address in a URL. Browsers and certificates prefer `localhost` to a loopback
/// address, so that it is used wherever TLS may be.
fn host_of(address: SocketAddr, kind: ListenerKind) -> String {
    let address = reachable(address);
    match address.ip() {
        ip if ip.is_loopback() && kind != ListenerKind::Http => "localhost".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ListenerKind::{Http, Https, Xmpp, Xmpps};

    fn addresses(bound: &[(ListenerKind, &str)]) -> Addresses {
        let bound = bound.iter().map(|(kind, address)| (*kind, address.parse().unwrap()));
        Addresses { bound: bound.collect(), ..Addresses::default() }
    }

    fn public(text: &str) -> Option<PublicAddress> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn every_interface_is_shown_as_an_address_that_clients_can_connect_to() {
        let addresses =
            addresses(&[(Http, "0.0.0.0:8117"), (Https, "[::]:8118"), (Xmpp, "127.0.0.1:5222")]);
        assert_eq!(addresses.origin(), "http://127.0.0.1:8117");
        assert_eq!(addresses.websocket_tls().unwrap(), "wss://localhost:8118/websocket");
        assert_eq!(addresses.port(Https), Some(8118));
        assert_eq!(addresses.xmpp().unwrap(), "xmpp://localhost:5222");
        assert_eq!(addresses.xmpps(), None);
        assert_eq!(addresses.advertised_origin(false), None);
    }

    #[test]
    fn an_address_of_the_network_stays_as_it_is() {
        let network = addresses(&[(Http, "192.0.2.1:80"), (Http, "127.0.0.1:81")]);
        assert_eq!(network.origin(), "http://192.0.2.1:80");
        assert_eq!((network.origin_tls(), network.port(Https)), (None, None));
        let network = addresses(&[(Http, "[2001:db8::1]:81"), (Https, "[2001:db8::1]:82")]);
        assert_eq!(network.origin(), "http://[2001:db8::1]:81");
        assert_eq!(network.origin_tls().unwrap(), "https://[2001:db8::1]:82");
        assert_eq!(network.tls_hosts().collect::<Vec<_>>(), ["2001:db8::1", "2001:db8::1"]);
    }

    #[test]
    fn an_advertised_host_replaces_that_of_every_port_and_keeps_the_ports() {
        let mut all = addresses(&[
            (Http, "0.0.0.0:8117"),
            (Https, "0.0.0.0:8118"),
            (Xmpp, "0.0.0.0:5222"),
            (Xmpps, "0.0.0.0:5223"),
        ]);
        all.advertised.http = public("10.0.2.2");
        assert_eq!(all.origin(), "http://10.0.2.2:8117");
        assert_eq!(all.websocket(), "ws://10.0.2.2:8117/websocket");
        assert_eq!(all.origin_tls().unwrap(), "https://10.0.2.2:8118");
        assert_eq!(all.xmpp().unwrap(), "xmpp://10.0.2.2:5222");
        assert_eq!(all.xmpps().unwrap(), "xmpps://10.0.2.2:5223");
        assert_eq!(all.advertised_origin(true).unwrap(), "https://10.0.2.2:8118");
        assert_eq!(all.advertised_origin(false).unwrap(), "http://10.0.2.2:8117");
        all.advertised.http = public("chat.test:80");
        all.advertised.xmpps = public("[2001:db8::1]:443");
        assert_eq!(all.origin(), "http://chat.test");
        assert_eq!(all.origin_tls().unwrap(), "https://chat.test:8118");
        assert_eq!(all.xmpps().unwrap(), "xmpps://[2001:db8::1]:443");
        let hosts = ["chat.test", "chat.test", "2001:db8::1"];
        assert_eq!(all.tls_hosts().collect::<Vec<_>>(), hosts);
    }

    #[test]
    fn a_proxy_may_serve_tls_for_a_server_that_does_not() {
        let mut plain = addresses(&[(Http, "127.0.0.1:8117")]);
        plain.advertised.https = public("chat.test");
        assert_eq!(plain.origin(), "http://127.0.0.1:8117");
        assert_eq!(plain.origin_tls().unwrap(), "https://chat.test");
        assert_eq!(plain.websocket_tls().unwrap(), "wss://chat.test/websocket");
        assert_eq!(plain.port(Https), Some(443));
        // Every request comes through the proxy.
        for is_secure in [true, false] {
            assert_eq!(plain.advertised_origin(is_secure).unwrap(), "https://chat.test");
        }
        plain.advertised.http = public("chat.test:8080");
        assert_eq!(plain.advertised_origin(false).unwrap(), "http://chat.test:8080");
    }

    #[test]
    fn an_address_that_is_no_host_is_not_advertised() {
        for text in ["", "a b", ":80", "a:b", "http://a", "::1", "a:65536"] {
            assert!(text.parse::<PublicAddress>().is_err(), "{text}");
        }
    }
}
