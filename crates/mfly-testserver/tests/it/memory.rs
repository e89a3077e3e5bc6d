//! The memory of the server stays within its bounds under attack, and other clients are served.
//!
//! The bounds are small, so that few requests exceed them. They count bytes, not time.

use crate::client::{Client, DEADLINE, Reply, exchange, path, rest, upload_in};
use crate::xmpp::Xmpp;
use mfly_testserver::{Builder, Memory, TestServer};
use serde_json::json;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The size of a large request, in bytes.
const LARGE: usize = 240_000;

fn small() -> Builder {
    let mut limits = Memory::DEFAULT_LIMITS;
    limits.journal = 1 << 20;
    limits.queued = 3 << 20;
    limits.signalling = 1 << 20;
    limits.media = 1 << 20;
    limits.reading = 1 << 20;
    limits.answers = 1 << 20;
    let builder = TestServer::builder().tls(false).tcp_cleartext(true);
    builder.memory_limits(limits)
}

async fn start() -> (TestServer, Client) {
    start_with(small()).await
}

async fn start_with(builder: Builder) -> (TestServer, Client) {
    let server = builder.start().await.unwrap();
    server.user("other").create().unwrap();
    let client = Client::of(&server);
    (server, client)
}

fn is_bounded(server: &TestServer) {
    let (kept, limits) = (server.memory(), server.memory_limits());
    for (kept, limit) in [
        (kept.journal, limits.journal),
        (kept.queued, limits.queued),
        (kept.signalling, limits.signalling),
        (kept.media, limits.media),
        (kept.reading, limits.reading),
        (kept.answers, limits.answers),
    ] {
        assert!(kept <= limit, "{kept} of {limit}: {:?}", server.memory());
    }
    assert!(kept.total() <= limits.total());
}

/// Runs a whole session: registration, connection, profile, block, file.
async fn works(server: &TestServer, client: &Client, name: &str) {
    let (user, registration) = client.register(name).await;
    assert_eq!(user.log_in(&registration).await.statuses(), (200, 200));
    let password = client.sealed(&registration.password);
    let mut stream = Xmpp::connect(server, name, &password).await;
    stream.send("<presence xmlns='jabber:client'><priority>1</priority></presence>").await;
    for (kind, payload) in [
        ("set", "<vCard xmlns='vcard-temp'><nickName>x</nickName></vCard>"),
        ("get", "<vCard xmlns='vcard-temp'/>"),
        ("set", "<block xmlns='urn:xmpp:blocking'><item jid='other@localhost'/></block>"),
        ("get", "<blocklist xmlns='urn:xmpp:blocking'/>"),
    ] {
        let request = format!("<iq id='w' type='{kind}' xmlns='jabber:client'>{payload}</iq>");
        stream.send(&request).await;
        let said = stream.expect("id=\"w\"").await;
        assert!(said.contains("type=\"result\""), "{payload}: {said}");
    }
    let data = user.begin_upload(1).await;
    let url = path(&data["uploadUrls"][0]);
    assert_eq!(user.send("PUT", url, &[], b"content").await.http, 200);
    let file = format!("/media/{}", data["fileToken"].as_str().unwrap());
    assert_eq!(user.get(&file).await.body, b"content");
}

/// A request whose body does not end.
async fn begun(address: SocketAddr, line: &str, bytes: usize) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = format!("{line} HTTP/1.1\r\nhost: x\r\ncontent-length: 250000\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&vec![b'x'; bytes]).await.unwrap();
    socket
}

#[tokio::test]
async fn requests_and_stanzas_of_any_size_leave_the_journal_within_its_bound() {
    let (server, client) = start().await;
    let large = "x".repeat(LARGE);
    let (user, registration) = client.register("mallory").await;
    let password = client.sealed(&registration.password);
    let mut stream = Xmpp::connect(&server, "mallory", &password).await;
    for round in 0..40 {
        client.post("/login", &json!({ "username": large })).await;
        user.put("/users/updateMetaData", &json!({ "key": large })).await;
        let query = format!("<query xmlns='jabber:iq:private'>{large}</query>");
        stream
            .send(&format!("<iq id='{round}' type='get' xmlns='jabber:client'>{query}</iq>"))
            .await;
        stream.expect(&format!("id=\"{round}\"")).await;
        is_bounded(&server);
    }
    assert!(server.memory().journal > 100_000);
    works(&server, &client, "alice").await;
    is_bounded(&server);
}

