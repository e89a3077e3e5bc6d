//! Minimal proxies for tests: HTTP CONNECT and SOCKS5.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The protocol of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Http,
    Socks,
}

/// The name that a proxy may require.
pub(crate) const USER: &str = "alice";
/// The password that a proxy may require.
pub(crate) const PASSWORD: &str = "s3cret:@";

/// The name and password as part of a URL.
pub(crate) const CREDENTIALS: &str = "alice:s3cret%3A%40@";

/// A running proxy. It resolves every name to this machine.
pub(crate) struct ProxyServer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

/// The settings of a proxy.
#[derive(Clone, Copy)]
struct Settings {
    kind: Kind,
    authenticates: bool,
    refuses: bool,
}

impl ProxyServer {
    pub(crate) async fn start(kind: Kind, authenticates: bool) -> Self {
        Self::with(Settings { kind, authenticates, refuses: false }).await
    }

    /// A proxy that refuses every connection.
    pub(crate) async fn refusing(kind: Kind) -> Self {
        Self::with(Settings { kind, authenticates: false, refuses: true }).await
    }

    async fn with(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, settings, Arc::clone(&log)));
            }
        });
        Self { address, asked, task }
    }

    /// The servers that clients requested, as `host:port`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for ProxyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut client: TcpStream,
    settings: Settings,
    asked: Arc<Mutex<Vec<String>>>,
) -> io::Result<()> {
    let target = match settings.kind {
        Kind::Http => http_target(&mut client, settings.authenticates).await?,
        Kind::Socks => socks_target(&mut client, settings.authenticates).await?,
    };
    let Some(target) = target else {
        return Ok(());
    };
    asked.lock().unwrap().push(target.clone());
    let (host, port) = target.rsplit_once(':').unwrap();
    let server = if settings.refuses {
        Err(io::ErrorKind::ConnectionRefused.into())
    } else if host.starts_with('[') {
        TcpStream::connect(&target).await
    } else {
        let host = host.parse().unwrap_or(Ipv4Addr::LOCALHOST);
        TcpStream::connect((host, port.parse::<u16>().unwrap())).await
    };
    let answer: &[u8] = match (settings.kind, server.is_ok()) {
        (Kind::Http, true) => b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n",
        (Kind::Http, false) => b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno\n",
        (Kind::Socks, true) => &[5, 0, 0, 3, 2, b'm', b'e', 0, 0],
        (Kind::Socks, false) => &[5, 5, 0, 1, 0, 0, 0, 0, 0, 0],
    };
    client.write_all(answer).await?;
    copy_bidirectional(&mut client, &mut server?).await?;
    Ok(())
}

async fn http_target(client: &mut TcpStream, authenticates: bool) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if client.read_buf(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    let head = String::from_utf8(head).unwrap();
    // The Base64 of USER:PASSWORD.
    let authorization = "\r\nProxy-Authorization: Basic YWxpY2U6czNjcmV0OkA=\r\n";
    if authenticates && !head.contains(authorization) {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n\
            Proxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
        client.write_all(refusal).await?;
        return Ok(None);
    }
    let mut words = head.split_whitespace();
    assert_eq!(words.next(), Some("CONNECT"));
    let target = words.next().unwrap().to_owned();
    assert_eq!(words.next(), Some("HTTP/1.1"));
    assert!(head.contains(&format!("\r\nHost: {target}\r\n")), "{head}");
    Ok(Some(target))
}

async fn socks_target(client: &mut TcpStream, authenticates: bool) -> io::Result<Option<String>> {
    assert_eq!(client.read_u8().await?, 5);
    let methods = read(client).await?;
    let wanted = if authenticates { 2 } else { 0 };
    if !methods.contains(&wanted) {
        client.write_all(&[5, 0xff]).await?;
        return Ok(None);
    }
    client.write_all(&[5, wanted]).await?;
    if authenticates {
        assert_eq!(client.read_u8().await?, 1);
        let is_known = read(client).await? == USER.as_bytes();
        let is_right = read(client).await? == PASSWORD.as_bytes();
        let is_accepted = is_known && is_right;
        client.write_all(&[1, u8::from(!is_accepted)]).await?;
        if !is_accepted {
            return Ok(None);
        }
    }
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    assert_eq!(request[..3], [5, 1, 0]);
    let host = match request[3] {
        1 => Ipv4Addr::from(client.read_u32().await?).to_string(),
        3 => String::from_utf8(read(client).await?).unwrap(),
        4 => format!("[{}]", Ipv6Addr::from(client.read_u128().await?)),
        other => panic!("an address of kind {other}"),
    };
    Ok(Some(format!("{host}:{}", client.read_u16().await?)))
}

/// Reads a length and as many bytes.
async fn read(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; client.read_u8().await?.into()];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}
