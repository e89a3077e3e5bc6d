//! The listening sockets of a server, and the protocol of each.

use crate::handle::start_error::StartError;
use crate::net::addresses::Addresses;
use crate::net::certificate::Certificates;
use mfly_proto::argument::InvalidArgument;
use mfly_transport::ServerTls;
use std::net::SocketAddr;
use tokio::net::TcpListener;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    /// HTTP without TLS.
    pub(crate) plain: SocketAddr,
    /// HTTP over TLS.
    pub(crate) tls: Option<SocketAddr>,
    /// XMPP over TCP, with STARTTLS unless it is in clear text.
    pub(crate) tcp: Option<SocketAddr>,
    /// XMPP over TLS.
    pub(crate) tcps: Option<SocketAddr>,
    /// Whether XMPP over TCP is not encrypted.
    pub(crate) is_tcp_cleartext: bool,
}

/// A listening socket and its protocol.
pub(crate) struct Listening {
    pub(crate) listener: TcpListener,
    pub(crate) service: Service,
}

/// The protocol of a listening socket.
#[derive(Clone)]
pub(crate) enum Service {
    /// HTTP and the protocols that it is upgraded to, over TLS if there is a configuration.
    Http(Option<ServerTls>),
    /// XMPP over TCP, with STARTTLS if there is a configuration.
    Xmpp(Option<ServerTls>),
    /// XMPP over TLS.
    XmppOverTls(ServerTls),
}

impl Ports {
    /// Whether a port uses TLS.
    pub(crate) const fn need_certificates(&self) -> bool {
        self.tls.is_some() || self.tcps.is_some() || (self.tcp.is_some() && !self.is_tcp_cleartext)
    }

    ///
    /// # Errors
    /// When a port is in use, or the certificates cannot be used.
    pub(crate) async fn bind(
        self,
        certificates: Option<&Certificates>,
    ) -> Result<(Addresses, Vec<Listening>), StartError> {
        let tls = |alpn: &[&[u8]]| certificates.map(|own| own.server_tls(alpn)).transpose();
        let mut listening = Vec::new();
        let plain = listen(self.plain, Service::Http(None), &mut listening).await?;
        let mut addresses = Addresses::plain(plain);
        if let (Some(address), Some(tls)) = (self.tls, tls(&[b"http/1.1"])?) {
            let service = Service::Http(Some(tls));
            addresses.tls = Some(listen(address, service, &mut listening).await?);
        }
        if let Some(address) = self.tcp {
            let tls = tls(&[])?.filter(|_| !self.is_tcp_cleartext);
            addresses.tcp = Some(listen(address, Service::Xmpp(tls), &mut listening).await?);
        }
        // XEP-0368 §3 defines this ALPN protocol.
        if let (Some(address), Some(tls)) = (self.tcps, tls(&[b"xmpp-client"])?) {
            let service = Service::XmppOverTls(tls);
            addresses.tcps = Some(listen(address, service, &mut listening).await?);
        }
        Ok((addresses, listening))
    }
}

impl Certificates {
    fn server_tls(&self, alpn: &[&[u8]]) -> Result<ServerTls, InvalidArgument> {
        ServerTls::new(self.chain_pem.as_bytes(), self.key_pem.as_bytes(), alpn)
    }
}

async fn listen(
    address: SocketAddr,
    service: Service,
    listening: &mut Vec<Listening>,
) -> Result<SocketAddr, StartError> {
    let (listener, bound) = bind(address).await?;
    listening.push(Listening { listener, service });
    Ok(bound)
}

/// Binds a listening socket, and returns its address.
///
/// # Errors
/// [`StartError::Listen`].
pub(crate) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let refuse = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refuse)?;
    let bound = listener.local_addr().map_err(refuse)?;
    Ok((listener, bound))
}
