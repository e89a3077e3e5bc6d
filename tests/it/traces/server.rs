//! The test server in the server's part of a trace; the client's part is played.

use mfly_proto::testing::{Bindings, Trace};
use mfly_tests::raw::{RawClient, auth};
use mfly_tests::stub::{HOST, LICENCE_KEY};
use mfly_testserver::{Credentials, TestServer};
use std::collections::{BTreeMap, VecDeque};

/// Plays the client `u1` and judges the server.
pub(crate) struct ServerJudge {
    name: String,
    server: TestServer,
    users: BTreeMap<&'static str, Credentials>,
    own: RawClient,
    others: BTreeMap<String, RawClient>,
    inbox: VecDeque<String>,
    bindings: Bindings,
    is_over: bool,
}

/// What `u2` sets, as the trace has it.
const PROFILE: &str = r#"<vCard xmlns="vcard-temp"><nickName>XH2Q0UEeVt4XiVnfeHpmnQ==</nickName><image>img/u2.jpg</image><thumbImage>img/u2_t.jpg</thumbImage><email>zgnea8xjDT1zLK3xYqUlrcr4nbz9FUG9QLiNTQIZ2wA=</email><mobileNumber>3WWH+U0O3uMIxqTZPXXdkw==</mobileNumber><status>New status</status></vCard>"#;

impl ServerJudge {
    /// A server with three users, of whom `u1` is online unless the trace is about connecting.
    pub(crate) async fn start(name: &str) -> Self {
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

    /// Another connection, invisible to the others.
    async fn other(&mut self, id: &str) -> RawClient {
        RawClient::bound(&self.server, &self.users[id], "Web-2").await
    }

    /// Makes a fact true. Nothing that it makes the server say counts.
    pub(crate) async fn given(&mut self, fact: &str) {
        match fact {
            "u2 is online" => self.happen("u2 comes online").await,
            // How long ago does not matter: the trace says that the number may be another.
            "u2 was online 903 seconds ago" => {
                self.happen("u2 comes online").await;
                self.happen("u2 goes offline").await;
                while !self.own.receive().await.contains("unavailable") {}
            }
            _ => self.happen(fact).await,
        }
        self.own.settle().await;
        self.inbox.clear();
    }

    /// Makes something happen.
    pub(crate) async fn happen(&mut self, event: &str) {
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
            _ => panic!("{}: nobody knows how to make this happen: {event}", self.name),
        }
    }

    /// Says what the client says.
    pub(crate) async fn say(&mut self, line: &str) {
        let text = self.bindings.fill(line);
        self.own.send(text).await;
    }

    /// Fails unless the server says this next.
    pub(crate) async fn hear(&mut self, line: &str) {
        let said = loop {
            let said = match self.inbox.pop_front() {
                Some(said) => said,
                None => self.own.receive().await,
            };
            if !self.is_beside_the_point(&said) {
                break said;
            }
        };
        self.is_over |= line.starts_with("<close ");
        if let Err(mismatch) = self.bindings.matches(line, &said) {
            panic!("{}: {mismatch}", self.name);
        }
    }

    /// Presence of others is the subject of its own traces only.
    fn is_beside_the_point(&self, said: &str) -> bool {
        said.starts_with("<presence ") && !self.name.starts_with("presence/")
    }

    /// Fails if the server said more.
    pub(crate) async fn finish(mut self) {
        if !self.is_over {
            let rest = self.own.settle().await;
            self.inbox.extend(rest);
        }
        let surplus: Vec<_> =
            self.inbox.iter().filter(|said| !self.is_beside_the_point(said)).collect();
        assert!(surplus.is_empty(), "{}: the server said more: {surplus:?}", self.name);
    }
}

#[test]
#[should_panic(expected = "nobody knows how")]
fn an_event_that_nobody_can_make_happen_fails() {
    let trace = Trace::parse("source: none\nwhen: pigs fly").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut judge = ServerJudge::start("made/up").await;
        for line in trace.lines {
            let mfly_proto::testing::Line::When(event) = line else { unreachable!("it is one") };
            judge.happen(&event).await;
        }
    });
}
