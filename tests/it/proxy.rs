//! Clients that reach the test server through a port map, or through a proxy that serves TLS.

use mfly_client::{App, Tls, UserIdentifier};
use mfly_tests::within;
use mfly_testserver::TestServer;
use mfly_transport::{ServerTls, server};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// What stands between the clients and the server.
struct Between {
    listener: TcpListener,
    /// The connections that it has passed on.
    passed: Arc<AtomicUsize>,
}

impl Between {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener, passed: Arc::default() }
    }

    /// The host and port that clients use.
    fn public(&self) -> String {
        format!("localhost:{}", self.listener.local_addr().unwrap().port())
    }

    /// Passes connections on. With a configuration, it ends TLS.
    fn pass_on(self, target: SocketAddr, tls: Option<ServerTls>) -> Arc<AtomicUsize> {
        let passed = Arc::clone(&self.passed);
        tokio::spawn(async move {
            while let Ok((socket, _)) = self.listener.accept().await {
                self.passed.fetch_add(1, Ordering::Relaxed);
                let tls = tls.clone();
                tokio::spawn(async move {
                    let Some(tls) = tls else { return join(socket, target).await };
                    let limit = Duration::from_secs(10);
                    let secured = server::secure(socket, Arc::clone(tls.config()), limit).await;
                    join(secured.unwrap(), target).await;
                });
            }
        });
        passed
    }
}

async fn join(mut client: impl AsyncRead + AsyncWrite + Unpin, target: SocketAddr) {
    let mut server = TcpStream::connect(target).await.unwrap();
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

/// Looks the licence up at the public address, and connects as the answers say.
async fn connect_through(server: &TestServer, public: &str, passed: &AtomicUsize, tls: Tls) {
    let app = App::builder(server.licence_key())
        .licence_url(&format!("https://{public}/license/details"))
        .tls(tls);
    let app = within("the look-up", app.build()).await.unwrap();
    assert_eq!(app.api_base_url(), format!("https://{public}/api/v1"));
    let request = app.register(&UserIdentifier::new("alice").unwrap());
    let alice = within("registration", async { request.await }).await.unwrap().credentials;
    let before = passed.load(Ordering::Relaxed);
    let connecting = app.connect(&alice);
    let _session = within("connection", async { connecting.await }).await.unwrap();
    assert_eq!(server.user("alice").sessions().len(), 1);
    assert!(passed.load(Ordering::Relaxed) > before, "the session goes around the proxy");
}

#[tokio::test]
async fn a_client_connects_through_a_port_map_by_the_advertised_address() {
    let between = Between::new().await;
    let public = between.public();
    let builder = TestServer::builder().advertise_tls(&public);
    let server = builder.start().await.unwrap();
    let passed = between.pass_on(server.tls_listen_address().unwrap(), None);
    let tls = Tls::custom(server.ca_certificate_pem().unwrap().as_bytes()).unwrap();
    connect_through(&server, &public, &passed, tls).await;
}

#[tokio::test]
async fn a_client_connects_through_a_proxy_that_serves_tls() {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (chain, key) = (own.cert.pem(), own.signing_key.serialize_pem());
    let between = Between::new().await;
    let public = between.public();
    let builder = TestServer::builder().tls(false).advertise_tls(&public);
    let server = builder.start().await.unwrap();
    let ending = ServerTls::new(chain.as_bytes(), key.as_bytes(), &[b"http/1.1"]).unwrap();
    let passed = between.pass_on(server.listen_address(), Some(ending));
    connect_through(&server, &public, &passed, Tls::custom(chain.as_bytes()).unwrap()).await;
}
