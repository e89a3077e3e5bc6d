//! A server without sockets and with a clock of its own, for the tests of this crate's protocol
//! core.
//!
//! Over TCP, whatever a test lets a client say is cut into frames as the shell does it, and
//! whatever the server says has to be a stream that a client can cut and read.

mod wire;

use super::Core;
use crate::core::feature::{account, standard};
use crate::core::stream::StreamMeta;
use crate::core::world::{Output, Registered, Settings, StreamId, Timestamp};
use mfly_proto::cipher::{RequestCipher, login};
use mfly_proto::framing::{Frame, Framing, Open};
use mfly_proto::jid::{UserId, UserIdentifier};
use mfly_proto::sasl::{Auth, ChannelBindings, Mechanism, Plain};
use mfly_proto::secret::{LicenceKey, Password};
use mfly_proto::stream::StreamCondition;
use mfly_proto::xml::Writer;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::Wire;

pub(crate) const HOST: &str = "xmpp.example.test";
const LICENCE_KEY: &str = "LICENSEKEY0123456789abcdefghijkl";
const START: Timestamp = Timestamp(1_795_399_569_086);

/// A core, its time, and what it said to whom.
pub(crate) struct Server {
    pub(crate) core: Core,
    pub(crate) now: Timestamp,
    inboxes: BTreeMap<StreamId, Vec<String>>,
    closed: BTreeSet<StreamId>,
    /// Streams that are to be encrypted.
    pub(crate) secured: BTreeSet<StreamId>,
    /// What carries the streams that are opened from now on.
    pub(crate) meta: StreamMeta,
    wires: BTreeMap<StreamId, Wire>,
    registered: BTreeMap<UserId, Registered>,
}

