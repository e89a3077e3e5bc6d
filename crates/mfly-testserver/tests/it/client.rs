//! A minimal HTTP client, so that only the server is under test.

use mfly_api::endpoint::register::Registration;
use mfly_proto::cipher::{ConfigCipher, RequestCipher, login};
use mfly_proto::secret::{LicenceKey, Password};
use mfly_testserver::TestServer;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest wait of a test.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// An HTTP answer.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) http: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The HTTP status and the status in the envelope.
    pub(crate) fn statuses(&self) -> (u16, u64) {
        (self.http, self.json()["status"].as_u64().unwrap())
    }

    pub(crate) fn message(&self) -> String {
        self.json()["message"].as_str().unwrap().to_owned()
    }

    pub(crate) fn data(&self) -> Value {
        assert_eq!(self.statuses(), (200, 200), "{self:?}");
        self.json()["data"].clone()
    }
}

/// A client with or without a token.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    licence_key: LicenceKey,
    pub(crate) token: Option<String>,
}

impl Client {
    pub(crate) fn of(server: &TestServer) -> Self {
        Self { address: server.listen_address(), licence_key: server.licence_key(), token: None }
    }

    /// A client of the server's control API; its paths begin with `/control/v1`.
    pub(crate) fn of_control(server: &TestServer) -> Self {
        let url = server.control_url().expect("control_listen is called");
        let address = url.strip_prefix("http://").unwrap().parse().unwrap();
        Self { address, licence_key: server.licence_key(), token: None }
    }

    /// Sends a request to the control API, with a JSON body if there is one.
    pub(crate) async fn control(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let path = format!("/control/v1{path}");
        match body {
            Some(body) => {
                let json = [("content-type", "application/json")];
                self.send(method, &path, &json, body.to_string().as_bytes()).await
            }
            None => self.send(method, &path, &[], b"").await,
        }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub(crate) fn without_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", &format!("/api/v1{path}"), &[], b"").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        let (path, body) = (format!("/api/v1{path}"), body.to_string());
        self.send("POST", &path, &[("content-type", "application/json")], body.as_bytes()).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        let (path, body) = (format!("/api/v1{path}"), body.to_string());
        self.send("PUT", &path, &[("content-type", "application/json")], body.as_bytes()).await
    }

    /// Sends any request; `path` is the full path.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n",
            self.address,
            body.len()
        );
        if let Some(token) = &self.token {
            head.push_str(&format!("authorization: {token}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        exchange(&mut socket, head.as_bytes(), body).await
    }

    /// Begins an upload, and returns its addresses.
    pub(crate) async fn begin_upload(&self, parts: usize) -> Value {
        self.post("/media/upload", &upload_in(parts)).await.data()
    }

    /// The cipher of a client on a live plan.
    pub(crate) fn cipher(&self) -> RequestCipher {
        RequestCipher::new(&self.licence_key)
    }

    pub(crate) fn register_data(&self, identifier: &str, device: &str, force: bool) -> Value {
        json!({
            "deviceType": "web", "deviceId": device, "userIdentifier": identifier,
            "licenseKey": self.licence_key.expose(), "forceRegister": force, "metaData": {}
        })
    }

    pub(crate) async fn register_with(&self, data: &Value) -> Reply {
        let sealed = self.cipher().seal(&data.to_string());
        self.post("/register", &json!({ "registerData": sealed })).await
    }

    /// Registers on a live plan. Returns the client of that device, and the registration.
    pub(crate) async fn register(&self, identifier: &str) -> (Self, Registration) {
        let data = self.register_data(identifier, &format!("device of {identifier}"), true);
        let registration = self.open_registration(&self.register_with(&data).await);
        let token = registration.token.as_ref().unwrap().expose().to_owned();
        (self.with_token(&token), registration)
    }

    pub(crate) fn open_registration(&self, reply: &Reply) -> Registration {
        let opened = self.cipher().open(reply.data().as_str().unwrap());
        assert!(!opened.is_passthrough(), "the answer is sealed");
        serde_json::from_str(opened.as_str()).unwrap()
    }

    /// The sealed password of a live plan.
    pub(crate) fn sealed(&self, password: &Password) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        login::seal_password(&self.cipher(), password, i64::try_from(now).unwrap())
    }

    pub(crate) async fn log_in(&self, registration: &Registration) -> Reply {
        let password = self.sealed(&registration.password);
        let username = registration.username.as_str();
        self.post("/login", &json!({ "username": username, "password": password, "type": "web" }))
            .await
    }

    pub(crate) async fn config(&self, username: &str) -> Value {
        let sealed = self.get("/users/config").await.data();
        let opened = ConfigCipher::new(username).open(sealed.as_str().unwrap());
        serde_json::from_str(opened.as_str()).unwrap()
    }
}

/// Sends one request and reads its answer to the end of the connection.
pub(crate) async fn exchange(
    socket: &mut (impl AsyncRead + AsyncWrite + Unpin),
    head: &[u8],
    body: &[u8],
) -> Reply {
    socket.write_all(head).await.unwrap();
    // The server may answer, and close, before it has read everything.
    let _ = socket.write_all(body).await;
    let mut answer = Vec::new();
    let reading = async {
        let mut chunk = [0; 16 * 1024];
        loop {
            match socket.read(&mut chunk).await {
                Ok(0) | Err(_) => break,
                Ok(count) => answer.extend_from_slice(&chunk[..count]),
            }
        }
    };
    tokio::time::timeout(DEADLINE, reading).await.expect("no answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("no head");
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let http = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Reply { http, headers, body: answer[end + 4..].to_vec() }
}

/// Reads a connection to its end.
pub(crate) async fn rest(socket: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let reading = socket.read_to_end(&mut said);
    tokio::time::timeout(DEADLINE, reading).await.expect("it does not end").unwrap();
    String::from_utf8(said).unwrap()
}

/// Reads a connection until `end` has arrived.
pub(crate) async fn until(socket: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut said = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&said).contains(end) {
            assert!(socket.read_buf(&mut said).await.unwrap() > 0, "{said:?}");
        }
    };
    tokio::time::timeout(DEADLINE, reading).await.expect("it does not arrive");
    String::from_utf8(said).unwrap()
}

/// The body of a request for an upload.
pub(crate) fn upload_in(parts: usize) -> Value {
    json!({
        "contentType": "text/plain", "extension": "txt", "parts": parts,
        "messageId": "m1", "toUser": "bob", "type": "chat"
    })
}

/// The path of an address at the server.
pub(crate) fn path(url: &Value) -> &str {
    let url = url.as_str().unwrap();
    &url[url.match_indices('/').nth(2).unwrap().0..]
}

/// Starts a server, and returns a client of it.
pub(crate) async fn start() -> (TestServer, Client) {
    start_with(TestServer::builder()).await
}

pub(crate) async fn start_with(builder: mfly_testserver::Builder) -> (TestServer, Client) {
    let server = builder.tls(false).start().await.unwrap();
    let client = Client::of(&server);
    (server, client)
}

/// Starts a server and registers `alice`.
pub(crate) async fn alice() -> (TestServer, Client) {
    let (server, client) = start().await;
    let (alice, _) = client.register("alice").await;
    (server, alice)
}
