use crate::client::{Client, DEADLINE, start, until};
use crate::xmpp::Xmpp;
use mfly_testserver::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_shutdown_ends_the_streams_and_closes_the_port() {
    let (server, _) = start().await;
    let address = server.listen_address();
    let mut alice = Xmpp::register(&server, "alice").await;
    let (stopped, ()) = tokio::join!(tokio::time::timeout(DEADLINE, server.shutdown()), async {
        assert!(alice.next().await.unwrap().contains("system-shutdown"));
        assert!(alice.next().await.unwrap().starts_with("<close "));
        assert_eq!(alice.next().await, None);
    });
    stopped.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_shutdown_ends_every_task() {
    let before = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let (server, _) = start().await;
    let alice = Xmpp::register(&server, "alice").await;
    let idle = TcpStream::connect(server.listen_address()).await.unwrap();
    drop(alice);
    tokio::time::timeout(DEADLINE, server.shutdown()).await.unwrap();
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), before);
    drop(idle);
}

#[tokio::test]
async fn dropping_the_server_cuts_all_connections() {
    let (server, _) = start().await;
    let mut alice = Xmpp::register(&server, "alice").await;
    drop(server);
    assert!(alice.is_cut().await);
}

#[tokio::test]
async fn servers_do_not_know_each_others_users() {
    let (one, client) = start().await;
    let (other, _) = start().await;
    let (alice, _) = client.register("alice").await;
    let elsewhere = Client::of(&other).with_token(alice.token.as_deref().unwrap());
    assert_eq!(elsewhere.get("/users/muted").await.http, 401);
    assert!(one.user("alice").exists() && !other.user("alice").exists());
}

#[tokio::test]
async fn a_fixed_seed_gives_the_same_passwords() {
    let password = async || {
        let server = TestServer::builder().tls(false).seed([7; 32]).start().await.unwrap();
        server.user("alice").register().unwrap().password
    };
    assert_eq!(password().await, password().await);
}

#[tokio::test]
async fn a_shutdown_ends_streams_over_tcp_in_every_phase() {
    let before = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let server = TestServer::start().await.unwrap();
    server.standard_user("u1", "secret").unwrap();
    let (tcp, tcps) = (server.tcp_listen_address(), server.tcps_listen_address());
    // A connection without a frame, one before STARTTLS, and one in the middle of a TLS handshake.
    let silent = TcpStream::connect(tcp.unwrap()).await.unwrap();
    let mut half = TcpStream::connect(tcp.unwrap()).await.unwrap();
    half.write_all(b"<stream:stream to='localhost' version='1.0' xmlns:stream='http://etherx.jabber.org/streams'>")
        .await
        .unwrap();
    let mut shaking = TcpStream::connect(tcps.unwrap()).await.unwrap();
    shaking.write_all(&[22, 3, 1]).await.unwrap();
    let url = server.tcp_address().unwrap();
    let mut bound = Xmpp::connect_to(&server, &url, "u1", "secret").await;
    until(&mut half, "</stream:features>").await;
    let reading = async {
        assert!(bound.next().await.unwrap().contains("system-shutdown"));
        assert_eq!(bound.next().await.unwrap(), "</stream:stream>");
        drop(bound);
        for (mut socket, begins) in [(silent, "<?xml "), (half, "<stream:error ")] {
            let mut said = String::new();
            // The server waits for a moment, so that its last frame arrives.
            socket.shutdown().await.unwrap();
            socket.read_to_string(&mut said).await.unwrap();
            assert!(said.starts_with(begins) && said.contains("<system-shutdown "), "{said}");
            assert!(said.ends_with("</stream:stream>"), "{said}");
        }
        drop(shaking);
    };
    let (stopped, ()) = tokio::join!(tokio::time::timeout(DEADLINE, server.shutdown()), reading);
    stopped.unwrap();
    assert!(TcpStream::connect(tcp.unwrap()).await.is_err());
    let after = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    assert_eq!(after, before);
}
