//! The stages of opening a connection, each with its own time limit.

use crate::connection::{self, Connection, Io};
use crate::dial::{self, Route};
use crate::error::{Stage, TransportError};
use crate::options::{Options, StartTls};
use crate::overdue;
use crate::progress::{Observer, Progress};
use crate::security::Security;
use crate::start_tls;
use crate::tls::Tls;
use crate::upgrade;
use mfly_proto::address::{Address, Scheme};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::framing::ReceiveLimits;
use mfly_proto::idn;
use rustls_pki_types::ServerName;
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tracing::debug;

/// The application protocol of a WebSocket handshake (RFC 6455 §4.1).
const HTTP: &[u8] = b"http/1.1";

/// The application protocol of XMPP between a client and a server (XEP-0368 §4).
const XMPP_CLIENT: &[u8] = b"xmpp-client";

/// Opens a connection.
///
/// It is secured when this returns, and no stream is open on it. Dropping the future cancels the
/// attempt and closes the socket.
///
/// # Errors
/// - [`TransportError::Address`] for `ws://`, or `xmpp://` without STARTTLS, to another machine
///   without [`Options::allow_cleartext`].
/// - [`TransportError::Dial`], [`TransportError::Proxy`], [`TransportError::StartTls`],
///   [`TransportError::Tls`], [`TransportError::Handshake`] or [`TransportError::Io`] when that
///   stage fails.
/// - [`TransportError::TimedOut`] when a stage exceeds its time limit.
pub async fn connect(address: &Address, options: &Options) -> Result<Connection, TransportError> {
    open(address, options, &mut Observer::none()).await
}

