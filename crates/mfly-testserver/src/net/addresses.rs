//! The addresses of the server, in the form that clients use.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The path prefix of the REST API.
pub(crate) const API_PREFIX: &str = "/api/v1";

/// The addresses of the bound sockets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) plain: SocketAddr,
    pub(crate) tls: Option<SocketAddr>,
    /// XMPP over TCP, with STARTTLS.
    pub(crate) tcp: Option<SocketAddr>,
    pub(crate) tcps: Option<SocketAddr>,
}

impl Addresses {
    /// The addresses of a server with plain HTTP only.
    pub(crate) const fn plain(plain: SocketAddr) -> Self {
        Self { plain, tls: None, tcp: None, tcps: None }
    }

    /// The URL `http://127.0.0.1:PORT`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", reachable(self.plain))
    }

    /// The URL `https://localhost:PORT`.
    pub(crate) fn origin_tls(&self) -> Option<String> {
        Some(format!("https://{}", named(self.tls?)))
    }

    /// The URL `ws://127.0.0.1:PORT/websocket`.
    pub(crate) fn websocket(&self) -> String {
        format!("ws://{}/websocket", reachable(self.plain))
    }

    /// The URL `wss://localhost:PORT/websocket`.
    pub(crate) fn websocket_tls(&self) -> Option<String> {
        Some(format!("wss://{}/websocket", named(self.tls?)))
    }

    /// The address `xmpp://localhost:PORT`.
    pub(crate) fn xmpp(&self) -> Option<String> {
        Some(format!("xmpp://{}", named(self.tcp?)))
    }

    /// The address `xmpps://localhost:PORT`.
    pub(crate) fn xmpps(&self) -> Option<String> {
        Some(format!("xmpps://{}", named(self.tcps?)))
    }

    /// The port for XMPP over WebSocket in configurations. Clients use TLS there.
    pub(crate) fn xmpp_port_web(&self) -> u16 {
        self.tls.unwrap_or(self.plain).port()
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

/// An address by name: browsers and certificates prefer `localhost` to a loopback address.
fn named(address: SocketAddr) -> String {
    if address.ip().is_loopback() || address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interface_is_shown_as_an_address_that_clients_can_connect_to() {
        let addresses = Addresses {
            plain: "0.0.0.0:8117".parse().unwrap(),
            tls: Some("[::]:8118".parse().unwrap()),
            tcp: Some("127.0.0.1:5222".parse().unwrap()),
            tcps: None,
        };
        assert_eq!(addresses.origin(), "http://127.0.0.1:8117");
        assert_eq!(addresses.websocket_tls().unwrap(), "wss://localhost:8118/websocket");
        assert_eq!(addresses.xmpp_port_web(), 8118);
        assert_eq!(addresses.xmpp().unwrap(), "xmpp://localhost:5222");
        assert_eq!(addresses.xmpps(), None);
    }

    #[test]
    fn an_address_of_the_network_stays_as_it_is() {
        let addresses = Addresses::plain("192.0.2.1:80".parse().unwrap());
        assert_eq!(addresses.origin(), "http://192.0.2.1:80");
        assert_eq!((addresses.origin_tls(), addresses.xmpp_port_web()), (None, 80));
    }
}
