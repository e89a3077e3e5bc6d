//! The driver over connections in memory, in virtual time.

mod end;
mod late;
mod offline;

use super::*;
use crate::connector::{ConnectorError, Dialled};
use crate::machine::{ConnectionState, DisconnectReason, Redirect, RequestFailure};
use futures_util::{SinkExt, StreamExt};
use mfly_proto::framing::Frame;
use mfly_proto::jid::BareJid;
use mfly_proto::payload::block::{GetBlocked, GetBlockedBy};
use mfly_transport::{Connection, TransportError};
use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

const OPEN: &str = r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" version="1.0"/>"#;
const SECOND: Duration = Duration::from_secs(1);

/// Makes connections in memory and hands their other ends to the test.
struct Memory {
    ends: UnboundedSender<Connection>,
    /// How many attempts fail before one succeeds.
    refusals: AtomicU32,
    /// How many connections were told to have led to a session.
    succeeded: AtomicU32,
}

#[async_trait]
impl Connector for Memory {
    async fn connect(&self, _: Option<&Redirect>) -> Result<Dialled, ConnectorError> {
        let refuse = |left: u32| left.checked_sub(1);
        if self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, refuse).is_ok() {
            return Err(TransportError::Closed.into());
        }
        let (connection, end) = mfly_transport::pair();
        self.ends.send(end).unwrap();
        Ok(Dialled::new(connection, true))
    }

    fn succeeded(&self) {
        self.succeeded.fetch_add(1, Ordering::SeqCst);
    }
}

/// Numbers its passwords, so that each attempt's can be told apart.
#[derive(Default)]
struct Numbered(AtomicU32);

#[async_trait]
impl PasswordSource for Numbered {
    async fn password(&self) -> Result<Password, Cause> {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Password::new(format!("pw{number}")).unwrap())
    }
}

/// A session, the far end of its connections, and its news.
struct Rig {
    link: DriverHandle,
    memory: Arc<Memory>,
    ends: UnboundedReceiver<Connection>,
    news: Arc<Mutex<Vec<Notice>>>,
}

impl Rig {
    fn with(change: impl FnOnce(&mut DriverParts), refusals: u32) -> Self {
        let (sender, ends) = unbounded_channel();
        let memory = Arc::new(Memory {
            ends: sender,
            refusals: AtomicU32::new(refusals),
            succeeded: AtomicU32::new(0),
        });
        let news = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&news);
        let mut parts = DriverParts {
            config: Config::platform(BareJid::new("u1@host.test").unwrap()),
            seed: [3; 32],
            connector: Arc::clone(&memory) as Arc<dyn Connector>,
            passwords: Arc::new(Numbered::default()),
            notices: Box::new(move |notice| sink.lock().unwrap().push(notice)),
            request_timeout: 15 * SECOND,
            fail_fast: false,
            write_timeout: 10 * SECOND,
        };
        change(&mut parts);
        Self { link: spawn(parts), memory, ends, news }
    }

    /// A session that stands, and the server's end of it.
    async fn online(change: impl FnOnce(&mut DriverParts)) -> (Self, Server) {
        let mut rig = Self::with(change, 0);
        let server = rig.accept().await;
        rig.link.ready().await.unwrap();
        (rig, server)
    }

    /// Waits for the next connection and plays the server's part until the session stands.
    async fn accept(&mut self) -> Server {
        let mut server = Server(self.ends.recv().await.unwrap());
        server.establish().await;
        server
    }

    async fn reaches(&self, state: ConnectionState) {
        self.link.state_changes().wait_for(state).await;
    }

    fn disconnect_reasons(&self) -> Vec<DisconnectReason> {
        let reason = |notice: &Notice| match notice {
            Notice::Disconnected { reason } => Some(reason.clone()),
            _ => None,
        };
        self.news.lock().unwrap().iter().filter_map(reason).collect()
    }
}

/// The server's end of a connection.
struct Server(Connection);

impl Server {
    async fn send(&mut self, text: &str) {
        self.0.send(Frame::from(text.to_owned())).await.unwrap();
    }

    async fn next(&mut self) -> String {
        self.0.next().await.expect("the client hung up").unwrap().as_str().to_owned()
    }

    async fn expect(&mut self, part: &str) -> String {
        let frame = self.next().await;
        assert!(frame.contains(part), "expected {part}, got {frame}");
        frame
    }

