//! A server without sockets and with a clock of its own, for the tests of this crate's protocol core.

use super::Core;
use crate::stream::StreamMeta;
use crate::world::{Output, Registered, Settings, StreamId, Timestamp};
use mfly_proto::cipher::{RequestCipher, login};
use mfly_proto::framing::{Frame, Framing};
use mfly_proto::jid::{UserId, UserIdentifier};
use mfly_proto::sasl::{Auth, Mechanism, Plain};
use mfly_proto::secret::{LicenceKey, Password};
use mfly_proto::xml::Writer;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(crate) const HOST: &str = "xmpp.example.test";
const LICENCE_KEY: &str = "LICENSEKEY0123456789abcdefghijkl";
const START: Timestamp = Timestamp(1_795_399_569_086);

/// A core, its time, and what it said to whom.
pub(crate) struct Server {
    pub(crate) core: Core,
    pub(crate) now: Timestamp,
    inboxes: BTreeMap<StreamId, Vec<String>>,
    closed: BTreeSet<StreamId>,
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
            registered: BTreeMap::new(),
        }
    }

    /// Registers a user on a device of that name.
    pub(crate) fn register(&mut self, name: &str) -> Registered {
        let identifier = UserIdentifier::new(name).unwrap();
        let metadata = BTreeMap::new();
        let world = self.core.world_mut();
        let registered = world
            .register(self.now, &identifier, "device", false, metadata)
            .unwrap();
        self.registered
            .insert(registered.user.clone(), registered.clone());
        registered
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
        let meta = StreamMeta {
            tls: true,
            ..StreamMeta::default()
        };
        let stream = self.core.open(self.now, meta);
        self.collect();
        stream
    }

    /// A stream that is open and not authenticated; its inbox is empty.
    pub(crate) fn opened(&mut self) -> StreamId {
        let stream = self.open();
        self.send(stream, &opening());
        self.received(stream);
        stream
    }

    /// A stream that is authenticated and open again; its inbox is empty.
    pub(crate) fn authenticated(&mut self, name: &str) -> StreamId {
        let password = match self.registered.get(&id(name)) {
            Some(registered) => registered.password.clone(),
            None => self.register(name).password,
        };
        let stream = self.opened();
        let sealed = self.sealed(&password);
        self.send(stream, &Self::auth(name, &sealed));
        self.send(stream, &opening());
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

    /// A session as the official SDK makes it: available, with carbons. All inboxes are empty afterwards.
    pub(crate) fn connect(&mut self, name: &str, resource: &str) -> StreamId {
        let stream = self.bound(name, resource);
        self.send(stream, PRESENCE);
        self.send(stream, r#"<iq id="c" type="set" xmlns="jabber:client"><enable xmlns="urn:xmpp:carbons:2"/></iq>"#);
        self.inboxes.clear();
        stream
    }

    pub(crate) fn send(&mut self, stream: StreamId, text: &str) {
        self.core
            .frame(self.now, stream, Frame::from(text.to_owned()));
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
                Output::Send(stream, frame) => {
                    assert!(!self.closed.contains(&stream), "sent after closing");
                    self.inboxes
                        .entry(stream)
                        .or_default()
                        .push(without_ids(frame.as_str()));
                }
                Output::LogoutWeb(_) => {}
                Output::Close(stream) => {
                    let farewell = Framing::default().server_close();
                    let inbox = self.inboxes.entry(stream).or_default();
                    inbox.push(farewell.as_str().to_owned());
                    self.closed.insert(stream);
                }
            }
        }
    }
}

pub(crate) const PRESENCE: &str =
    r#"<presence xmlns="jabber:client"><priority>1</priority></presence>"#;

pub(crate) fn opening() -> String {
    format!(r#"<open to="{HOST}" version="1.0" xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#)
}

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
        let drawn = tail
            .get(..32)
            .is_some_and(|id| id.bytes().all(|b| b.is_ascii_hexdigit()));
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
