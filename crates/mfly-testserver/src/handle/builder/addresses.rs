//! Where a server listens, and the addresses that it gives to clients.

use super::Builder;
use crate::net::addresses::{Advertised, PublicAddress};
use mfly_proto::argument::InvalidArgument;
use std::net::SocketAddr;

impl Builder {
    /// Listens for plain HTTP and WebSocket at this address. May be called more than once, as
    /// [`Builder::tls_listen`], [`Builder::tcp_listen`] and [`Builder::tcps_listen`] may: apps are
    /// given the first address of each. Default: a free port of 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.ports.plain.push(address);
        self
    }

    /// Listens for HTTP and WebSocket over TLS at this address.
    pub fn tls_listen(mut self, address: SocketAddr) -> Self {
        self.ports.tls.push(address);
        self
    }

    /// Listens for XMPP over TCP at this address. The server offers and requires STARTTLS there,
    /// unless [`Builder::tcp_cleartext`] is on.
    pub fn tcp_listen(mut self, address: SocketAddr) -> Self {
        self.ports.tcp.push(address);
        self
    }

    /// Listens for XMPP over TLS at this address.
    pub fn tcps_listen(mut self, address: SocketAddr) -> Self {
        self.ports.tcps.push(address);
        self
    }

    /// Adds a name or an IP address to the certificate that the server makes, such as `10.0.2.2`
    /// for Android's emulator. May be called more than once. The certificate always has
    /// `localhost`, `127.0.0.1`, `::1`, the XMPP host, the addresses of the sockets and the hosts
    /// that [`Builder::advertise`] names.
    pub fn certificate_name(mut self, name: impl Into<String>) -> Self {
        self.certificate_names.push(name.into());
        self
    }

    /// Gives clients this `HOST` or `HOST:PORT` wherever they are given an address of the server:
    /// for a server behind a port map or a proxy. The host is that of every port; the port is that
    /// of plain HTTP. Default: the host of each request, and the address of the first socket where
    /// there is no request.
    pub fn advertise(self, address: &str) -> Self {
        self.advertise_as("advertise", address, |all| &mut all.http)
    }

    /// Gives clients this `HOST` or `HOST:PORT` for HTTP and WebSocket over TLS. The server need
    /// not serve TLS itself: without a port for it, a proxy does, and every client is sent there
    /// unless [`Builder::advertise`] names an address without TLS.
    pub fn advertise_tls(self, address: &str) -> Self {
        self.advertise_as("advertiseTls", address, |all| &mut all.https)
    }

    /// Gives clients this `HOST` or `HOST:PORT` for XMPP over TCP.
    pub fn advertise_tcp(self, address: &str) -> Self {
        self.advertise_as("advertiseTcp", address, |all| &mut all.xmpp)
    }

    /// Gives clients this `HOST` or `HOST:PORT` for XMPP over TLS.
    pub fn advertise_tcps(self, address: &str) -> Self {
        self.advertise_as("advertiseTcps", address, |all| &mut all.xmpps)
    }

    fn advertise_as(
        mut self,
        name: &'static str,
        address: &str,
        place: impl FnOnce(&mut Advertised) -> &mut Option<PublicAddress>,
    ) -> Self {
        match (&mut self.addresses, address.parse()) {
            (Ok(addresses), Ok(address)) => *place(&mut addresses.advertised) = Some(address),
            (Ok(_), Err(_)) => {
                let error = InvalidArgument::new(name, "must be HOST or HOST:PORT");
                self.addresses = Err(error);
            }
            (Err(_), _) => {}
        }
        self
    }

    /// Takes scheme, host and port of the client's request from the headers that proxies add:
    /// `Forwarded` (RFC 7239), else `X-Forwarded-Proto`, `-Host` and `-Port`. Default: no, because
    /// any client can send them.
    pub fn trust_forwarded(mut self, is_on: bool) -> Self {
        if let Ok(addresses) = &mut self.addresses {
            addresses.trusts_forwarded = is_on;
        }
        self
    }
}
