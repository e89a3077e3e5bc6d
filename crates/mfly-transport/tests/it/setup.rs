//! Servers on free ports, and connected pairs.

use crate::certificates::Authority;
use futures_util::{SinkExt, Stream, StreamExt};
use mfly_proto::framing::tcp::FOOTER;
use mfly_proto::framing::{Frame, Framing, Open};
use mfly_transport::server::PastWhiteSpace;
use mfly_transport::{
    Address, Connection, Options, ServerTls, StartTls, Tls, TransportError, connect, server,
};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;

/// Longer than any test needs, so that a hang becomes a failure.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The frame limit of every connection in these tests, the default.
pub(crate) const LIMIT: usize = mfly_transport::DEFAULT_MAX_FRAME_BYTES;

pub(crate) async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

pub(crate) fn address(scheme: &str, listener: &TcpListener) -> Address {
    format!("{scheme}://{}/websocket", listener.local_addr().unwrap()).parse().unwrap()
}

pub(crate) fn tcp_address(scheme: &str, listener: &TcpListener) -> Address {
    format!("{scheme}://{}", listener.local_addr().unwrap()).parse().unwrap()
}

pub(crate) async fn accepted(listener: &TcpListener) -> TcpStream {
    listener.accept().await.unwrap().0
}

/// Accepts a client and performs the TLS handshake with it.
pub(crate) async fn secure(
    listener: &TcpListener,
    tls: &ServerTls,
) -> Result<TlsStream<TcpStream>, TransportError> {
    server::secure(accepted(listener).await, tls.config().clone(), TIME_LIMIT).await
}

/// Accepts a client and performs STARTTLS with it.
pub(crate) async fn serve_start_tls(
    listener: &TcpListener,
    tls: &ServerTls,
    domain: &str,
) -> Result<TlsStream<PastWhiteSpace<TcpStream>>, TransportError> {
    let config = tls.config().clone();
    server::start_tls(accepted(listener).await, domain, config, TIME_LIMIT).await
}

/// The kind of the I/O error that ended a connection.
pub(crate) fn io_kind(error: &TransportError) -> Option<ErrorKind> {
    match error {
        TransportError::Io(error) => Some(error.kind()),
        _ => None,
    }
}

/// A client's and a server's connection. Over TCP their streams are open.
pub(crate) type Ends = (Connection, Connection);

pub(crate) async fn in_memory_websocket() -> Ends {
    mfly_transport::pair()
}

pub(crate) async fn in_memory_tcp() -> Ends {
    opened(mfly_transport::pair_with(Framing::Tcp)).await
}

pub(crate) async fn ws() -> Ends {
    connected("ws").await
}

pub(crate) async fn wss() -> Ends {
    connected("wss").await
}

pub(crate) async fn tcp() -> Ends {
    opened(connected("tcp").await).await
}

pub(crate) async fn direct_tls() -> Ends {
    opened(connected("xmpps").await).await
}

pub(crate) async fn start_tls() -> Ends {
    opened(connected("xmpp").await).await
}

/// A client's and a server's connection by a scheme, without open streams. `tcp` is `xmpp` in clear
/// text.
async fn connected(scheme: &str) -> Ends {
    let is_websocket = scheme.starts_with("ws");
    let (host, alpn): (_, &[&[u8]]) =
        if is_websocket { ("127.0.0.1", &[]) } else { ("example.com", &[b"xmpp-client"]) };
    let (tls, trust) = tls(host, alpn);
    let mut options = Options { domain: Some(host.to_owned()), ..Options::new(trust) };
    let listener = listen().await;
    let address = match scheme {
        "tcp" => {
            options.start_tls = StartTls::Disabled;
            tcp_address("xmpp", &listener)
        }
        _ if is_websocket => address(scheme, &listener),
        _ => tcp_address(scheme, &listener),
    };
    let serving = serve(&listener, scheme, &tls, host);
    let (client, server) = tokio::join!(connect(&address, &options), serving);
    (client.unwrap(), server.unwrap())
}

