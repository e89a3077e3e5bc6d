//! Opening a connection: dial, secure, shake hands, each with its own time-out.

use crate::address::{Address, Scheme};
use crate::connection::{self, Connection};
use crate::dial::{self, Route};
use crate::error::{Stage, TransportError};
use crate::options::{Options, StartTls};
use crate::overdue;
use crate::progress::{Observer, Progress};
use crate::security::Security;
use crate::start_tls;
use crate::tls::Tls;
use crate::upgrade::{self, SubProtocol};
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

/// The one application protocol that a WebSocket handshake begins with (RFC 6455 §4.1).
const HTTP: &[u8] = b"http/1.1";

/// XMPP between a client and a server (XEP-0368 §4).
const XMPP_CLIENT: &[u8] = b"xmpp-client";

/// Opens a connection.
///
/// Over TCP it is secured when this returns, and no stream is open on it yet.
/// Dropping the future gives up and closes what was opened.
///
/// # Errors
/// - [`TransportError::Address`] for `ws://`, or `xmpp://` without STARTTLS, to another machine
///   without [`Options::allow_cleartext`].
/// - [`TransportError::Dial`], [`TransportError::Proxy`], [`TransportError::StartTls`],
///   [`TransportError::Tls`], [`TransportError::Handshake`] or [`TransportError::Io`] when that
///   stage fails.
/// - [`TransportError::TimedOut`] when a stage takes too long.
pub async fn connect(address: &Address, options: &Options) -> Result<Connection, TransportError> {
    connect_with(address, options, SubProtocol::Xmpp).await
}

/// The same for a server that speaks something else than XMPP in its frames. Over TCP that makes
/// no difference.
///
/// # Errors
/// As [`connect`].
pub async fn connect_with(
    address: &Address,
    options: &Options,
    sub_protocol: SubProtocol,
) -> Result<Connection, TransportError> {
    open(address, options, sub_protocol, &mut Observer::none()).await
}

/// Takes over a byte stream of one's own as a client, such as a tunnel: over TCP framing
/// (RFC 6120), before anything was said on it. It is as secure as the stream is.
pub fn over_stream<T>(io: T, limits: ReceiveLimits) -> Connection
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    connection::tcp_skipping(io, limits)
}

/// The same as [`connect`], and reports each step as it is done.
///
/// # Errors
/// As [`connect`].
pub async fn connect_observed(
    address: &Address,
    options: &Options,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Connection, TransportError> {
    let mut observer = Observer::new(report);
    open(address, options, SubProtocol::Xmpp, &mut observer).await
}

async fn open(
    address: &Address,
    options: &Options,
    sub_protocol: SubProtocol,
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
        // The first hop: with a proxy, that is the proxy.
        check_loopback(socket.peer_addr().map_err(TransportError::Io)?.ip())?;
    }
    let connection = establish(socket, address, options, sub_protocol, observer).await?;
    debug!(
        host = address.host(),
        port = address.port(),
        tls = connection.security().is_some(),
        "connected"
    );
    Ok(connection)
}

/// A resolver may take `name.localhost` for a name like any other (RFC 6761 §6.3 only says that it
/// should not).
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
async fn establish<T>(
    mut io: T,
    address: &Address,
    options: &Options,
    sub_protocol: SubProtocol,
    observer: &mut Observer<'_>,
) -> Result<Connection, TransportError>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let limit = options.limits.hard_bytes;
    let host = address.host();
    let domain = options.domain.as_deref().unwrap_or(host);
    match (address.scheme(), options.start_tls) {
        (Scheme::Wss, _) => {
            let (io, security) = secure(io, host, &[HTTP], options, observer).await?;
            let upgrading = upgrade::open(io, address, limit, sub_protocol, observer);
            let opened = within(options.timeouts.handshake, Stage::Handshake, upgrading).await?;
            Ok(opened.with_security(security))
        }
        (Scheme::Ws, _) => {
            let upgrading = upgrade::open(io, address, limit, sub_protocol, observer);
            within(options.timeouts.handshake, Stage::Handshake, upgrading).await
        }
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

/// Shakes hands with a server that has to prove that it is `name`. A protocol that was not offered
/// is refused by rustls; a server that knows nothing of ALPN chooses none, and will do.
pub(crate) async fn secure<T>(
    io: T,
    name: &str,
    alpn: &[&[u8]],
    options: &Options,
    observer: &mut Observer<'_>,
) -> Result<(TlsStream<T>, Security), TransportError>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let shaking_hands = shake_hands(io, name, alpn, &options.tls);
    let stream = within(options.timeouts.tls, Stage::Tls, shaking_hands).await?;
    let security = Security::of_client(stream.get_ref().1);
    observer.done(|took| Progress::Secured { security: security.clone(), took });
    Ok((stream, security))
}

async fn shake_hands<T>(
    io: T,
    name: &str,
    alpn: &[&[u8]],
    tls: &Tls,
) -> Result<TlsStream<T>, TransportError>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let unusable =
        || InvalidArgument::new("address", "host: no certificate can be made for this name");
    // Certificates and the server name indication have the form of DNS (RFC 6125 §6.4.2, RFC 6066
    // §3).
    let name = &*idn::to_ascii(name).map_err(|_| unusable())?;
    let server = ServerName::try_from(name.to_owned()).map_err(|_| unusable())?;
    TlsConnector::from(tls.client_config(alpn))
        .connect(server, io)
        .await
        .map_err(|error| TransportError::from_tls(name, error))
}

/// Bounds one stage.
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

    /// Establishes over a peer that says nothing, and tells which stage gave up and when.
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
        let error =
            establish(io, &address, &options, SubProtocol::Xmpp, observer).await.unwrap_err();
        (error, start.elapsed())
    }

    #[test]
    fn a_local_name_that_leads_elsewhere_is_not_local() {
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
    async fn a_server_that_never_answers_the_handshake_times_out_in_that_stage() {
        let (error, after) = silence("ws://localhost/websocket").await;
        assert!(matches!(error, TransportError::TimedOut { stage: Stage::Handshake }), "{error:?}");
        assert_eq!(after, Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_never_speaks_tls_times_out_in_that_stage() {
        let (error, after) = silence("wss://localhost/websocket").await;
        assert!(matches!(error, TransportError::TimedOut { stage: Stage::Tls }), "{error:?}");
        assert_eq!(after, Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_never_answers_the_stream_header_times_out_in_that_stage() {
        let (error, after) = silence("xmpp://localhost").await;
        assert!(matches!(error, TransportError::TimedOut { stage: Stage::StartTls }), "{error:?}");
        assert_eq!(after, Duration::from_secs(3));
    }
}