/// Opens a connection as [`connect`] does, and reports each step when it is done.
///
/// # Errors
/// As [`connect`].
pub async fn connect_observed(
    address: &Address,
    options: &Options,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Connection, TransportError> {
    open(address, options, &mut Observer::new(report)).await
}

/// Makes a client's connection with TCP framing (RFC 6120) over a byte stream of your own, such as
/// a tunnel, on which nothing was sent. It is as secure as the byte stream.
pub fn over_stream(
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    limits: ReceiveLimits,
) -> Connection {
    connection::tcp_skipping(io, limits)
}

async fn open(
    address: &Address,
    options: &Options,
    observer: &mut Observer<'_>,
) -> Result<Connection, TransportError> {
    let uses_start_tls =
        address.scheme() == Scheme::Xmpp && options.start_tls == StartTls::Required;
    let protected = address.is_tls() || uses_start_tls || options.allow_cleartext;
    if !protected && !address.is_loopback() {
        return Err(unprotected().into());
    }
    let dialling = dial::dial(address.target(), address.port(), Route::of(options), observer);
    let socket = within(options.timeouts.dial, Stage::Dial, dialling).await?;
    if !protected {
        // The peer is the proxy, if there is one.
        check_loopback(socket.peer_addr().map_err(TransportError::Io)?.ip())?;
    }
    let connection = establish(socket, address, options, observer).await?;
    let tls = connection.security().is_some();
    debug!(host = address.host(), port = address.port(), tls, "connected");
    Ok(connection)
}

/// Checks the address that a local name was resolved to. A resolver should treat `name.localhost`
/// as local (RFC 6761 §6.3), but need not.
fn check_loopback(peer: IpAddr) -> Result<(), InvalidArgument> {
    if peer.to_canonical().is_loopback() { Ok(()) } else { Err(unprotected()) }
}

fn unprotected() -> InvalidArgument {
    InvalidArgument::new(
        "address",
        "scheme: this would send passwords unprotected; use wss://, xmpps:// or xmpp:// with \
         STARTTLS, or allow cleartext",
    )
}

/// The stages after dialling.
async fn establish(
    mut io: impl Io + 'static,
    address: &Address,
    options: &Options,
    observer: &mut Observer<'_>,
) -> Result<Connection, TransportError> {
    let domain = options.domain.as_deref().unwrap_or(address.host());
    match (address.scheme(), options.start_tls) {
        (Scheme::Wss, _) => {
            let (io, security) = secure(io, address.host(), &[HTTP], options, observer).await?;
            Ok(upgrade(io, address, options, observer).await?.with_security(security))
        }
        (Scheme::Ws, _) => upgrade(io, address, options, observer).await,
        (Scheme::Xmpps, _) => {
            let (io, security) = secure(io, domain, &[XMPP_CLIENT], options, observer).await?;
            Ok(connection::tcp_skipping(io, options.limits).with_security(security))
        }
        (Scheme::Xmpp, StartTls::Required) => {
            let negotiating = start_tls::negotiate(&mut io, domain, options.expect_start_tls);
            within(options.timeouts.handshake, Stage::StartTls, negotiating).await?;
            observer.done(|took| Progress::StartTlsNegotiated { took });
            // XEP-0368 §4: ALPN is for direct TLS.
            let (io, security) = secure(io, domain, &[], options, observer).await?;
            Ok(connection::tcp_skipping(io, options.limits).with_security(security))
        }
        (Scheme::Xmpp, StartTls::Disabled) => Ok(connection::tcp_skipping(io, options.limits)),
    }
}

async fn upgrade(
    io: impl Io + 'static,
    address: &Address,
    options: &Options,
    observer: &mut Observer<'_>,
) -> Result<Connection, TransportError> {
    let (limit, sub_protocol) = (options.limits.hard_bytes, options.sub_protocol);
    let upgrading = upgrade::open(io, address, limit, sub_protocol, observer);
    within(options.timeouts.handshake, Stage::Handshake, upgrading).await
}

/// Performs the TLS handshake with the server `name`. A protocol that was not offered is refused by
/// rustls; a server without ALPN chooses none, which is accepted.
pub(crate) async fn secure<T: AsyncRead + AsyncWrite + Unpin>(
    io: T,
    name: &str,
    alpn: &[&[u8]],
    options: &Options,
    observer: &mut Observer<'_>,
) -> Result<(TlsStream<T>, Security), TransportError> {
    let shaking_hands = shake_hands(io, name, alpn, &options.tls);
    let stream = within(options.timeouts.tls, Stage::Tls, shaking_hands).await?;
    let security = Security::of_client(stream.get_ref().1);
    observer.done(|took| Progress::Secured { security: security.clone(), took });
    Ok((stream, security))
}

async fn shake_hands<T: AsyncRead + AsyncWrite + Unpin>(
    io: T,
    name: &str,
    alpn: &[&[u8]],
    tls: &Tls,
) -> Result<TlsStream<T>, TransportError> {
    let unusable =
        || InvalidArgument::new("address", "host: no certificate can be made for this name");
    // Certificates and the server name indication have ASCII names (RFC 6125 §6.4.2, RFC 6066 §3).
    let name = &*idn::to_ascii(name).map_err(|_| unusable())?;
    let server = ServerName::try_from(name.to_owned()).map_err(|_| unusable())?;
    TlsConnector::from(tls.client_config(alpn))
        .connect(server, io)
        .await
        .map_err(|error| TransportError::from_tls(name, error))
}

/// Applies the time limit of a stage.
pub(crate) async fn within<T>(
    limit: Duration,
    stage: Stage,
    work: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    overdue::timeout(limit, work).await.unwrap_or(Err(TransportError::TimedOut { stage }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Timeouts;
    use tokio::time::Instant;

    /// The error for a peer that sends nothing, and the time after which it is returned.
    async fn silence(address: &str) -> (TransportError, Duration) {
        let timeouts = Timeouts {
            dial: Duration::from_secs(1),
            tls: Duration::from_secs(2),
            handshake: Duration::from_secs(3),
        };
        let options = Options { timeouts, ..Options::default() };
        let (io, _silent_peer) = tokio::io::duplex(64 * 1024);
        let start = Instant::now();
        let (address, observer) = (address.parse().unwrap(), &mut Observer::none());
        let error = establish(io, &address, &options, observer).await.unwrap_err();
        (error, start.elapsed())
    }

    #[test]
    fn a_local_name_with_another_address_is_not_local() {
        for (peer, is_local) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("192.0.2.1", false),
            ("::ffff:192.0.2.1", false),
        ] {
            let verdict = check_loopback(peer.parse().unwrap());
            assert_eq!(verdict.is_ok(), is_local, "{peer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_exceeds_the_time_limit_of_the_stage() {
        for (address, expected, seconds) in [
            ("ws://localhost/websocket", Stage::Handshake, 3),
            ("wss://localhost/websocket", Stage::Tls, 2),
            ("xmpp://localhost", Stage::StartTls, 3),
        ] {
            let (error, after) = silence(address).await;
            let TransportError::TimedOut { stage } = error else {
                panic!("{address}: {error:?}");
            };
            assert_eq!((stage, after), (expected, Duration::from_secs(seconds)), "{address}");
        }
    }
}