    async fn offer_plain(&mut self) {
        self.expect("<open ").await;
        self.send(OPEN).await;
        self.send(r#"<features xmlns="http://etherx.jabber.org/streams"><mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>PLAIN</mechanism></mechanisms></features>"#).await;
    }

    async fn establish(&mut self) {
        self.offer_plain().await;
        self.expect("<auth ").await;
        self.send(r#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#).await;
        self.expect("<open ").await;
        self.send(OPEN).await;
        self.send(r#"<features xmlns="http://etherx.jabber.org/streams"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></features>"#).await;
        let bind = self.expect("<resource>").await;
        let resource = between(&bind, "<resource>", "<");
        self.send(&format!(r#"<iq type="result" id="_bind_auth_2"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>u1@host.test/{resource}</jid></bind></iq>"#)).await;
        self.expect("<presence").await;
        let carbons = self.expect("urn:xmpp:carbons:2").await;
        self.answer(&carbons, "").await;
    }

    /// Answers the request with this payload.
    async fn answer(&mut self, request: &str, payload: &str) {
        let id = between(request, "id=\"", "\"");
        self.send(&format!(r#"<iq type="result" id="{id}">{payload}</iq>"#)).await;
    }
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).unwrap().1.split_once(to).unwrap().0
}

const BLOCKLIST: &str =
    r#"<blocklist xmlns="urn:xmpp:blocking"><item jid="u2@host.test"/></blocklist>"#;

#[tokio::test(start_paused = true)]
async fn a_session_connects_and_its_requests_are_answered_each_with_its_own() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    assert_eq!(rig.link.state(), ConnectionState::Connected);
    assert!(rig.link.jid().unwrap().as_str().starts_with("u1@host.test/Web-"));
    let other = rig.link.clone();
    let serve = async {
        let first = server.expect("blocklist").await;
        let second = server.expect("blocklist").await;
        server.answer(&second, BLOCKLIST).await;
        server.answer(&first, "").await;
    };
    let (first, second, ()) = tokio::join!(
        rig.link.request(&GetBlocked, RequestOptions::default()),
        other.request(&GetBlocked, RequestOptions::default()),
        serve
    );
    assert_eq!(first.unwrap().len(), 0);
    assert_eq!(second.unwrap()[0].as_str(), "u2@host.test");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_fails_its_request_and_nothing_else() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    let serve = async {
        let request = server.expect("blocklist").await;
        server.answer(&request, r#"<other xmlns="urn:x"/>"#).await;
        let request = server.expect("blocklist").await;
        server.answer(&request, BLOCKLIST).await;
    };
    let ask = async {
        let answer = rig.link.request(&GetBlocked, RequestOptions::default()).await;
        assert!(matches!(answer, Err(RequestFailure::Malformed(_))), "{answer:?}");
        assert_eq!(
            rig.link.request(&GetBlocked, RequestOptions::default()).await.unwrap().len(),
            1
        );
    };
    tokio::join!(ask, serve);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_request_frees_its_place() {
    let (rig, mut server) = Rig::online(|parts| parts.config.max_requests = 1).await;
    let asking = rig.link.clone();
    let request =
        tokio::spawn(async move { asking.request(&GetBlocked, RequestOptions::default()).await });
    server.expect("blocklist").await;
    let refused = rig.link.request(&GetBlocked, RequestOptions::default()).await;
    assert_eq!(refused, Err(RequestFailure::TooManyRequests));
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    let serve = async {
        let request = server.expect("blocklist").await;
        server.answer(&request, BLOCKLIST).await;
    };
    let (answer, ()) =
        tokio::join!(rig.link.request(&GetBlocked, RequestOptions::default()), serve);
    assert_eq!(answer.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_before_it_left_is_not_sent() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    let mut dropped = Box::pin(rig.link.request(&GetBlocked, RequestOptions::default()));
    assert!(poll_fn(|cx| Poll::Ready(dropped.as_mut().poll(cx).is_pending())).await);
    drop(dropped);
    let serve = async {
        let request = server.expect("user_activities").await;
        server.answer(&request, "").await;
    };
    let (answer, ()) =
        tokio::join!(rig.link.request(&GetBlockedBy, RequestOptions::default()), serve);
    assert_eq!(answer.unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_answer_fails_when_its_own_time_is_up() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    for (asked, expected) in [(None, 15 * SECOND), (Some(3 * SECOND), 3 * SECOND)] {
        let start = Instant::now();
        assert_eq!(
            rig.link.request(&GetBlocked, RequestOptions { timeout: asked, fail_fast: None }).await,
            Err(RequestFailure::TimedOut)
        );
        assert_eq!(start.elapsed(), expected);
        server.expect("blocklist").await;
        let ping = server.expect("urn:xmpp:ping").await;
        server.answer(&ping, "").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_ping_is_answered() {
    let (_rig, mut server) = Rig::online(|_| {}).await;
    server
        .send(r#"<iq from="host.test" id="p1" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#)
        .await;
    server.expect(r#"<iq id="p1" to="host.test" type="result" xmlns="jabber:client"/>"#).await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_peer_is_noticed_within_forty_seconds() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    let start = Instant::now();
    rig.reaches(ConnectionState::Reconnecting).await;
    assert_eq!(start.elapsed(), 40 * SECOND);
    assert!(matches!(rig.disconnect_reasons()[..], [DisconnectReason::PeerSilent]));
    server.expect("urn:xmpp:ping").await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_made_again_with_a_fresh_password_and_pending_requests_fail() {
    let (mut rig, mut server) = Rig::online(|_| {}).await;
    let before = rig.link.jid();
    let lose = async {
        server.expect("blocklist").await;
        drop(server);
    };
    let (answer, ()) = tokio::join!(rig.link.request(&GetBlocked, RequestOptions::default()), lose);
    let Err(RequestFailure::ConnectionLost(cause)) = answer else {
        panic!("{answer:?}");
    };
    assert!(matches!(*cause, DisconnectReason::ConnectionBroken(_)), "{cause}");
    assert_eq!(rig.link.state(), ConnectionState::Reconnecting);
    let fast = RequestOptions { timeout: None, fail_fast: Some(true) };
    let refused = rig.link.request(&GetBlocked, fast).await;
    assert!(matches!(refused, Err(RequestFailure::NotConnected { last: Some(_) })), "{refused:?}");
    let sent = rig.link.send(b"<presence/>".to_vec()).await;
    assert_eq!(sent, Err(RequestFailure::NotConnected { last: None }));
    let _server = rig.accept().await;
    rig.reaches(ConnectionState::Connected).await;
    assert_ne!(rig.link.jid(), before);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_carries_its_own_password() {
    let (mut rig, server) = Rig::online(|_| {}).await;
    drop(server);
    let mut server = Server(rig.ends.recv().await.unwrap());
    server.offer_plain().await;
    // Base64 of NUL, u1, NUL, pw2.
    server.expect(">AHUxAHB3Mg==<").await;
}

#[tokio::test(start_paused = true)]
async fn attempts_after_a_loss_come_later_and_later() {
    let (mut rig, server) = Rig::online(|_| {}).await;
    rig.memory.refusals.store(8, Ordering::SeqCst);
    drop(server);
    let start = Instant::now();
    let _server = rig.accept().await;
    rig.reaches(ConnectionState::Connected).await;
    let delays: Vec<_> = rig
        .news
        .lock()
        .unwrap()
        .iter()
        .filter_map(|notice| match notice {
            Notice::Reconnecting { delay, .. } => Some(*delay),
            _ => None,
        })
        .collect();
    assert_eq!(delays.len(), 9);
    for (index, delay) in delays.iter().enumerate() {
        assert!(*delay <= (SECOND / 2 * 2_u32.pow(index as u32)).min(60 * SECOND), "{delays:?}");
    }
    let waited: Duration = delays.iter().sum();
    let elapsed = start.elapsed();
    assert!(elapsed >= waited && elapsed < waited + SECOND, "{elapsed:?} for {waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_first_connection_that_fails_is_an_error_with_its_cause() {
    let rig = Rig::with(|_| {}, 1);
    let Err(EndReason::Unreachable { attempts: 1, last }) = rig.link.ready().await else {
        panic!("it connected");
    };
    let DisconnectReason::ConnectFailed(cause) = *last else { panic!("{last}") };
    assert!(cause.downcast_ref::<TransportError>().is_some());
    assert_eq!(
        rig.link.request(&GetBlocked, RequestOptions::default()).await,
        Err(RequestFailure::Closed)
    );
}

#[tokio::test(start_paused = true)]
async fn more_first_attempts_can_be_allowed() {
    let mut rig = Rig::with(|parts| parts.config.first_attempts = 3, 2);
    let _server = rig.accept().await;
    assert!(rig.link.ready().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn closing_lets_answers_through_and_waits_for_the_servers_goodbye() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    let asking = rig.link.clone();
    let request =
        tokio::spawn(async move { asking.request(&GetBlocked, RequestOptions::default()).await });
    let question = server.expect("blocklist").await;
    let serve = async {
        server.expect(r#"<presence type="unavailable" xmlns="jabber:client"/>"#).await;
        server.expect("<close ").await;
        server.answer(&question, BLOCKLIST).await;
        server.send(r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />"#).await;
        assert!(server.0.next().await.is_none(), "the client must hang up");
    };
    let start = Instant::now();
    tokio::join!(rig.link.close(EndReason::Closed), serve);
    assert!(start.elapsed() < SECOND);
    assert_eq!(request.await.unwrap().unwrap().len(), 1);
    assert_eq!(rig.link.state(), ConnectionState::Ended);
    assert!(matches!(rig.link.ended().await, EndReason::Closed));
    let last = rig.news.lock().unwrap().pop();
    assert!(matches!(last, Some(Notice::Ended(EndReason::Closed))), "{last:?}");
    rig.link.close(EndReason::Closed).await;
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_for_a_dead_server() {
    let (rig, _server) = Rig::online(|_| {}).await;
    let start = Instant::now();
    rig.link.close(EndReason::AccountDeleted).await;
    assert!(start.elapsed() <= 8 * SECOND, "{:?}", start.elapsed());
    assert!(matches!(rig.link.ended().await, EndReason::AccountDeleted));
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_for_a_server_that_takes_a_little_now_and_then() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    let flooding = rig.link.clone();
    let flood = tokio::spawn(async move { while flooding.send(large_stanza()).await.is_ok() {} });
    let start = Instant::now();
    let sip = tokio::spawn(async move {
        loop {
            tokio::time::sleep(9 * SECOND).await;
            let Some(Ok(_)) = server.0.next().await else {
                return;
            };
        }
    });
    tokio::time::sleep(SECOND).await;
    timeout(60 * SECOND, rig.link.close(EndReason::Closed)).await.unwrap();
    assert!(start.elapsed() <= 12 * SECOND, "{:?}", start.elapsed());
    flood.abort();
    sip.abort();
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_says_goodbye() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    let clone = rig.link.clone();
    let news = Arc::clone(&rig.news);
    drop(rig);
    assert!(timeout(SECOND, server.next()).await.is_err(), "a handle is left");
    drop(clone);
    server.expect("unavailable").await;
    server.expect("<close ").await;
    drop(server);
    let ended = || matches!(news.lock().unwrap().last(), Some(Notice::Ended(EndReason::Closed)));
    timeout(10 * SECOND, async {
        while !ended() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

/// A stanza large enough that a few of them fill every buffer on the way.
fn large_stanza() -> Vec<u8> {
    format!("<message xmlns=\"jabber:client\">{}</message>", "x".repeat(60_000)).into_bytes()
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_read_still_gets_its_answers_to_their_callers() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    let asking = rig.link.clone();
    let request =
        tokio::spawn(async move { asking.request(&GetBlocked, RequestOptions::default()).await });
    let question = server.expect("blocklist").await;
    for _ in 0..20 {
        rig.link.send(large_stanza()).await.unwrap();
    }
    server.answer(&question, BLOCKLIST).await;
    let start = Instant::now();
    assert_eq!(request.await.unwrap().unwrap().len(), 1);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_reads_is_let_go_and_sending_to_it_is_bounded() {
    let (mut rig, server) = Rig::online(|_| {}).await;
    let start = Instant::now();
    let mut taken = 0;
    while rig.link.send(large_stanza()).await.is_ok() {
        taken += 1;
        assert!(taken < 400, "what is sent piles up without bound");
    }
    rig.reaches(ConnectionState::Reconnecting).await;
    assert_eq!(start.elapsed(), 10 * SECOND);
    assert!(matches!(rig.disconnect_reasons()[..], [DisconnectReason::WriteStalled]));
    let _next = rig.accept().await;
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_only_pings_and_never_reads_is_let_go() {
    let (rig, server) = Rig::online(|_| {}).await;
    let (mut sink, _unread) = server.0.split();
    let ping = format!(
        r#"<iq from="{}.test" id="p" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#,
        "h".repeat(1000)
    );
    let flood = async {
        for _ in 0..5_000 {
            if sink.send(Frame::from(ping.clone())).await.is_err() {
                break;
            }
        }
    };
    let start = Instant::now();
    tokio::select! {
        () = flood => {}
        () = rig.reaches(ConnectionState::Reconnecting) => {}
    }
    rig.reaches(ConnectionState::Reconnecting).await;
    assert_eq!(start.elapsed(), Duration::ZERO, "the answers pile up until time is up");
    assert!(matches!(rig.disconnect_reasons()[..], [DisconnectReason::WriteStalled]));
}

#[tokio::test(start_paused = true)]
async fn news_arrive_in_order() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    for n in 0..50 {
        server
            .send(&format!(r#"<message from="host.test"><user_deleted user="u{n}"/></message>"#))
            .await;
    }
    rig.link.close(EndReason::Closed).await;
    let mut users = Vec::new();
    for notice in rig.news.lock().unwrap().iter() {
        if let Notice::Push { push: mfly_proto::push::Push::UserDeleted(deleted), .. } = notice {
            users.push(deleted.user.as_str().to_owned());
        }
    }
    assert_eq!(users, (0..50).map(|n| format!("u{n}")).collect::<Vec<_>>());
}
