//! Tests of the driver over connections in memory, in virtual time.

mod end;
mod late;
mod offline;
mod unread;

use super::*;
use crate::connector::{ConnectorError, Dialled};
use crate::machine::{ConnectionState, DisconnectReason, Redirect, RequestFailure};
use futures_util::{SinkExt, StreamExt};
use mfly_proto::framing::Frame;
use mfly_proto::jid::BareJid;
use mfly_proto::payload::block::{GetBlocked, GetBlockedBy};
use mfly_proto::stanza::IqRequest;
use mfly_transport::{Connection, TransportError};
use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const OPEN: &str = r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" version="1.0"/>"#;
const SECOND: Duration = Duration::from_secs(1);

/// Makes connections in memory and gives the server's ends to the test.
struct MemoryConnector {
    server_ends: UnboundedSender<Connection>,
    /// The number of attempts that fail before one succeeds.
    refusals: AtomicU32,
    /// The number of connections that led to a session.
    succeeded: AtomicU32,
}

#[async_trait]
impl Connector for MemoryConnector {
    async fn connect(&self, _: Option<&Redirect>) -> Result<Dialled, ConnectorError> {
        let refuse = |left: u32| left.checked_sub(1);
        if self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, refuse).is_ok() {
            return Err(TransportError::Closed.into());
        }
        let (connection, end) = mfly_transport::pair();
        self.server_ends.send(end).unwrap();
        Ok(Dialled::new(connection, true))
    }

    fn succeeded(&self) {
        self.succeeded.fetch_add(1, Ordering::SeqCst);
    }
}

/// Makes numbered passwords, so that each attempt has another one.
#[derive(Default)]
struct NumberedPasswords(AtomicU32);

#[async_trait]
impl PasswordSource for NumberedPasswords {
    async fn password(&self) -> Result<Password, Cause> {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Password::new(format!("pw{number}")).unwrap())
    }
}

/// The outcome of a request for the block list.
type Blocked = Result<<GetBlocked as IqRequest>::Response, RequestFailure>;

/// A session, the server's ends of its connections, and its notices.
struct Rig {
    driver: DriverHandle,
    connector: Arc<MemoryConnector>,
    connections: UnboundedReceiver<Connection>,
    notices: Arc<Mutex<Vec<Notice>>>,
}

impl Rig {
    fn with(change: impl FnOnce(&mut DriverParts), refusals: u32) -> Self {
        let (server_ends, connections) = unbounded_channel();
        let connector = Arc::new(MemoryConnector {
            server_ends,
            refusals: AtomicU32::new(refusals),
            succeeded: AtomicU32::new(0),
        });
        let notices = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&notices);
        let mut parts = DriverParts {
            config: Config::platform(BareJid::new("u1@host.test").unwrap()),
            seed: [3; 32],
            connector: Arc::clone(&connector) as Arc<dyn Connector>,
            passwords: Arc::new(NumberedPasswords::default()),
            notices: Box::new(move |notice| sink.lock().unwrap().push(notice)),
            request_timeout: 15 * SECOND,
            fail_fast: false,
            write_timeout: 10 * SECOND,
        };
        change(&mut parts);
        Self { driver: spawn(parts), connector, connections, notices }
    }

    /// An online session, and the server's end of it.
    async fn online() -> (Self, Server) {
        Self::online_with(|_| {}).await
    }

    async fn online_with(change: impl FnOnce(&mut DriverParts)) -> (Self, Server) {
        let mut rig = Self::with(change, 0);
        let server = rig.accept().await;
        rig.driver.ready().await.unwrap();
        (rig, server)
    }

    /// Waits for the next connection and logs the session in.
    async fn accept(&mut self) -> Server {
        let mut server = Server(self.connections.recv().await.unwrap());
        server.log_in().await;
        server
    }

    /// Loses the connection.
    async fn lose(&self, server: Server) {
        drop(server);
        self.reaches(ConnectionState::Reconnecting).await;
    }

    /// Asks for the block list.
    async fn blocked(&self) -> Blocked {
        self.driver.request(&GetBlocked, RequestOptions::default()).await
    }

    /// Asks for the block list in a task.
    fn spawn_request(&self) -> JoinHandle<Blocked> {
        let driver = self.driver.clone();
        tokio::spawn(async move { driver.request(&GetBlocked, RequestOptions::default()).await })
    }

    async fn reaches(&self, state: ConnectionState) {
        self.driver.state_changes().wait_for(state).await;
    }

    fn disconnect_reasons(&self) -> Vec<DisconnectReason> {
        let reason = |notice: &Notice| match notice {
            Notice::Disconnected { reason } => Some(reason.clone()),
            _ => None,
        };
        self.notices.lock().unwrap().iter().filter_map(reason).collect()
    }
}

