//! The clients of the signalling server, their queues and their codes.

use mfly_proto::qr_login;
use mfly_proto::signalling::engine_io::{Handshake, Packet};
use mfly_proto::signalling::socket_io::{self, Kind};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The defaults of the official server's 2.x line.
const PING_INTERVAL: Duration = Duration::from_secs(25);
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// Clients at a time.
const CLIENTS: usize = 4096;

/// Packets that may wait for one client. One that does not fetch that many is forgotten.
const QUEUED: usize = 256;

/// All clients.
pub(crate) struct Hub {
    clients: BTreeMap<String, Client>,
    /// Code -> the client that shows it. A code is in here as long as it can be approved.
    codes: BTreeMap<String, String>,
    code_lifetime: Duration,
}

struct Client {
    outbox: VecDeque<Packet>,
    wake: Arc<Notify>,
    is_websocket: bool,
    is_polled: bool,
    is_upgrading: bool,
    /// It does not fetch its packets.
    is_stalled: bool,
    /// What the client is called in events; its first code. Never changes.
    name: String,
    code: Option<Code>,
    approval: Option<Approval>,
    heard: Instant,
}

struct Code {
    id: String,
    expires: Instant,
}

/// A code of a client that was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Approval {
    /// The code.
    pub(crate) code: String,
    /// The client that approved it.
    pub(crate) phone: String,
    /// What that one is called.
    pub(crate) phone_name: String,
    /// Whether the log-in is over, well or not.
    pub(crate) is_settled: bool,
}

/// What a client may do now.
pub(crate) enum Poll {
    /// These packets are for it.
    Ready(Vec<Packet>),
    /// Nothing yet: wait here.
    Wait(Arc<Notify>),
    /// It is not known, any more.
    Gone,
}

impl Hub {
    pub(crate) const fn new(code_lifetime: Duration) -> Self {
        Self {
            clients: BTreeMap::new(),
            codes: BTreeMap::new(),
            code_lifetime,
        }
    }

    /// Takes in a client and greets it. `false` when there is no room.
    pub(crate) fn open(
        &mut self,
        sid: &str,
        code: String,
        is_websocket: bool,
        now: Instant,
    ) -> bool {
        if self.clients.len() >= CLIENTS {
            return false;
        }
        let greeting = Handshake {
            sid: sid.to_owned(),
            upgrades: if is_websocket {
                Vec::new()
            } else {
                vec!["websocket".to_owned()]
            },
            ping_interval: PING_INTERVAL,
            ping_timeout: PING_TIMEOUT,
        };
        let connect = socket_io::Packet::root(Kind::Connect).encode();
        let client = Client {
            outbox: VecDeque::from([Packet::Open(greeting), Packet::Message(connect)]),
            wake: Arc::default(),
            is_websocket,
            is_polled: false,
            is_upgrading: false,
            is_stalled: false,
            name: code.clone(),
            code: None,
            approval: None,
            heard: now,
        };
        self.clients.insert(sid.to_owned(), client);
        self.show(sid, code, now)
    }

    /// Forgets a client, and its code; says what had been approved for it.
    pub(crate) fn close(&mut self, sid: &str) -> Option<Approval> {
        let client = self.clients.remove(sid)?;
        client.wake.notify_one();
        if let Some(code) = client.code {
            self.codes.remove(&code.id);
        }
        client.approval.filter(|approval| !approval.is_settled)
    }

    /// Gives a client a code to show in place of its last one.
    pub(crate) fn show(&mut self, sid: &str, code: String, now: Instant) -> bool {
        let Some(client) = self.clients.get_mut(sid) else {
            return false;
        };
        let fresh = Code {
            id: code.clone(),
            expires: now + self.code_lifetime,
        };
        if let Some(old) = client.code.replace(fresh) {
            self.codes.remove(&old.id);
        }
        client.approval = None;
        self.codes.insert(code.clone(), sid.to_owned());
        self.emit(sid, qr_login::ID, Some(Value::from(code)))
    }