pub(crate) fn id(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// The settings of every test server.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::new(LicenceKey::new(LICENCE_KEY).unwrap());
    settings.xmpp_host = HOST.to_owned();
    settings
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::with(settings())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        Self {
            core: Core::new(settings, [7; 32]).unwrap(),
            now: START,
            inboxes: BTreeMap::new(),
            closed: BTreeSet::new(),
            secured: BTreeSet::new(),
            meta: StreamMeta { tls: true, ..StreamMeta::default() },
            wires: BTreeMap::new(),
            registered: BTreeMap::new(),
        }
    }

    /// A server for each framing.
    pub(crate) fn every() -> [Self; 2] {
        Self::every_with(settings())
    }

    /// A server for each framing, with these settings.
    pub(crate) fn every_with(settings: Settings) -> [Self; 2] {
        let mut tcp = Self::with(settings.clone());
        tcp.meta.framing = Framing::Tcp;
        [Self::with(settings), tcp]
    }

    pub(crate) fn is_tcp(&self) -> bool {
        self.meta.framing == Framing::Tcp
    }

    /// Registers a user on a device of that name.
    pub(crate) fn register(&mut self, name: &str) -> Registered {
        let identifier = UserIdentifier::new(name).unwrap();
        let metadata = BTreeMap::new();
        let world = self.core.world_mut();
        let registered =
            account::register(world, self.now, &identifier, ("device", false), metadata).unwrap();
        self.registered.insert(registered.user.clone(), registered.clone());
        registered
    }

    /// The password of a platform account, which is registered unless it is already.
    pub(crate) fn password_of(&mut self, name: &str) -> Password {
        match self.registered.get(&id(name)) {
            Some(registered) => registered.password.clone(),
            None => self.register(name).password,
        }
    }

    /// What a client sends as its password: sealed on a live plan.
    pub(crate) fn sealed(&self, password: &Password) -> Password {
        if self.core.world().settings.trial {
            return password.clone();
        }
        let cipher = RequestCipher::new(&self.core.world().settings.licence_key);
        Password::new(login::seal_password(&cipher, password, 1_795_399_569_086)).unwrap()
    }

    /// PLAIN's first element with this password, as it is.
    pub(crate) fn auth(name: &str, password: &Password) -> String {
        let mut buffer = Vec::new();
        let initial = Plain::new(name, password).unwrap().initial();
        Auth::new("PLAIN", initial).write(&mut Writer::new(&mut buffer));
        String::from_utf8(buffer).unwrap()
    }

    pub(crate) fn open(&mut self) -> StreamId {
        let stream = self.core.open(self.now, self.meta.clone());
        if self.is_tcp() {
            self.wires.insert(stream, Wire::new());
        }
        self.collect();
        stream
    }

    /// What a client opens its stream with.
    pub(crate) fn opening(&self) -> String {
        let mut buffer = Vec::new();
        self.meta.framing.write_open(&Open::to_host(HOST), &mut buffer);
        String::from_utf8(buffer).unwrap()
    }

    /// What the server opens its stream with.
    pub(crate) fn answer_to_opening(&self) -> String {
        let (start, end) = if self.is_tcp() {
            let start = r#"<?xml version='1.0'?><stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" "#;
            (start, ">")
        } else {
            ("<open ", r#" xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#)
        };
        format!(r#"{start}from="{HOST}" id="{{id}}" version="1.0" xml:lang="en"{end}"#)
    }

    /// What either side ends its stream with.
    pub(crate) fn closing(&self) -> [String; 2] {
        let framing = self.meta.framing;
        [framing.client_close(), framing.server_close()].map(|frame| frame.as_str().to_owned())
    }

    /// A connection cannot be read on.
    pub(crate) fn malformed(&mut self, stream: StreamId, condition: StreamCondition) {
        self.core.malformed(self.now, stream, condition);
        self.collect();
    }

    /// A connection is encrypted.
    pub(crate) fn secure(&mut self, stream: StreamId, bindings: ChannelBindings) {
        assert!(self.secured.remove(&stream), "the server did not agree to TLS");
        self.wires.insert(stream, Wire::new());
        self.core.secured(stream, bindings);
        self.collect();
    }

    /// A stream that is open and not authenticated; its inbox is empty.
    pub(crate) fn opened(&mut self) -> StreamId {
        let stream = self.open();
        self.send(stream, &self.opening());
        self.received(stream);
        stream
    }

    /// A stream that is authenticated and open again; its inbox is empty.
    pub(crate) fn authenticated(&mut self, name: &str) -> StreamId {
        let password = self.password_of(name);
        let stream = self.opened();
        let sealed = self.sealed(&password);
        self.send(stream, &Self::auth(name, &sealed));
        self.send(stream, &self.opening());
        self.received(stream);
        stream
    }

    /// A bound session that said nothing about its availability; its inbox is empty.
    pub(crate) fn bound(&mut self, name: &str, resource: &str) -> StreamId {
        let stream = self.authenticated(name);
        self.send(stream, &bind(resource));
        self.received(stream);
        stream
    }

    /// A session as the official SDK makes it: available, with carbons. All inboxes are empty
    /// afterwards.
    pub(crate) fn connect(&mut self, name: &str, resource: &str) -> StreamId {
        let stream = self.bound(name, resource);
        self.send(stream, PRESENCE);
        self.send(stream, r#"<iq id="c" type="set" xmlns="jabber:client"><enable xmlns="urn:xmpp:carbons:2"/></iq>"#);
        self.inboxes.clear();
        stream
    }

    /// A standard account, whose password is `secret` unless it has got another one.
    pub(crate) fn standard(&mut self, name: &str) {
        if self.core.world().standard(&id(name)).is_none() {
            self.set_password(name, "secret");
        }
    }

    pub(crate) fn set_password(&mut self, name: &str, password: &str) {
        let (now, password) = (self.now, Password::new(password).unwrap());
        let world = self.core.world_mut();
        standard::account::set(world, now, id(name), password).unwrap();
        self.collect();
    }

    /// A standard account's session that said nothing about its availability; its inbox is empty.
    pub(crate) fn bound_standard(&mut self, name: &str, resource: &str) -> StreamId {
        self.standard(name);
        let stream = self.opened();
        self.send(stream, &Self::auth(name, &Password::new("secret").unwrap()));
        self.send(stream, &self.opening());
        self.send(stream, &bind(resource));
        self.received(stream);
        stream
    }

    /// An available session of a standard account. All inboxes are empty afterwards.
    pub(crate) fn connect_standard(&mut self, name: &str, resource: &str) -> StreamId {
        let stream = self.bound_standard(name, resource);
        self.send(stream, r#"<presence xmlns="jabber:client"/>"#);
        self.inboxes.clear();
        stream
    }

    /// Makes the accounts of two sessions see each other. All inboxes are empty afterwards.
    pub(crate) fn befriend(&mut self, one: StreamId, other: StreamId) {
        let list = "<query xmlns='jabber:iq:roster'/>";
        let users = [one, other].map(|stream| {
            self.ask(stream, "get", None, list);
            self.core.world().session(stream).unwrap().user.clone()
        });
        assert!(standard::account::befriend(self.core.world_mut(), &users[0], &users[1]));
        self.collect();
        self.inboxes.clear();
    }

    pub(crate) fn send(&mut self, stream: StreamId, text: &str) {
        let Some(mut wire) = self.wires.remove(&stream) else {
            self.core.frame(self.now, stream, Frame::from(text.to_owned()));
            return self.collect();
        };
        wire.splitter.push(text.as_bytes());
        loop {
            match wire.splitter.next() {
                Ok(Some(frame)) => self.core.frame(self.now, stream, frame),
                Ok(None) => break,
                Err(error) => {
                    self.core.malformed(self.now, stream, error.into());
                    break;
                }
            }
        }
        self.wires.insert(stream, wire);
        self.collect();
    }

    /// Sends a request and returns the answer, which must be the first thing that comes.
    pub(crate) fn ask(
        &mut self,
        stream: StreamId,
        kind: &str,
        to: Option<&str>,
        payload: &str,
    ) -> String {
        let to = to.map(|to| format!(r#" to="{to}""#)).unwrap_or_default();
        self.send(
            stream,
            &format!(r#"<iq id="q" type="{kind}"{to} xmlns="jabber:client">{payload}</iq>"#),
        );
        let inbox = self.inboxes.entry(stream).or_default();
        assert!(!inbox.is_empty(), "no answer to {payload}");
        inbox.remove(0)
    }

    /// What a stream was sent since it was last looked at; the server's own ids read `{id}`.
    pub(crate) fn received(&mut self, stream: StreamId) -> Vec<String> {
        self.collect();
        self.inboxes.remove(&stream).unwrap_or_default()
    }

    pub(crate) fn is_closed(&self, stream: StreamId) -> bool {
        self.closed.contains(&stream)
    }

    /// The connection breaks.
    pub(crate) fn lose(&mut self, stream: StreamId) {
        self.core.closed(self.now, stream);
        self.collect();
    }

    /// Lets time pass, doing what is due when it is due.
    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.now.after(duration);
        for _ in 0..10_000 {
            match self.core.poll_timeout().filter(|due| *due <= end) {
                Some(due) => self.now = due.max(self.now),
                None => {
                    self.now = end;
                    return;
                }
            }
            self.core.timeout(self.now);
            self.collect();
        }
        panic!("the core never comes to rest");
    }

    pub(crate) fn collect(&mut self) {
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Send(stream, parcel) => self.deliver(stream, &parcel.into_frame()),
                Output::LogoutWeb(_) => {}
                Output::Secure(stream, agreement) => {
                    self.deliver(stream, &agreement);
                    self.secured.insert(stream);
                }
                Output::Close(stream) => {
                    let framing = match self.wires.contains_key(&stream) {
                        true => Framing::Tcp,
                        false => Framing::WebSocket,
                    };
                    self.deliver(stream, &framing.server_close());
                    self.closed.insert(stream);
                }
            }
        }
    }

    fn deliver(&mut self, stream: StreamId, frame: &Frame) {
        assert!(!self.closed.contains(&stream), "sent after closing");
        if let Some(wire) = self.wires.get_mut(&stream) {
            wire.check(frame);
        }
        self.inboxes.entry(stream).or_default().push(without_ids(frame.as_str()));
    }
}

pub(crate) const PRESENCE: &str =
    r#"<presence xmlns="jabber:client"><priority>1</priority></presence>"#;

pub(crate) fn bind(resource: &str) -> String {
    format!(
        r#"<iq id="_bind_auth_2" type="set" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>{resource}</resource></bind></iq>"#
    )
}

/// The frame with every 32 hexadecimal digits in `id="…"` replaced.
fn without_ids(frame: &str) -> String {
    let mut out = String::with_capacity(frame.len());
    let mut rest = frame;
    while let Some(start) = rest.find(" id=\"") {
        let (before, tail) = rest.split_at(start + 5);
        out.push_str(before);
        let drawn = tail.get(..32).is_some_and(|id| id.bytes().all(|b| b.is_ascii_hexdigit()));
        if drawn && tail.as_bytes().get(32) == Some(&b'"') {
            out.push_str("{id}");
            rest = &tail[32..];
        } else {
            rest = tail;
        }
    }
    out.push_str(rest);
    out
}
