//! After a time in which this process did not run, frames that arrived in time are read before a
//! deadline is handled.

use super::*;
use mfly_transport::{Options, StartTls, Tls};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use tokio::time::advance;

/// Rounds of a test, so that an order which depends on chance fails in one of them.
const ROUNDS: usize = 20;

/// Lets the server send just before `deadline`, and the driver run a minute later, when both the
/// frames and the deadline are due.
async fn late_by_a_minute<F>(deadline: Duration, send: impl FnOnce() -> F) -> Server
where
    F: Future<Output = Server> + Send + 'static,
{
    let sending = send();
    let sender = tokio::spawn(async move {
        tokio::time::sleep(deadline - SECOND / 100).await;
        sending.await
    });
    tokio::task::yield_now().await;
    advance(deadline + 60 * SECOND).await;
    sender.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_waits_in_the_socket_counts_however_late_the_driver_runs() {
    for _ in 0..ROUNDS {
        let (rig, mut server) = Rig::online().await;
        let request = rig.spawn_request();
        let question = server.expect("blocklist").await;
        let _server = late_by_a_minute(15 * SECOND, || async move {
            server.answer(&question, BLOCKLIST).await;
            server
        })
        .await;
        assert_eq!(request.await.unwrap().unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answered_ping_keeps_the_connection_however_late_the_driver_runs() {
    for _ in 0..ROUNDS {
        let (rig, mut server) = Rig::online().await;
        let ping = server.expect("urn:xmpp:ping").await;
        let _server = late_by_a_minute(10 * SECOND, || async move {
            server.answer(&ping, "").await;
            // The next ping follows half a minute later.
            server.expect("urn:xmpp:ping").await;
            server
        })
        .await;
        assert_eq!(rig.disconnect_reasons().len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn many_answers_behind_many_presences_all_count() {
    let (rig, mut server) = Rig::online().await;
    let mut requests = Vec::new();
    let mut questions = Vec::new();
    for _ in 0..20 {
        requests.push(rig.spawn_request());
        questions.push(server.expect("blocklist").await);
    }
    let _server = late_by_a_minute(15 * SECOND, || async move {
        for question in &questions {
            for n in 0..20 {
                let from = format!("u{n}@host.test");
                server.send(&format!(r#"<presence from="{from}"/>"#)).await;
            }
            server.answer(question, BLOCKLIST).await;
        }
        server
    })
    .await;
    for request in requests {
        assert_eq!(request.await.unwrap().unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_stops_sending_cannot_put_a_deadline_off() {
    let (rig, mut server) = Rig::online_with(|parts| parts.notices = Box::new(|_| {})).await;
    let request = rig.spawn_request();
    server.expect("blocklist").await;
    let flood = tokio::spawn(async move {
        let presence = Frame::from(r#"<presence from="u2@host.test"/>"#);
        while server.0.send(presence.clone()).await.is_ok() {}
    });
    advance(16 * SECOND).await;
    assert_eq!(request.await.unwrap(), Err(RequestFailure::TimedOut));
    flood.abort();
    drop(rig);
}

/// Connects to one server over TCP, without TLS.
struct Plain(String);

#[async_trait]
impl Connector for Plain {
    async fn connect(&self, _: Option<&Redirect>) -> Result<Dialled, ConnectorError> {
        let (tls, _) = Tls::capture_only();
        let mut options = Options::new(tls);
        options.start_tls = StartTls::Disabled;
        let connection = mfly_transport::connect(&self.0.parse()?, &options).await?;
        Ok(Dialled::new(connection, true))
    }
}

/// The steps of a login over TCP: the text that the server waits for, and what it sends then.
const LOG_IN: [(&str, &str); 4] = [
    (
        "<stream:stream",
        r#"<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" version="1.0"><stream:features><mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>PLAIN</mechanism></mechanisms></stream:features>"#,
    ),
    ("</auth>", r#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#),
    (
        "<stream:stream",
        r#"<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" version="1.0"><stream:features><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></stream:features>"#,
    ),
    (
        "</iq>",
        r#"<iq type="result" id="_bind_auth_2"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>u1@host.test/tcp</jid></bind></iq>"#,
    ),
];

/// Reads until this text has arrived, and returns all that was read.
fn read_until(io: &mut impl Read, text: &str) -> String {
    let mut received = String::new();
    let mut chunk = [0; 4096];
    while !received.contains(text) {
        let length = io.read(&mut chunk).unwrap();
        assert!(length > 0, "the client closed the connection; it sent {received}");
        received.push_str(std::str::from_utf8(&chunk[..length]).unwrap());
    }
    received
}

/// Logs one client in, answers its first request on a signal, and signals when it has. Meanwhile
/// the clock of the runtime stands still.
fn answer_when_told(listener: &TcpListener, go: &mpsc::Receiver<()>, done: &mpsc::Sender<()>) {
    let (mut io, _) = listener.accept().unwrap();
    io.set_read_timeout(Some(60 * SECOND)).unwrap();
    for (received, sent) in LOG_IN {
        read_until(&mut io, received);
        io.write_all(sent.as_bytes()).unwrap();
    }
    let received = read_until(&mut io, "blocklist");
    let (before, _) = received.rsplit_once("<blocklist").unwrap();
    let id = between(before.rsplit_once("<iq").unwrap().1, "id=\"", "\"");
    go.recv().unwrap();
    let answer = format!(r#"<iq type="result" id="{id}">{BLOCKLIST}</iq>"#);
    io.write_all(answer.as_bytes()).unwrap();
    done.send(()).unwrap();
    // Keeps the connection open until the test is over.
    let _ = go.recv();
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_came_while_the_thread_was_blocked_counts() {
    for _ in 0..ROUNDS {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("xmpp://{}", listener.local_addr().unwrap());
        let (go, signal) = mpsc::channel();
        let (done, answered) = mpsc::channel();
        let server =
            tokio::task::spawn_blocking(move || answer_when_told(&listener, &signal, &done));
        let rig = Rig::with(|parts| parts.connector = Arc::new(Plain(address)), 0);
        rig.driver.ready().await.unwrap();
        let request = rig.spawn_request();
        tokio::task::yield_now().await;
        go.send(()).unwrap();
        // The request is sent when the driver has its turn.
        let mut answer = answered.try_recv();
        while answer.is_err() && !request.is_finished() {
            tokio::task::yield_now().await;
            answer = answered.try_recv();
        }
        advance(60 * SECOND).await;
        // The clock stands still while the server has a thread, so the test advances it.
        while !request.is_finished() {
            advance(SECOND / 100).await;
        }
        assert_eq!(request.await.unwrap().unwrap().len(), 1);
        assert_eq!(rig.disconnect_reasons().len(), 0);
        drop(go);
        server.await.unwrap();
    }
}