    /// Uses a code up: nobody can approve it again. Says who shows it.
    pub(crate) fn claim(
        &mut self,
        code: &str,
        phone: &str,
        now: Instant,
    ) -> Option<(String, String)> {
        let phone_name = self.clients.get(phone)?.name.clone();
        let web = self.codes.get(code)?.clone();
        let client = self.clients.get_mut(&web)?;
        if web == phone || client.code.as_ref()?.expires <= now {
            return None;
        }
        client.code = None;
        client.approval = Some(Approval {
            code: code.to_owned(),
            phone: phone.to_owned(),
            phone_name: phone_name.clone(),
            is_settled: false,
        });
        self.codes.remove(code);
        Some((web, phone_name))
    }

    /// Takes note that the log-in of a client is over. `None` unless one was under way that `phone_name` approved.
    pub(crate) fn settle(&mut self, web: &str, phone_name: &str) -> Option<Approval> {
        let approval = self.clients.get_mut(web)?.approval.as_mut()?;
        if approval.is_settled || approval.phone_name != phone_name {
            return None;
        }
        approval.is_settled = true;
        Some(approval.clone())
    }

    /// Tells the client whose code was approved that its session must end.
    pub(crate) fn log_out(&mut self, code: &str) {
        let web = self.clients.iter().find(|(_, client)| {
            let approval = client.approval.as_ref();
            approval.is_some_and(|approval| approval.code == code)
        });
        if let Some(sid) = web.map(|(sid, _)| sid.clone()) {
            self.emit(&sid, qr_login::LOGOUT_WEB, None);
        }
    }

    /// Queues an event.
    pub(crate) fn emit(&mut self, sid: &str, name: &str, argument: Option<Value>) -> bool {
        let event = socket_io::Packet::event(name, argument.into_iter().collect());
        self.push(sid, Packet::Message(event.encode()))
    }

    /// Queues a packet. `false` when the client is gone, or does not fetch its packets.
    pub(crate) fn push(&mut self, sid: &str, packet: Packet) -> bool {
        let Some(client) = self.clients.get_mut(sid) else {
            return false;
        };
        if client.outbox.len() >= QUEUED {
            client.is_stalled = true;
            return false;
        }
        client.outbox.push_back(packet);
        client.wake.notify_one();
        true
    }

    /// Begins a poll. `false` when one is under way, or polling is over.
    pub(crate) fn begin_poll(&mut self, sid: &str) -> Option<bool> {
        let client = self.clients.get_mut(sid)?;
        let is_free = !client.is_polled && !client.is_websocket;
        client.is_polled |= is_free;
        Some(is_free)
    }

    pub(crate) fn end_poll(&mut self, sid: &str) {
        if let Some(client) = self.clients.get_mut(sid) {
            client.is_polled = false;
        }
    }

    /// What is there for a poll. While the client moves to WebSocket a poll ends with nothing, so that it can.
    pub(crate) fn poll(&mut self, sid: &str) -> Poll {
        match self.clients.get_mut(sid) {
            None => Poll::Gone,
            Some(client) if !client.outbox.is_empty() => {
                Poll::Ready(client.outbox.drain(..).collect())
            }
            Some(client) if client.is_upgrading || client.is_websocket => {
                Poll::Ready(vec![Packet::Noop])
            }
            Some(client) => Poll::Wait(Arc::clone(&client.wake)),
        }
    }

    /// What is there for a WebSocket.
    pub(crate) fn poll_websocket(&mut self, sid: &str) -> Poll {
        match self.clients.get_mut(sid) {
            None => Poll::Gone,
            Some(client) if client.outbox.is_empty() => Poll::Wait(Arc::clone(&client.wake)),
            Some(client) => Poll::Ready(client.outbox.drain(..).collect()),
        }
    }

    /// Whether a client is known and still polls.
    pub(crate) fn is_polling(&self, sid: &str) -> Option<bool> {
        Some(!self.clients.get(sid)?.is_websocket)
    }

    /// The client probes a WebSocket, or gave that up.
    pub(crate) fn set_upgrading(&mut self, sid: &str, is_upgrading: bool) {
        if let Some(client) = self.clients.get_mut(sid) {
            client.is_upgrading = is_upgrading;
            client.wake.notify_one();
        }
    }

