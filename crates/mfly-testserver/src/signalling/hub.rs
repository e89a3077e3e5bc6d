//! The clients of the signalling server, with their queues and codes.

mod client;

use crate::core::memory::{Budget, Held};
use client::{Client, Code, PING_INTERVAL, PING_TIMEOUT, text_bytes};
use mfly_proto::qr_login;
use mfly_proto::signalling::engine_io::{Handshake, Packet};
use mfly_proto::signalling::socket_io::{self, Kind};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

pub(super) const CLIENTS: usize = 4096;

/// Largest number of clients from one address.
const CLIENTS_OF_ADDRESS: usize = CLIENTS / 2;

/// The name of the phone when the server itself approves a code.
const SERVER: &str = "server";

/// Packets that may wait for one client. A client that does not fetch them is closed.
const QUEUED: usize = 256;

/// Bytes that may wait for one client: enough for a response to the largest packet.
const QUEUED_BYTES: usize = 2 * mfly_proto::signalling::MAX_BYTES;

/// The memory of a packet beside its text.
const PACKET_BYTES: usize = size_of::<(Packet, Held)>();

pub(crate) struct Hub {
    clients: BTreeMap<String, Client>,
    /// The client of each code that can be approved.
    codes: BTreeMap<String, String>,
    code_lifetime: Duration,
    /// Counts the packets that wait for clients.
    queued: Arc<Budget>,
}

/// The origin of a client's connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Origin {
    /// The client's address; `None` for a connection in memory.
    pub(crate) address: Option<IpAddr>,
    /// Whether the client begins with a WebSocket.
    pub(crate) is_websocket: bool,
}

/// The approval of a client's code by a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Approval {
    pub(crate) code: String,
    /// The id of the phone's client; `None` if the server itself approved the code.
    pub(crate) phone: Option<String>,
    /// The name of the phone's client in events.
    pub(crate) phone_name: String,
    /// Whether the log-in has succeeded or failed.
    pub(crate) is_settled: bool,
}

/// The packets for a client, or the reason why there are none.
pub(crate) enum Poll {
    /// Packets, which count until they are dropped.
    Ready(Vec<(Packet, Held)>),
    /// No packets yet: wait for this.
    Wait(Arc<Notify>),
    /// The client is closed, or must be.
    Gone,
}

impl Hub {
    /// A hub without clients. `limit` is the limit of the bytes that wait for all clients.
    pub(crate) fn new(code_lifetime: Duration, limit: usize) -> Self {
        Self {
            clients: BTreeMap::new(),
            codes: BTreeMap::new(),
            code_lifetime,
            queued: Budget::new(limit),
        }
    }

    /// Bytes that wait for clients.
    pub(crate) fn bytes(&self) -> usize {
        self.queued.held()
    }