/// The server's end of a connection.
struct Server(Connection);

impl Server {
    async fn send(&mut self, text: &str) {
        self.0.send(Frame::from(text.to_owned())).await.unwrap();
    }

    async fn next(&mut self) -> String {
        self.0.next().await.expect("the client closed the connection").unwrap().as_str().to_owned()
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

    async fn log_in(&mut self) {
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
        self.answer_next("urn:xmpp:carbons:2", "").await;
    }

    /// Waits for a request that contains `part`, and answers it with this payload.
    async fn answer_next(&mut self, part: &str, payload: &str) {
        let request = self.expect(part).await;
        self.answer(&request, payload).await;
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

/// A stanza large enough that a few of them fill every buffer on the way.
fn large_stanza() -> Vec<u8> {
    format!("<message xmlns=\"jabber:client\">{}</message>", "x".repeat(60_000)).into_bytes()
}

#[tokio::test(start_paused = true)]
async fn each_request_gets_its_own_answer() {
    let (rig, mut server) = Rig::online().await;
    assert_eq!(rig.driver.state(), ConnectionState::Connected);
    assert!(rig.driver.jid().unwrap().as_str().starts_with("u1@host.test/Web-"));
    let serve = async {
        let first = server.expect("blocklist").await;
        let second = server.expect("blocklist").await;
        server.answer(&second, BLOCKLIST).await;
        server.answer(&first, "").await;
    };
    let (first, second, ()) = tokio::join!(rig.blocked(), rig.blocked(), serve);
    assert_eq!(first.unwrap().len(), 0);
    assert_eq!(second.unwrap()[0].as_str(), "u2@host.test");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_fails_its_request_and_nothing_else() {
    let (rig, mut server) = Rig::online().await;
    let serve = async {
        server.answer_next("blocklist", r#"<other xmlns="urn:x"/>"#).await;
        server.answer_next("blocklist", BLOCKLIST).await;
    };
    let ask = async {
        let answer = rig.blocked().await;
        assert!(matches!(answer, Err(RequestFailure::Malformed(_))), "{answer:?}");
        assert_eq!(rig.blocked().await.unwrap().len(), 1);
    };
    tokio::join!(ask, serve);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_request_frees_its_place() {
    let (rig, mut server) = Rig::online_with(|parts| parts.config.max_requests = 1).await;
    let request = rig.spawn_request();
    server.expect("blocklist").await;
    let refused = rig.blocked().await;
    assert_eq!(refused, Err(RequestFailure::TooManyRequests));
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    let (answer, ()) = tokio::join!(rig.blocked(), server.answer_next("blocklist", BLOCKLIST));
    assert_eq!(answer.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_before_it_was_sent_is_not_sent() {
    let (rig, mut server) = Rig::online().await;
    let mut dropped = Box::pin(rig.blocked());
    assert!(poll_fn(|cx| Poll::Ready(dropped.as_mut().poll(cx).is_pending())).await);
    drop(dropped);
    let (answer, ()) = tokio::join!(
        rig.driver.request(&GetBlockedBy, RequestOptions::default()),
        server.answer_next("user_activities", "")
    );
    assert_eq!(answer.unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_answer_fails_when_its_own_time_is_up() {
    let (rig, mut server) = Rig::online().await;
    for (asked, expected) in [(None, 15 * SECOND), (Some(3 * SECOND), 3 * SECOND)] {
        let start = Instant::now();
        assert_eq!(
            rig.driver
                .request(&GetBlocked, RequestOptions { timeout: asked, fail_fast: None })
                .await,
            Err(RequestFailure::TimedOut)
        );
        assert_eq!(start.elapsed(), expected);
        server.expect("blocklist").await;
        server.answer_next("urn:xmpp:ping", "").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_server_is_noticed_within_forty_seconds() {
    let (rig, mut server) = Rig::online().await;
    let start = Instant::now();
    rig.reaches(ConnectionState::Reconnecting).await;
    assert_eq!(start.elapsed(), 40 * SECOND);
    assert!(matches!(rig.disconnect_reasons()[..], [DisconnectReason::PeerSilent]));
    server.expect("urn:xmpp:ping").await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_made_again_with_a_fresh_password_and_pending_requests_fail() {
    let (mut rig, mut server) = Rig::online().await;
    let before = rig.driver.jid();
    let lose = async {
        server.expect("blocklist").await;
        drop(server);
    };
    let (answer, ()) = tokio::join!(rig.blocked(), lose);
    let Err(RequestFailure::ConnectionLost(cause)) = answer else {
        panic!("{answer:?}");
    };
    assert!(matches!(*cause, DisconnectReason::ConnectionBroken(_)), "{cause}");
    assert_eq!(rig.driver.state(), ConnectionState::Reconnecting);
    let fast = RequestOptions { timeout: None, fail_fast: Some(true) };
    let refused = rig.driver.request(&GetBlocked, fast).await;
    assert!(matches!(refused, Err(RequestFailure::NotConnected { last: Some(_) })), "{refused:?}");
    let sent = rig.driver.send(b"<presence/>".to_vec()).await;
    assert_eq!(sent, Err(RequestFailure::NotConnected { last: None }));
    let _server = rig.accept().await;
    rig.reaches(ConnectionState::Connected).await;
    assert_ne!(rig.driver.jid(), before);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_carries_its_own_password() {
    let (mut rig, server) = Rig::online().await;
    drop(server);
    let mut server = Server(rig.connections.recv().await.unwrap());
    server.offer_plain().await;
    // Base64 of NUL, u1, NUL, pw2.
    server.expect(">AHUxAHB3Mg==<").await;
}

#[tokio::test(start_paused = true)]
async fn attempts_after_a_loss_follow_the_back_off() {
    let (mut rig, server) = Rig::online().await;
    rig.connector.refusals.store(8, Ordering::SeqCst);
    drop(server);
    let start = Instant::now();
    let _server = rig.accept().await;
    rig.reaches(ConnectionState::Connected).await;
    let delays: Vec<_> = rig
        .notices
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
    let Err(EndReason::Unreachable { attempts: 1, last }) = rig.driver.ready().await else {
        panic!("it connected");
    };
    let DisconnectReason::ConnectFailed(cause) = *last else { panic!("{last}") };
    assert!(cause.downcast_ref::<TransportError>().is_some());
    assert_eq!(rig.blocked().await, Err(RequestFailure::Closed));
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_answers_and_for_the_servers_close() {
    let (rig, mut server) = Rig::online().await;
    let request = rig.spawn_request();
    let question = server.expect("blocklist").await;
    let serve = async {
        server.expect(r#"<presence type="unavailable" xmlns="jabber:client"/>"#).await;
        server.expect("<close ").await;
        server.answer(&question, BLOCKLIST).await;
        server.send(r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />"#).await;
        assert!(server.0.next().await.is_none(), "the client must close the connection");
    };
    let start = Instant::now();
    tokio::join!(rig.driver.close(EndReason::Closed), serve);
    assert!(start.elapsed() < SECOND);
    assert_eq!(request.await.unwrap().unwrap().len(), 1);
    assert_eq!(rig.driver.state(), ConnectionState::Ended);
    assert!(matches!(rig.driver.ended().await, EndReason::Closed));
    let last = rig.notices.lock().unwrap().pop();
    assert!(matches!(last, Some(Notice::Ended(EndReason::Closed))), "{last:?}");
    rig.driver.close(EndReason::Closed).await;
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_for_a_dead_server() {
    let (rig, _server) = Rig::online().await;
    let start = Instant::now();
    rig.driver.close(EndReason::AccountDeleted).await;
    assert!(start.elapsed() <= 8 * SECOND, "{:?}", start.elapsed());
    assert!(matches!(rig.driver.ended().await, EndReason::AccountDeleted));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_closes_the_session() {
    let (rig, mut server) = Rig::online().await;
    let clone = rig.driver.clone();
    let notices = Arc::clone(&rig.notices);
    drop(rig);
    assert!(timeout(SECOND, server.next()).await.is_err(), "a handle is left");
    drop(clone);
    server.expect("unavailable").await;
    server.expect("<close ").await;
    drop(server);
    let ended = || matches!(notices.lock().unwrap().last(), Some(Notice::Ended(EndReason::Closed)));
    timeout(10 * SECOND, async {
        while !ended() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn notices_arrive_in_order() {
    let (rig, mut server) = Rig::online().await;
    for n in 0..50 {
        server
            .send(&format!(r#"<message from="host.test"><user_deleted user="u{n}"/></message>"#))
            .await;
    }
    rig.driver.close(EndReason::Closed).await;
    let mut users = Vec::new();
    for notice in rig.notices.lock().unwrap().iter() {
        if let Notice::Push { push: mfly_proto::push::Push::UserDeleted(deleted), .. } = notice {
            users.push(deleted.user.as_str().to_owned());
        }
    }
    assert_eq!(users, (0..50).map(|n| format!("u{n}")).collect::<Vec<_>>());
}