    /// The client moved to its WebSocket.
    pub(crate) fn upgraded(&mut self, sid: &str) {
        if let Some(client) = self.clients.get_mut(sid) {
            client.is_upgrading = false;
            client.is_websocket = true;
            client.wake.notify_one();
        }
    }

    pub(crate) fn heard(&mut self, sid: &str, now: Instant) {
        if let Some(client) = self.clients.get_mut(sid) {
            client.heard = now;
        }
    }

    /// Clients from whom nothing was heard for too long.
    pub(crate) fn silent(&self, now: Instant) -> Vec<String> {
        self.sids(|client| client.silent_at() <= now)
    }

    /// Clients whose codes are too old.
    pub(crate) fn expired(&self, now: Instant) -> Vec<String> {
        self.sids(|client| client.code.as_ref().is_some_and(|code| code.expires <= now))
    }

    /// When there is something to do.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let codes = self
            .clients
            .values()
            .filter_map(|client| client.code.as_ref());
        let silences = self.clients.values().map(Client::silent_at);
        codes.map(|code| code.expires).chain(silences).min()
    }

    /// Every client, for a fault.
    pub(crate) fn all(&self) -> Vec<String> {
        self.sids(|_| true)
    }

    fn sids(&self, is_wanted: impl Fn(&Client) -> bool) -> Vec<String> {
        let wanted = self.clients.iter().filter(|(_, client)| is_wanted(client));
        wanted.map(|(sid, _)| sid.clone()).collect()
    }
}

impl Client {
    fn silent_at(&self) -> Instant {
        if self.is_stalled {
            self.heard
        } else {
            self.heard + PING_INTERVAL + PING_TIMEOUT
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(60);

    fn hub() -> (Hub, Instant) {
        let (mut hub, now) = (Hub::new(LIFETIME), Instant::now());
        assert!(hub.open("web", "code".to_owned(), false, now));
        assert!(hub.open("phone", "other".to_owned(), true, now));
        (hub, now)
    }

    #[test]
    fn a_code_can_be_claimed_once_before_it_expires_and_not_by_its_own_client() {
        let (mut hub, now) = hub();
        assert_eq!(hub.claim("code", "web", now), None);
        assert_eq!(hub.claim("code", "phone", now + LIFETIME), None);
        let claimed = hub.claim("code", "phone", now);
        assert_eq!(claimed, Some(("web".to_owned(), "other".to_owned())));
        assert_eq!(hub.claim("code", "phone", now), None);
    }

    #[test]
    fn a_replaced_code_is_void() {
        let (mut hub, now) = hub();
        assert_eq!(hub.expired(now + LIFETIME), ["phone", "web"]);
        hub.show("web", "fresh".to_owned(), now);
        assert_eq!(hub.claim("code", "phone", now), None);
        assert!(hub.claim("fresh", "phone", now).is_some());
    }

    #[test]
    fn a_code_dies_with_the_client_that_shows_it() {
        let (mut hub, now) = hub();
        assert_eq!(hub.close("web"), None);
        assert_eq!(hub.claim("code", "phone", now), None);
    }

    #[test]
    fn only_the_status_for_the_approving_phone_settles_a_log_in_and_once() {
        let (mut hub, now) = hub();
        hub.claim("code", "phone", now).unwrap();
        assert_eq!(hub.settle("web", "somebody"), None);
        assert_eq!(hub.settle("web", "other").unwrap().code, "code");
        assert_eq!(hub.settle("web", "other"), None);
    }

    #[test]
    fn a_client_that_fetches_nothing_is_forgotten() {
        let (mut hub, now) = hub();
        while hub.push("web", Packet::Noop) {}
        assert_eq!(hub.silent(now), ["web"]);
    }

    #[test]
    fn a_poll_ends_with_nothing_while_the_client_moves_to_websocket() {
        let (mut hub, _) = hub();
        assert!(matches!(hub.poll("web"), Poll::Ready(packets) if packets.len() == 3));
        assert!(matches!(hub.poll("web"), Poll::Wait(_)));
        hub.set_upgrading("web", true);
        assert!(matches!(hub.poll("web"), Poll::Ready(packets) if packets == [Packet::Noop]));
    }
}
