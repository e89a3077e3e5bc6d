//! Opening a connection: dial, secure, shake hands, each with its own time-out.

use crate::error::{Stage, TransportError};
use crate::{Address, Connection, SubProtocol, Tls, dial, websocket};
use mfly_proto::argument::InvalidArgument;
use rustls_pki_types::ServerName;
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tracing::debug;

/// The largest frame accepted unless told otherwise: 256 KiB.
pub const DEFAULT_MAX_FRAME_BYTES: usize = 256 * 1024;

/// The one application protocol that a WebSocket handshake begins with (RFC 6455 §4.1).
const ALPN: &[u8] = b"http/1.1";

/// How to open a connection.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which servers to trust.
    pub tls: Tls,
    /// How long each stage may take.
    pub timeouts: Timeouts,
    /// The largest frame accepted from the server, in bytes.
    pub max_frame_bytes: usize,
    /// Whether `ws://` may be used for a host that is not this machine. Passwords and messages
    /// then travel unprotected.
    pub allow_cleartext: bool,
}

impl Options {
    /// The defaults, with servers verified by `tls`.
    #[must_use]
    pub fn new(tls: Tls) -> Self {
        Self {
            tls,
            timeouts: Timeouts::default(),
            max_frame_bytes: DEFAULT_MAX_FRAME_BYTES,
            allow_cleartext: false,
        }
    }
}

#[cfg(any(feature = "platform-roots", feature = "bundled-roots"))]
impl Default for Options {
    fn default() -> Self {
        Self::new(Tls::default())
    }
}

/// How long each stage may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Name look-up and TCP connection. 10 s by default.
    pub dial: Duration,
    /// TLS handshake. 10 s by default.
    pub tls: Duration,
    /// WebSocket handshake. 10 s by default.
    pub handshake: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let ten = Duration::from_secs(10);
        Self {
            dial: ten,
            tls: ten,
            handshake: ten,
        }
    }
}

/// Opens a connection.
///
/// Dropping the future gives up and closes what was opened.
///
/// # Errors
/// - [`TransportError::Address`] for `ws://` to another machine without
///   [`Options::allow_cleartext`].
/// - [`TransportError::Dial`], [`TransportError::Tls`], [`TransportError::Handshake`] or
///   [`TransportError::Io`] when that stage fails.
/// - [`TransportError::TimedOut`] when a stage takes too long.
pub async fn connect(address: &Address, options: &Options) -> Result<Connection, TransportError> {
    connect_with(address, options, SubProtocol::Xmpp).await
}

/// The same for a server that speaks something else than XMPP in its frames.
///
/// # Errors
/// As [`connect`].
pub async fn connect_with(
    address: &Address,
    options: &Options,
    sub_protocol: SubProtocol,
) -> Result<Connection, TransportError> {
    let protected = address.is_tls() || options.allow_cleartext;
    if !protected && !address.is_loopback() {
        return Err(unprotected().into());
    }
    let socket = within(options.timeouts.dial, Stage::Dial, dial::dial(address)).await?;
    if !protected {
        check_loopback(socket.peer_addr().map_err(TransportError::Io)?.ip())?;
    }
    let connection = establish(socket, address, options, sub_protocol).await?;
    debug!(
        host = address.host(),
        port = address.port(),
        tls = address.is_tls(),
        "connected"
    );
    Ok(connection)
}

/// A resolver may take `name.localhost` for a name like any other (RFC 6761 §6.3 only says that it should not).
fn check_loopback(peer: IpAddr) -> Result<(), InvalidArgument> {
    if peer.to_canonical().is_loopback() {
        Ok(())
    } else {
        Err(unprotected())
    }
}

fn unprotected() -> InvalidArgument {
    InvalidArgument::new(
        "address",
        "scheme: ws:// would send passwords unprotected; use wss://, or allow cleartext",
    )
}

/// The stages after dialling.
async fn establish<T>(
    io: T,
    address: &Address,
    options: &Options,
    sub_protocol: SubProtocol,
) -> Result<Connection, TransportError>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let Options {
        timeouts,
        max_frame_bytes: limit,
        ..
    } = options;
    if !address.is_tls() {
        let opening = websocket::open(io, address, *limit, sub_protocol);
        return within(timeouts.handshake, Stage::Handshake, opening).await;
    }
    let io = within(timeouts.tls, Stage::Tls, secure(io, address, &options.tls)).await?;
    within(
        timeouts.handshake,
        Stage::Handshake,
        websocket::open(io, address, *limit, sub_protocol),
    )
    .await
}

async fn secure<T>(io: T, address: &Address, tls: &Tls) -> Result<TlsStream<T>, TransportError>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let name = ServerName::try_from(address.host().to_owned()).map_err(|_| {
        InvalidArgument::new("address", "host: no certificate can be made for this name")
    })?;
    TlsConnector::from(tls.client_config(&[ALPN]))
        .connect(name, io)
        .await
        .map_err(|error| TransportError::from_tls(address.host(), error))
}

/// Bounds one stage.
pub(crate) async fn within<T>(
    limit: Duration,
    stage: Stage,
    work: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or(Err(TransportError::TimedOut { stage }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    /// Establishes over a peer that says nothing, and tells which stage gave up and when.
    async fn silence(address: &str) -> (TransportError, Duration) {
        let timeouts = Timeouts {
            dial: Duration::from_secs(1),
            tls: Duration::from_secs(2),
            handshake: Duration::from_secs(3),
        };
        let options = Options {
            timeouts,
            ..Options::default()
        };
        let (io, _silent_peer) = tokio::io::duplex(64 * 1024);
        let start = Instant::now();
        let error = establish(io, &address.parse().unwrap(), &options, SubProtocol::Xmpp)
            .await
            .unwrap_err();
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
        assert!(
            matches!(
                error,
                TransportError::TimedOut {
                    stage: Stage::Handshake
                }
            ),
            "{error:?}"
        );
        assert_eq!(after, Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_never_speaks_tls_times_out_in_that_stage() {
        let (error, after) = silence("wss://localhost/websocket").await;
        assert!(
            matches!(error, TransportError::TimedOut { stage: Stage::Tls }),
            "{error:?}"
        );
        assert_eq!(after, Duration::from_secs(2));
    }
}
