//! The listening sockets of a server, and the protocol of each.

use crate::handle::start_error::StartError;
use crate::net::addresses::ListenerKind;
use crate::net::certificate::Certificates;
use mfly_proto::argument::InvalidArgument;
use mfly_transport::ServerTls;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// The addresses to listen on. Apps are given the first one of each kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ports {
    /// HTTP without TLS.
    pub(crate) plain: Vec<SocketAddr>,
    /// HTTP over TLS.
    pub(crate) tls: Vec<SocketAddr>,
    /// XMPP over TCP, with STARTTLS unless it is in clear text.
    pub(crate) tcp: Vec<SocketAddr>,
    /// XMPP over TLS.
    pub(crate) tcps: Vec<SocketAddr>,
    /// Whether XMPP over TCP is not encrypted.
    pub(crate) is_tcp_cleartext: bool,
}

/// A listening socket and its protocol.
pub(crate) struct Listening {
    pub(crate) listener: TcpListener,
    pub(crate) kind: ListenerKind,
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
        let is_secure = !self.tls.is_empty() || !self.tcps.is_empty();
        is_secure || (!self.tcp.is_empty() && !self.is_tcp_cleartext)
    }

    /// Every address with its kind.
    pub(crate) fn asked(&self) -> Vec<(ListenerKind, SocketAddr)> {
        let kinds = [
            (ListenerKind::Http, &self.plain),
            (ListenerKind::Https, &self.tls),
            (ListenerKind::Xmpp, &self.tcp),
            (ListenerKind::Xmpps, &self.tcps),
        ];
        let asked = kinds
            .into_iter()
            .flat_map(|(kind, addresses)| addresses.iter().map(move |address| (kind, *address)));
        asked.collect()
    }

    /// Binds all sockets. Returns their addresses, too.
    ///
    /// # Errors
    /// When a port is in use, or the certificates cannot be used.
    pub(crate) async fn bind(
        &self,
        certificates: Option<&Certificates>,
    ) -> Result<(Vec<(ListenerKind, SocketAddr)>, Vec<Listening>), StartError> {
        let (mut bound, mut listening) = (Vec::new(), Vec::new());
        for (kind, address) in self.asked() {
            let tls = |alpn: &[&[u8]]| certificates.map(|own| own.server_tls(alpn)).transpose();
            let service = match kind {
                ListenerKind::Http => Some(Service::Http(None)),
                ListenerKind::Https => tls(&[b"http/1.1"])?.map(|tls| Service::Http(Some(tls))),
                ListenerKind::Xmpp => {
                    Some(Service::Xmpp(tls(&[])?.filter(|_| !self.is_tcp_cleartext)))
                }
                // XEP-0368 §3 defines this ALPN protocol.
                ListenerKind::Xmpps => tls(&[b"xmpp-client"])?.map(Service::XmppOverTls),
            };
            let Some(service) = service else { continue };
            let (listener, address) = bind(address).await?;
            bound.push((kind, address));
            listening.push(Listening { listener, kind, service });
        }
        Ok((bound, listening))
    }
}

impl Certificates {
    fn server_tls(&self, alpn: &[&[u8]]) -> Result<ServerTls, InvalidArgument> {
        ServerTls::new(self.chain_pem.as_bytes(), self.key_pem.as_bytes(), alpn)
    }
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