#[tokio::test]
async fn signalling_clients_that_never_poll_stay_within_the_bound_and_lock_no_client_out() {
    let (server, client) = start().await;
    let polling = "/socket.io/?EIO=3&transport=polling";
    let ping = format!("{}:2{}", LARGE + 1, "x".repeat(LARGE));
    let mut last = Reply::default();
    for _ in 0..6 {
        let greeting = client.send("GET", polling, &[], b"").await;
        let body = String::from_utf8(greeting.body).unwrap();
        let sid = body.split("\"sid\":\"").nth(1).unwrap();
        let sid = sid.split('"').next().unwrap();
        let post = format!("{polling}&sid={sid}");
        for _ in 0..5 {
            last = client.send("POST", &post, &[], ping.as_bytes()).await;
            is_bounded(&server);
        }
        works(&server, &client, &format!("user{}", &sid[..8])).await;
    }
    assert_eq!(last.http, 400, "it was sent away");
    let greeting = client.send("GET", polling, &[], b"").await;
    assert_eq!(greeting.http, 200);
    is_bounded(&server);
}

#[tokio::test]
async fn presence_for_many_idle_clients_is_stored_once_and_messages_stay_within_the_bound() {
    let (server, client) = start().await;
    let mut deaf = Vec::new();
    for number in 0..20 {
        let mut stream = Xmpp::register(&server, &format!("deaf{number}")).await;
        stream.send("<presence xmlns='jabber:client'/>").await;
        stream.settle().await;
        deaf.push(stream);
    }
    let mut sender = Xmpp::register(&server, "mallory").await;
    for number in 0..8 {
        let status = format!("{number}{}", "x".repeat(LARGE));
        let presence = "<presence xmlns='jabber:client'><status>";
        sender.send(&format!("{presence}{status}</status></presence>")).await;
        sender.settle().await;
        is_bounded(&server);
    }
    // Every message differs, so none can be shared: the clients that read least are disconnected.
    for number in 0..40 {
        let (to, body) = (number % 20, format!("{number}{}", "y".repeat(LARGE)));
        let to = format!("to='deaf{to}@localhost'");
        sender
            .send(&format!(
                "<message id='m{number}' type='chat' {to} xmlns='jabber:client'><body>{body}</body></message>"
            ))
            .await;
        sender.settle().await;
        is_bounded(&server);
    }
    works(&server, &client, "alice").await;
    drop(deaf);
}

#[tokio::test]
async fn silent_connections_are_bounded_by_listener_and_further_ones_are_refused() {
    let builder = small().max_unauthenticated(8).max_unauthenticated_of_address(4);
    let (server, client) = start_with(builder).await;
    server.standard_user("ann", "secret").unwrap();
    let tcp = server.tcp_listen_address().unwrap();
    let mut idle = Vec::new();
    for _ in 0..4 {
        idle.push(TcpStream::connect(tcp).await.unwrap());
    }
    let mut further = TcpStream::connect(tcp).await.unwrap();
    let said = rest(&mut further).await;
    assert!(said.contains("<resource-constraint "), "{said}");
    assert!(said.ends_with("</stream:stream>"), "{said}");
    // Other listeners have bounds of their own.
    works(&server, &client, "alice").await;
    let http = server.listen_address();
    for _ in 0..4 {
        idle.push(TcpStream::connect(http).await.unwrap());
    }
    let mut further = TcpStream::connect(http).await.unwrap();
    let said = rest(&mut further).await;
    assert!(said.starts_with("HTTP/1.1 503 "), "{said}");
    is_bounded(&server);
    drop(idle);
    // New connections are accepted once the server has seen the end of the old ones.
    let frees = async { while client.get("/users/config").await.http == 503 {} };
    tokio::time::timeout(DEADLINE, frees).await.unwrap();
    works(&server, &client, "bob").await;
}

