//! Replays the server's part of a trace with the test server, and plays the client's part.

use mfly_proto::testing::Bindings;
use mfly_tests::raw::{RawClient, auth};
use mfly_tests::stub::{HOST, LICENCE_KEY};
use mfly_testserver::{Credentials, TestServer};
use std::collections::{BTreeMap, VecDeque};

/// Plays the client `u1` and checks the server.
pub(super) struct ServerReplay {
    name: String,
    server: TestServer,
    users: BTreeMap<&'static str, Credentials>,
    own: RawClient,
    others: BTreeMap<String, RawClient>,
    inbox: VecDeque<String>,
    bindings: Bindings,
    is_over: bool,
}

/// The profile that `u2` sets in the trace.
const PROFILE: &str = r#"<vCard xmlns="vcard-temp"><nickName>XH2Q0UEeVt4XiVnfeHpmnQ==</nickName><image>img/u2.jpg</image><thumbImage>img/u2_t.jpg</thumbImage><email>zgnea8xjDT1zLK3xYqUlrcr4nbz9FUG9QLiNTQIZ2wA=</email><mobileNumber>3WWH+U0O3uMIxqTZPXXdkw==</mobileNumber><status>New status</status></vCard>"#;

impl ServerReplay {
    /// Starts a server with three users. `u1` is online unless the trace is about connecting.
    pub(super) async fn start(name: &str) -> Self {
        let builder = TestServer::builder().xmpp_host(HOST).licence_key(LICENCE_KEY).tls(false);
        let server = builder.start().await.expect("the server starts");
        let users: BTreeMap<_, _> = ["u1", "u2", "u7"]
            .into_iter()
            .map(|id| (id, server.user(id).register().expect("registers")))
            .collect();
        let mut bindings = Bindings::new();
        bindings.set("host", HOST);
        let own = if name == "connect/web_sdk" {
            let auth = auth(&server, &users["u1"]);
            let data = auth.split_once('>').and_then(|(_, rest)| rest.split_once('<'));
            bindings.set("auth", data.expect("an element with data").0);
            RawClient::dial(&server).await
        } else {
            bindings.set("resource", "Web-1");
            RawClient::online(&server, &users["u1"], "Web-1").await
        };
        Self {
            name: name.to_owned(),
            server,
            users,
            own,
            others: BTreeMap::new(),
            inbox: VecDeque::new(),
            bindings,
            is_over: false,
        }
    }

    /// Opens another connection of a user, which sends no presence.
    async fn other(&mut self, id: &str) -> RawClient {
        RawClient::bound(&self.server, &self.users[id], "Web-2").await
    }

    /// Makes a fact true. Drops the frames that the server sends for it.
    pub(super) async fn establish(&mut self, fact: &str) {
        match fact {
            "u2 is online" => self.trigger("u2 comes online").await,
            // The number of seconds does not matter, because the trace has a placeholder for it.
            "u2 was online 903 seconds ago" => {
                self.trigger("u2 comes online").await;
                self.trigger("u2 goes offline").await;
                while !self.own.receive().await.contains("unavailable") {}
            }
            _ => self.trigger(fact).await,
        }
        self.own.settle().await;
        self.inbox.clear();
    }

    /// Triggers an event.
    pub(super) async fn trigger(&mut self, event: &str) {
        match event.split(' ').collect::<Vec<_>>()[..] {
            [blocker, verb @ ("blocks" | "unblocks"), blocked] => {
                let name = verb.trim_end_matches('s');
                let payload = format!(
                    r#"<{name} xmlns="urn:xmpp:blocking"><item jid="{blocked}@{HOST}"/></{name}>"#
                );
                if blocker == "u1" {
                    self.own.ask("set", &payload).await;
                } else {
                    self.other(blocker).await.ask("set", &payload).await;
                }
            }
            [who, "comes", "online"] => {
                let client = RawClient::online(&self.server, &self.users[who], "Web-2").await;
                self.others.insert(who.to_owned(), client);
            }
            [who, "goes", "offline"] => {
                self.others.remove(who).expect("it came online before");
            }
            ["u2", "sets", "the", "profile"] => {
                self.other("u2").await.ask("set", PROFILE).await;
            }
            [who, "asks", "for", "a", "register", "update"] => {
                let payload = format!(
                    r#"<query status="register_update" to_user="{who}@{HOST}" xmlns="jabber:iq:user_activities"/>"#
                );
                self.other(who).await.ask("set", &payload).await;
            }
            ["another", "session", "of", "u1", "archives"] => {
                let payload = r#"<query archive="1" status="user_settings" xmlns="jabber:iq:user_activities"/>"#;
                self.other("u1").await.ask("set", payload).await;
            }
            [who, "deletes", "the", "account"] => self.server.user(who).delete().expect("is there"),
            ["an", "administrator", "blocks", who] => {
                self.server.user(who).admin_block(true).expect("is there");
            }
            _ => panic!("{}: no arm triggers `when: {event}`: add one to {}", self.name, file!()),
        }
    }

    /// Sends the client's frame of this line.
    pub(super) async fn send(&mut self, line: &str) {
        let text = self.bindings.fill(line);
        self.own.send(text).await;
    }

    /// Fails unless the server's next frame is the one of this line.
    pub(super) async fn expect_frame(&mut self, line: &str) {
        let frame = loop {
            let frame = match self.inbox.pop_front() {
                Some(frame) => frame,
                None => self.own.receive().await,
            };
            if !self.is_other_presence(&frame) {
                break frame;
            }
        };
        self.is_over |= line.starts_with("<close ");
        if let Err(mismatch) = self.bindings.matches(line, &frame) {
            panic!("{}: {mismatch}", self.name);
        }
    }

    /// Only the traces of presence expect the presence of others.
    fn is_other_presence(&self, frame: &str) -> bool {
        frame.starts_with("<presence ") && !self.name.starts_with("presence/")
    }

    /// Fails if the server sent another frame.
    pub(super) async fn finish(mut self) {
        if !self.is_over {
            let rest = self.own.settle().await;
            self.inbox.extend(rest);
        }
        let surplus: Vec<_> =
            self.inbox.iter().filter(|frame| !self.is_other_presence(frame)).collect();
        assert!(surplus.is_empty(), "{}: the server sent more: {surplus:?}", self.name);
    }
}

#[tokio::test]
#[should_panic(expected = "no arm triggers `when: pigs fly`")]
async fn an_event_without_an_arm_fails() {
    ServerReplay::start("made/up").await.trigger("pigs fly").await;
}