/// Accepts a client by a scheme, for a host.
pub(crate) async fn serve(
    listener: &TcpListener,
    scheme: &str,
    tls: &ServerTls,
    host: &str,
) -> Result<Connection, TransportError> {
    match scheme {
        "ws" => server::accept(accepted(listener).await, LIMIT, TIME_LIMIT).await,
        "wss" => {
            let stream = secure(listener, tls).await?;
            let security = tls.security(&stream);
            let connection = server::accept(stream, LIMIT, TIME_LIMIT).await?;
            Ok(connection.with_security(security))
        }
        "xmpps" => Ok(secured(secure(listener, tls).await?, tls)),
        "xmpp" => Ok(secured(serve_start_tls(listener, tls, host).await?, tls)),
        _ => Ok(server::tcp(accepted(listener).await, LIMIT)),
    }
}

/// A client's and a server's connection over direct TLS, without open streams.
pub(crate) async fn direct(tls: &ServerTls, options: &Options) -> Result<Ends, TransportError> {
    let listener = listen().await;
    let address = tcp_address("xmpps", &listener);
    let serving = serve(&listener, "xmpps", tls, "");
    let (client, server) = tokio::join!(connect(&address, options), serving);
    Ok((client?, server?))
}

/// A server's TLS configuration with a certificate for `host`, and a client's that trusts it.
pub(crate) fn tls(host: &str, alpn: &[&[u8]]) -> (ServerTls, Tls) {
    tls_by(&Authority::new(), host, alpn)
}

pub(crate) fn tls_by(authority: &Authority, host: &str, alpn: &[&[u8]]) -> (ServerTls, Tls) {
    let (chain, key) = authority.issue(host);
    (
        ServerTls::new(chain.as_bytes(), key.as_bytes(), alpn).unwrap(),
        Tls::custom(authority.pem().as_bytes()).unwrap(),
    )
}

/// A server's connection on TCP after TLS.
pub(crate) fn secured<T>(stream: TlsStream<T>, tls: &ServerTls) -> Connection
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let security = tls.security(&stream);
    server::tcp(stream, LIMIT).with_security(security)
}

/// Opens the streams in both directions.
pub(crate) async fn opened((mut client, mut server): Ends) -> Ends {
    let headers = async {
        client.send(header()).await.unwrap();
        server.send(header()).await.unwrap();
        (client.next().await, server.next().await)
    };
    for received in <[_; 2]>::from(headers.await) {
        let frame = received.unwrap().unwrap();
        assert!(frame.as_str().starts_with("<stream:stream "));
    }
    (client, server)
}

/// A stream header.
pub(crate) fn header() -> Frame {
    let mut header = Vec::new();
    Framing::Tcp.write_open(&Open::to_host("example.com"), &mut header);
    Frame::from_utf8(header.into()).unwrap()
}

/// Reads to a regular end, and returns the frames before the closing tag.
pub(crate) async fn read_to_end(
    mut stream: impl Stream<Item = Result<Frame, TransportError>> + Unpin,
) -> Vec<String> {
    let mut frames = Vec::new();
    while let Some(frame) = stream.next().await {
        frames.push(frame.unwrap().as_str().to_owned());
    }
    if frames.last().is_some_and(|last| last == FOOTER) {
        frames.pop();
    }
    frames
}

/// Reads until the text contains `end`.
pub(crate) async fn read_until(io: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut said = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&said).into_owned();
        if text.contains(end) {
            return text;
        }
        assert_ne!(io.read_buf(&mut said).await.unwrap(), 0, "{text}");
    }
}

/// Runs each test over every kind of connection.
macro_rules! over_every_transport {
    ($($behaviour:ident),+ $(,)?) => {
        crate::setup::over! { in_memory_websocket: $($behaviour),+ }
        crate::setup::over! { in_memory_tcp: $($behaviour),+ }
        crate::setup::over! { ws: $($behaviour),+ }
        crate::setup::over! { wss: $($behaviour),+ }
        crate::setup::over! { tcp: $($behaviour),+ }
        crate::setup::over! { start_tls: $($behaviour),+ }
        crate::setup::over! { direct_tls: $($behaviour),+ }
    };
}
pub(crate) use over_every_transport;

macro_rules! over {
    ($transport:ident: $($behaviour:ident),+) => {
        mod $transport {
            $(#[tokio::test] async fn $behaviour() {
                super::$behaviour(crate::setup::$transport().await).await;
            })+
        }
    };
}
pub(crate) use over;
