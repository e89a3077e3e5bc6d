use crate::client::{Client, DEADLINE, start};
use crate::xmpp::Xmpp;
use mfly_testserver::TestServer;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_shutdown_says_goodbye_and_closes_the_port() {
    let (server, client) = start().await;
    let address = server.listen_address();
    let (_, registration) = client.register("alice").await;
    let mut alice = Xmpp::connect(&server, "alice", &client.sealed(&registration.password)).await;
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
    let before = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    let (server, client) = start().await;
    let (_, registration) = client.register("alice").await;
    let alice = Xmpp::connect(&server, "alice", &client.sealed(&registration.password)).await;
    let idle = TcpStream::connect(server.listen_address()).await.unwrap();
    drop(alice);
    tokio::time::timeout(DEADLINE, server.shutdown())
        .await
        .unwrap();
    assert_eq!(
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks(),
        before
    );
    drop(idle);
}

#[tokio::test]
async fn dropping_the_server_cuts_everything_at_once() {
    let (server, client) = start().await;
    let (_, registration) = client.register("alice").await;
    let mut alice = Xmpp::connect(&server, "alice", &client.sealed(&registration.password)).await;
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
        let server = TestServer::builder()
            .tls(false)
            .seed([7; 32])
            .start()
            .await
            .unwrap();
        server.user("alice").register().unwrap().password
    };
    assert_eq!(password().await, password().await);
}
