//! Servers with one fault each, a proxy, a certificate authority and a name server.

use mfly_transport::server;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;

/// A time-out that no handshake reaches.
const TIME_OUT: Duration = Duration::from_secs(60);

/// A listener that treats every connection alike.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket));
            }
        });
        Self { address, task }
    }

    /// Accepts connections and never answers.
    pub(crate) async fn silent() -> Self {
        Self::start(|mut socket| async move {
            let _ = socket.read_to_end(&mut Vec::new()).await;
        })
        .await
    }

    /// Answers every request with one text.
    pub(crate) async fn answering(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::start(move |mut socket| {
            let text = text.clone();
            async move {
                let _ = socket.read(&mut [0; 4096]).await;
                let _ = socket.write_all(text.as_bytes()).await;
                let _ = socket.shutdown().await;
                let _ = socket.read_to_end(&mut Vec::new()).await;
            }
        })
        .await
    }

    /// Answers an HTTP request with a status and nothing else.
    pub(crate) async fn http(status: &str, headers: &str) -> Self {
        let answer = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n");
        Self::answering(answer).await
    }

    /// Agrees to WebSocket, with the given lines for the sub-protocol and the date.
    pub(crate) async fn websocket(lines: &'static str) -> Self {
        Self::start(move |mut socket| async move {
            let head = head(&mut socket).await;
            let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
            let request = fields.fold(http::Request::get("/"), |request, (name, value)| {
                request.header(name, value)
            });
            let (parts, ()) = request.body(()).unwrap().into_parts();
            let agreed = server::upgrade(&parts).unwrap();
            let accept = agreed.headers()["sec-websocket-accept"].to_str().unwrap();
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n{lines}\r\n"
            );
            let _ = socket.write_all(answer.as_bytes()).await;
            let _ = socket.read_to_end(&mut Vec::new()).await;
        })
        .await
    }

    /// Speaks TLS with this certificate, and nothing else.
    pub(crate) async fn tls(identity: &Identity, alpn: &'static [&'static [u8]]) -> Self {
        let (chain, key) = (identity.chain.as_bytes(), identity.key.as_bytes());
        let config = mfly_transport::server_config(chain, key, alpn).unwrap();
        Self::start(move |socket| {
            let config = config.clone();
            async move {
                if let Ok(mut secured) = server::secure(socket, config, TIME_OUT).await {
                    let _ = secured.read_to_end(&mut Vec::new()).await;
                }
            }
        })
        .await
    }

    /// An HTTP proxy that answers CONNECT with this status, and plays its part after 200.
    pub(crate) async fn proxy(status: &'static str) -> Self {
        Self::start(move |mut client| async move {
            let head = head(&mut client).await;
            let target = head.split(' ').nth(1).unwrap().to_owned();
            let answer = format!("HTTP/1.1 {status}\r\n\r\n");
            client.write_all(answer.as_bytes()).await.unwrap();
            if status.starts_with("200") {
                let mut server = TcpStream::connect(target).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        })
        .await
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }
}

/// Reads the head of an HTTP request.
async fn head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An address where nothing listens any more.
pub(crate) async fn nowhere() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// A certificate authority for one test.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key as PEM.
pub(crate) struct Identity {
    chain: String,
    key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let name = "An Authority";
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a host, valid in these years.
    pub(crate) fn issue(&self, host: &str, years: (i32, i32)) -> Identity {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        Identity { chain: params.signed_by(&key, &self.0).unwrap().pem(), key: key.serialize_pem() }
    }
}

/// Port and target of an SRV record.
pub(crate) type Srv = (u16, &'static str);

/// A name server (RFC 1035) that knows SRV records only, all of the same priority.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl NameServer {
    pub(crate) async fn start(records: &[(&str, Srv)]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let known: HashMap<String, Srv> =
            records.iter().map(|(name, record)| ((*name).to_owned(), *record)).collect();
        let task = tokio::spawn(async move {
            let mut query = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut query).await {
                let answer = answer(&query[..length], &known);
                socket.send_to(&answer, client).await.unwrap();
            }
        });
        Self { address, task }
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(query: &[u8], known: &HashMap<String, Srv>) -> Vec<u8> {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..end]).to_lowercase());
        at = end;
    }
    let found = known.get(&labels.join("."));
    // No such name: 3.
    let (code, count) = if found.is_some() { (0, 1) } else { (3, 0) };
    let mut answer = query[..2].to_vec();
    answer.extend([0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]);
    answer.extend(&query[12..at + 5]);
    if let Some((port, target)) = found {
        let mut data = vec![0, 1, 0, 0];
        data.extend(port.to_be_bytes());
        for label in target.split('.').filter(|label| !label.is_empty()) {
            data.push(label.len() as u8);
            data.extend(label.as_bytes());
        }
        data.push(0);
        // The name in the question, SRV, Internet, valid for a minute.
        answer.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, data.len() as u8]);
        answer.extend(data);
    }
    answer
}