#[tokio::test]
async fn logged_in_connections_do_not_count_as_unauthenticated() {
    let builder = small().max_unauthenticated(8).max_sessions(12);
    let (server, client) = start_with(builder).await;
    let mut sessions = Vec::new();
    for number in 0..12 {
        let (name, url) = (format!("u{number}"), server.tcp_address().unwrap());
        server.standard_user(&name, "secret").unwrap();
        sessions.push(Xmpp::connect_to(&server, &url, &name, "secret").await);
    }
    let (_, registration) = client.register("alice").await;
    let password = client.sealed(&registration.password);
    let mut further = Xmpp::dial(&server, &server.websocket_url()).await;
    further.log_in_up_to_binding("alice", &password).await;
    let refusal = further.request_binding().await;
    assert!(refusal.contains("<resource-constraint "), "{refusal}");
    drop(sessions.pop());
    let bound = async { while further.request_binding().await.contains("error") {} };
    tokio::time::timeout(DEADLINE, bound).await.unwrap();
}

#[tokio::test]
async fn unfinished_requests_and_uploads_of_strangers_do_not_delay_others() {
    let (server, client) = start().await;
    let http = server.listen_address();
    let mut strangers = Vec::new();
    for _ in 0..10 {
        let mut slow = begun(http, "PUT /media-store/guess/1", 10).await;
        let mut answer = [0; 12];
        slow.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 403");
        strangers.push(begun(http, "POST /api/v1/login", 200_000).await);
        is_bounded(&server);
    }
    works(&server, &client, "alice").await;
    is_bounded(&server);
    let said = rest(&mut strangers[0]).await;
    assert!(said.starts_with("HTTP/1.1 503 "), "{said}");
}

#[tokio::test]
async fn small_parts_behind_large_heads_use_little_memory() {
    let (server, client) = start().await;
    let (user, _) = client.register("mallory").await;
    let data = user.begin_upload(1000).await;
    let filler = "x".repeat(30_000);
    let before = server.memory().media;
    for part in 0..100 {
        let url = path(&data["uploadUrls"][part]);
        let head = format!(
            "PUT {url} HTTP/1.1\r\nhost: x\r\nx: {filler}\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx"
        );
        let mut socket = TcpStream::connect(server.listen_address()).await.unwrap();
        let reply = exchange(&mut socket, head.as_bytes(), b"").await;
        assert_eq!(reply.http, 200);
        is_bounded(&server);
    }
    let kept = server.memory().media - before;
    assert!((100..100_000).contains(&kept), "{kept}");
    works(&server, &client, "alice").await;
}

#[tokio::test]
async fn an_upload_can_be_finished_only_by_the_user_who_began_it() {
    let (_server, client) = start().await;
    let (alice, _) = client.register("alice").await;
    let (mallory, _) = client.register("mallory").await;
    let token = alice.begin_upload(2).await["fileToken"].clone();
    let mut again = upload_in(1);
    again["fileToken"] = token.clone();
    let refused = mallory.post("/media/upload", &again).await;
    assert_eq!(refused.statuses(), (200, 400));
    let commit = json!({ "fileToken": token, "partETags": [], "uploadId": "u" });
    let refused = mallory.post("/media/upload/commit", &commit).await;
    assert_eq!(refused.message(), "Invalid file token");
    let data = alice.post("/media/upload", &again).await.data();
    let url = path(&data["uploadUrls"][0]);
    assert_eq!(alice.send("PUT", url, &[], b"x").await.http, 200);
    alice.post("/media/upload/commit", &commit).await.data();
    assert_eq!(mallory.post("/media/upload/commit", &commit).await.statuses(), (200, 400));
}