    /// Adds a client and greets it. `None` if there is no room. Otherwise returns the client that
    /// was evicted for it, if any, which the caller must close.
    pub(crate) fn open(
        &mut self,
        sid: &str,
        code: String,
        origin: Origin,
        now: Instant,
    ) -> Option<Option<String>> {
        let is_websocket = origin.is_websocket;
        let same = |client: &&Client| client.address == origin.address;
        let of_address = self.clients.values().filter(same).count();
        let is_address_full = origin.address.is_some() && of_address >= CLIENTS_OF_ADDRESS;
        let replaced = if is_address_full || self.clients.len() >= CLIENTS {
            let idle = self.idle(|client| !is_address_full || client.address == origin.address);
            Some(idle?)
        } else {
            None
        };
        let greeting = Handshake {
            sid: sid.to_owned(),
            upgrades: if is_websocket { Vec::new() } else { vec!["websocket".to_owned()] },
            ping_interval: PING_INTERVAL,
            ping_timeout: PING_TIMEOUT,
        };
        let connect = socket_io::Packet::root(Kind::Connect).encode();
        let client = Client {
            outbox: VecDeque::new(),
            waiting: 0,
            address: origin.address,
            has_returned: is_websocket,
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
        let is_open = self.push(sid, Packet::Open(greeting))
            && self.push(sid, Packet::Message(connect))
            && self.show(sid, code, now);
        is_open.then_some(replaced)
    }

    /// The client to evict: the one that has been idle for longest and has no approval.
    fn idle(&self, condition: impl Fn(&Client) -> bool) -> Option<String> {
        let idle = self.clients.iter().filter(|(_, client)| {
            let is_idle = !client.is_polled && !client.is_websocket && client.approval.is_none();
            is_idle && condition(client)
        });
        let oldest = idle.min_by_key(|(_, client)| (client.has_returned, client.heard));
        oldest.map(|(sid, _)| sid.clone())
    }

    /// Removes a client with its code, and returns its approval if the log-in is not settled.
    pub(crate) fn close(&mut self, sid: &str) -> Option<Approval> {
        let client = self.clients.remove(sid)?;
        client.wake.notify_one();
        if let Some(code) = client.code {
            self.codes.remove(&code.id);
        }
        client.approval.filter(|approval| !approval.is_settled)
    }

    /// Replaces a client's code. `false` if the client is closed, or does not fetch its packets.
    pub(crate) fn show(&mut self, sid: &str, code: String, now: Instant) -> bool {
        let Some(client) = self.clients.get_mut(sid) else {
            return false;
        };
        let fresh = Code { id: code.clone(), expires: now + self.code_lifetime };
        if let Some(old) = client.code.replace(fresh) {
            self.codes.remove(&old.id);
        }
        client.approval = None;
        self.codes.insert(code.clone(), sid.to_owned());
        self.emit(sid, qr_login::ID, Some(Value::from(code)))
    }

    /// Moves the ends of all codes this much closer.
    pub(crate) fn advance(&mut self, by: Duration) {
        for code in self.clients.values_mut().filter_map(|client| client.code.as_mut()) {
            code.expires = code.expires.checked_sub(by).unwrap_or_else(Instant::now);
        }
    }

    /// The codes that can be approved, each with the time until it expires, soonest first.
    pub(crate) fn codes(&self, now: Instant) -> Vec<(String, Duration)> {
        let codes = self.clients.values().filter_map(|client| client.code.as_ref());
        let mut codes: Vec<_> = codes
            .map(|code| (code.id.clone(), code.expires.saturating_duration_since(now)))
            .collect();
        codes.sort_by_key(|(_, left)| *left);
        codes
    }

    /// The client that shows a code.
    pub(crate) fn client_of(&self, code: &str) -> Option<String> {
        self.codes.get(code).cloned()
    }

    /// Uses a code up for an approval by `phone`, or by the server itself. Returns the id of the
    /// client with the code, and the name of the phone's client.
    pub(crate) fn claim(
        &mut self,
        code: &str,
        phone: Option<&str>,
        now: Instant,
    ) -> Option<(String, String)> {
        let phone_name = match phone {
            Some(phone) => self.clients.get(phone)?.name.clone(),
            None => SERVER.to_owned(),
        };
        let web = self.codes.get(code)?.clone();
        let client = self.clients.get_mut(&web)?;
        if Some(web.as_str()) == phone || client.code.as_ref()?.expires <= now {
            return None;
        }
        client.code = None;
        client.approval = Some(Approval {
            code: code.to_owned(),
            phone: phone.map(str::to_owned),
            phone_name: phone_name.clone(),
            is_settled: false,
        });
        self.codes.remove(code);
        Some((web, phone_name))
    }

    /// Settles the log-in of a client. `None` unless it has an open approval by `phone_name`.
    pub(crate) fn settle(&mut self, web: &str, phone_name: &str) -> Option<Approval> {
        let approval = self.clients.get_mut(web)?.approval.as_mut()?;
        if approval.is_settled || approval.phone_name != phone_name {
            return None;
        }
        approval.is_settled = true;
        Some(approval.clone())
    }

    /// Tells the client of an approved code to log out.
    pub(crate) fn log_out(&mut self, code: &str) {
        let web = self.clients.iter().find(|(_, client)| {
            let approval = client.approval.as_ref();
            approval.is_some_and(|approval| approval.code == code)
        });
        if let Some(sid) = web.map(|(sid, _)| sid.clone()) {
            self.emit(&sid, qr_login::LOGOUT_WEB, None);
        }
    }

    pub(crate) fn emit(&mut self, sid: &str, name: &str, argument: Option<Value>) -> bool {
        let event = socket_io::Packet::event(name, argument.into_iter().collect());
        self.push(sid, Packet::Message(event.encode()))
    }

    /// Queues a packet. `false` if the client is closed, or does not fetch its packets.
    pub(crate) fn push(&mut self, sid: &str, packet: Packet) -> bool {
        let Some(client) = self.clients.get_mut(sid) else {
            return false;
        };
        let bytes = PACKET_BYTES + text_bytes(&packet);
        if client.outbox.len() >= QUEUED || client.waiting + bytes > QUEUED_BYTES {
            client.is_stalled = true;
            return false;
        }
        client.waiting += bytes;
        client.outbox.push_back((packet, self.queued.charge(bytes)));
        client.wake.notify_one();
        self.make_room();
        self.clients.get(sid).is_some_and(|client| !client.is_stalled)
    }

    /// Drops the longest queues until the others fit. Their clients will be closed.
    fn make_room(&mut self) {
        while self.queued.is_exceeded() {
            let client = self.clients.values_mut().max_by_key(|client| client.waiting);
            match client.filter(|client| client.waiting > 0) {
                Some(client) => {
                    client.outbox = VecDeque::new();
                    client.waiting = 0;
                    client.is_stalled = true;
                    client.wake.notify_one();
                }
                None => return,
            }
        }
    }

    /// Begins a poll. `false` if another poll is open, or the client has a WebSocket.
    pub(crate) fn begin_poll(&mut self, sid: &str) -> Option<bool> {
        let client = self.clients.get_mut(sid)?;
        let is_free = !client.is_polled && !client.is_websocket;
        client.is_polled |= is_free;
        client.has_returned |= client.is_greeted();
        Some(is_free)
    }

    pub(crate) fn end_poll(&mut self, sid: &str) {
        if let Some(client) = self.clients.get_mut(sid) {
            client.is_polled = false;
        }
    }

    /// Returns the packets for a poll. A poll ends without packets while the client moves to a
    /// WebSocket.
    pub(crate) fn poll(&mut self, sid: &str) -> Poll {
        match self.clients.get_mut(sid) {
            None => Poll::Gone,
            Some(client) if client.is_stalled => Poll::Gone,
            Some(client) if !client.outbox.is_empty() => Poll::Ready(client.take()),
            Some(client) if client.is_upgrading || client.is_websocket => {
                Poll::Ready(vec![(Packet::Noop, self.queued.charge(0))])
            }
            Some(client) => Poll::Wait(Arc::clone(&client.wake)),
        }
    }

    pub(crate) fn poll_websocket(&mut self, sid: &str) -> Poll {
        match self.clients.get_mut(sid) {
            None => Poll::Gone,
            Some(client) if client.is_stalled => Poll::Gone,
            Some(client) if client.outbox.is_empty() => Poll::Wait(Arc::clone(&client.wake)),
            Some(client) => Poll::Ready(client.take()),
        }
    }

    /// Whether a client polls; `None` if it is unknown.
    pub(crate) fn is_polling(&self, sid: &str) -> Option<bool> {
        Some(!self.clients.get(sid)?.is_websocket)
    }

    /// Says whether the client is moving to a WebSocket.
    pub(crate) fn set_upgrading(&mut self, sid: &str, is_upgrading: bool) {
        if let Some(client) = self.clients.get_mut(sid) {
            client.is_upgrading = is_upgrading;
            client.wake.notify_one();
        }
    }

    /// Says that the client has moved to its WebSocket.
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
            client.has_returned = true;
        }
    }

    /// The clients that have timed out.
    pub(crate) fn silent(&self, now: Instant) -> Vec<String> {
        self.sids(|client| client.silent_at() <= now)
    }

    /// The clients whose codes have expired.
    pub(crate) fn expired(&self, now: Instant) -> Vec<String> {
        self.sids(|client| client.code.as_ref().is_some_and(|code| code.expires <= now))
    }

    /// The next time when a client times out or a code expires.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let codes = self.clients.values().filter_map(|client| client.code.as_ref());
        let silences = self.clients.values().map(Client::silent_at);
        codes.map(|code| code.expires).chain(silences).min()
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.sids(|_| true)
    }

    fn sids(&self, is_wanted: impl Fn(&Client) -> bool) -> Vec<String> {
        let wanted = self.clients.iter().filter(|(_, client)| is_wanted(client));
        wanted.map(|(sid, _)| sid.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::client::FIRST;
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(60);
    const LIMIT: usize = 8 * 1024 * 1024;

    fn hub() -> (Hub, Instant) {
        let (mut hub, now) = (Hub::new(LIFETIME, LIMIT), Instant::now());
        assert!(hub.open("web", "code".to_owned(), Origin::default(), now).is_some());
        let websocket = Origin { is_websocket: true, ..Origin::default() };
        assert!(hub.open("phone", "other".to_owned(), websocket, now).is_some());
        (hub, now)
    }

    fn packets(poll: Poll) -> Vec<Packet> {
        match poll {
            Poll::Ready(packets) => packets.into_iter().map(|(packet, _)| packet).collect(),
            Poll::Wait(_) | Poll::Gone => Vec::new(),
        }
    }

    #[test]
    fn a_code_can_be_claimed_once_before_it_expires_and_not_by_its_own_client() {
        let (mut hub, now) = hub();
        assert_eq!(hub.claim("code", Some("web"), now), None);
        assert_eq!(hub.claim("code", Some("phone"), now + LIFETIME), None);
        let claimed = hub.claim("code", Some("phone"), now);
        assert_eq!(claimed, Some(("web".to_owned(), "other".to_owned())));
        assert_eq!(hub.claim("code", Some("phone"), now), None);
    }

    #[test]
    fn a_replaced_code_is_void() {
        let (mut hub, now) = hub();
        assert_eq!(hub.expired(now + LIFETIME), ["phone", "web"]);
        hub.show("web", "fresh".to_owned(), now);
        assert_eq!(hub.claim("code", Some("phone"), now), None);
        assert!(hub.claim("fresh", Some("phone"), now).is_some());
    }

    #[test]
    fn a_code_ends_with_its_client() {
        let (mut hub, now) = hub();
        assert_eq!(hub.close("web"), None);
        assert_eq!(hub.claim("code", Some("phone"), now), None);
    }

    #[test]
    fn only_the_status_for_the_approving_phone_settles_a_log_in_and_once() {
        let (mut hub, now) = hub();
        hub.claim("code", Some("phone"), now).unwrap();
        assert_eq!(hub.settle("web", "stranger"), None);
        assert_eq!(hub.settle("web", "other").unwrap().code, "code");
        assert_eq!(hub.settle("web", "other"), None);
    }

    #[test]
    fn a_client_that_fetches_no_packets_times_out() {
        let (mut hub, now) = hub();
        while hub.push("web", Packet::Noop) {}
        assert_eq!(hub.silent(now), ["web"]);
    }

    #[test]
    fn the_bytes_that_wait_for_one_client_and_for_all_clients_are_bounded() {
        let (mut hub, now) = hub();
        let large = || Packet::Pong("x".repeat(250_000));
        for number in 0..200 {
            let sid = format!("s{number}");
            let code = format!("c{number}");
            assert!(hub.open(&sid, code, Origin::default(), now).is_some());
            while hub.push(&sid, large()) {}
            assert!(hub.clients[&sid].waiting <= QUEUED_BYTES);
            assert!(hub.bytes() <= LIMIT, "{}", hub.bytes());
        }
        // Clients that fetch their packets are not affected.
        assert_eq!(packets(hub.poll("web")).len(), 3);
        assert!(hub.push("web", large()));
        assert_eq!(packets(hub.poll("web")), [large()]);
    }

    #[test]
    fn clients_that_never_come_back_are_evicted_first() {
        let (mut hub, now) = hub();
        for number in 0..CLIENTS - 2 {
            let (sid, code) = (format!("s{number}"), format!("c{number}"));
            assert_eq!(hub.open(&sid, code, Origin::default(), now), Some(None));
        }
        // These come back: one polls, one has sent a packet, one has an approval.
        hub.begin_poll("s0");
        hub.heard("web", now);
        hub.claim("c1", Some("phone"), now).unwrap();
        let replaced = hub.open("new", "fresh".to_owned(), Origin::default(), now);
        assert_eq!(replaced, Some(Some("s10".to_owned())));
    }

    #[test]
    fn an_address_is_limited_and_its_own_idle_clients_are_evicted() {
        let (mut hub, now) = hub();
        let from = |last| Origin { address: Some([127, 0, 0, last].into()), is_websocket: false };
        for number in 0..CLIENTS_OF_ADDRESS {
            let (sid, code) = (format!("s{number}"), format!("c{number}"));
            assert_eq!(hub.open(&sid, code, from(1), now), Some(None));
            hub.begin_poll(&sid);
        }
        assert_eq!(hub.open("a", "b".to_owned(), from(1), now), None);
        assert_eq!(hub.open("c", "d".to_owned(), from(2), now), Some(None));
        hub.end_poll("s7");
        let replaced = hub.open("a", "b".to_owned(), from(1), now);
        assert_eq!(replaced, Some(Some("s7".to_owned())));
    }

    #[test]
    fn a_client_that_does_not_come_back_after_its_greeting_times_out_early() {
        let (mut hub, now) = hub();
        assert!(hub.begin_poll("web").unwrap());
        packets(hub.poll("web"));
        hub.end_poll("web");
        assert_eq!(hub.silent(now + FIRST), ["web"]);
        assert!(hub.begin_poll("web").unwrap());
        hub.end_poll("web");
        assert_eq!(hub.silent(now + FIRST), Vec::<String>::new());
    }

    #[test]
    fn a_poll_ends_without_packets_while_the_client_moves_to_a_websocket() {
        let (mut hub, _) = hub();
        assert_eq!(packets(hub.poll("web")).len(), 3);
        assert!(matches!(hub.poll("web"), Poll::Wait(_)));
        hub.set_upgrading("web", true);
        assert_eq!(packets(hub.poll("web")), [Packet::Noop]);
    }
}
