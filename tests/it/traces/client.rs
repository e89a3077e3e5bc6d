//! The client in the client's part of a trace; the server's part is played.

use mfly_client::{ErrorKind, Event, Events, OfficialEvent, ProfileFields, ProfileImage, Session};
use mfly_proto::payload::logout::LogOut;
use mfly_proto::testing::{Bindings, Line};
use mfly_tests::env::user;
use mfly_tests::recorded::traces;
use mfly_tests::scripted::attribute;
use mfly_tests::stub::HOST;
use mfly_tests::{Peer, ScriptedServer, within};
use serde_json::Value;
use std::collections::VecDeque;
use tokio::task::JoinHandle;

/// Plays the server and judges the client.
pub(crate) struct ClientJudge {
    name: String,
    server: ScriptedServer,
    session: Option<Session>,
    events: Option<Events>,
    peer: Option<Peer>,
    bindings: Bindings,
    operation: Option<(String, JoinHandle<Outcome>)>,
    told: VecDeque<OfficialEvent>,
    results: Vec<(String, String)>,
}

/// What an operation came to.
#[derive(Debug, Default)]
struct Outcome {
    session: Option<Session>,
    /// What it returned, as text.
    result: String,
    /// Listener calls whose content the operation returns instead of telling it a second time.
    returned: Vec<OfficialEvent>,
}

/// What is left when a trace is over.
pub(crate) struct Verdict {
    /// Each operation and what it returned.
    pub(crate) results: Vec<(String, String)>,
    /// Listener calls that no line of the trace expected.
    pub(crate) surplus: Vec<OfficialEvent>,
}

impl ClientJudge {
    /// A client that is not connected yet.
    pub(crate) async fn start(name: &str) -> Self {
        let mut bindings = Bindings::new();
        bindings.set("host", HOST);
        Self {
            name: name.to_owned(),
            server: ScriptedServer::start().await,
            session: None,
            events: None,
            peer: None,
            bindings,
            operation: None,
            told: VecDeque::new(),
            results: Vec::new(),
        }
    }

    /// Connects as the trace of connecting says.
    pub(crate) async fn prelude(&mut self) {
        let mut traces = traces().into_iter();
        let (_, connecting) =
            traces.find(|(name, _)| name == "connect/web_sdk").expect("the trace of connecting");
        for line in &connecting.lines {
            self.perform(line).await;
        }
        self.settle().await;
        self.results.clear();
    }

    /// Performs or checks one line.
    pub(crate) async fn perform(&mut self, line: &Line) {
        match line {
            // What happens elsewhere shows in what the server then says.
            Line::Given(_) | Line::When(_) => {}
            Line::Do(operation) => {
                self.settle().await;
                self.begin(operation).await;
            }
            Line::Client(line) => {
                let said = self.peer().receive().await;
                self.check(line, &said);
            }
            Line::Server(line) => {
                let text = self.bindings.fill(line);
                self.peer().send(text).await;
            }
            Line::Event(line) => self.expect_told(line).await,
        }
    }

    /// Fails unless the client said this.
    pub(crate) fn check(&mut self, line: &str, said: &str) {
        if let Err(mismatch) = self.bindings.matches(line, said) {
            panic!("{}: {mismatch}", self.name);
        }
    }

    /// The server's side.
    pub(crate) fn peer(&mut self) -> &mut Peer {
        self.peer.as_mut().expect("a trace begins with an operation")
    }

    /// Fails unless the next listener call is this one: `listener payload`.
    pub(crate) async fn expect_told(&mut self, line: &str) {
        self.settle().await;
        let line = self.bindings.fill(line);
        let (listener, payload) = line.split_once(' ').expect("a listener and its payload");
        let payload: Value = serde_json::from_str(payload).expect("JSON");
        let call = self.next_told().await;
        assert_eq!((call.listener, call.payload), (listener, payload), "{}", self.name);
    }

    async fn next_told(&mut self) -> OfficialEvent {
        loop {
            if let Some(call) = self.told.pop_front() {
                return call;
            }
            let events = self.events.as_mut().expect("a session");
            let event = within("an event", events.next()).await;
            let event = event.unwrap_or_else(|| panic!("{}: the session is over", self.name));
            self.told.extend(event.official());
        }
    }

    /// Waits for the operation under way.
    async fn settle(&mut self) {
        let Some((operation, task)) = self.operation.take() else {
            return;
        };
        let outcome = within(&operation, task).await;
        let outcome = outcome.unwrap_or_else(|error| panic!("{}: {operation}: {error}", self.name));
        if outcome.session.is_some() {
            self.session = outcome.session;
        }
        self.told.extend(outcome.returned);
        self.results.push((operation, outcome.result));
    }

    async fn begin(&mut self, operation: &str) {
        let task = if operation == "connect" {
            let request = self.server.app().await.connect(&ScriptedServer::credentials());
            self.events = Some(request.events());
            let task = tokio::spawn(async move {
                let session = request.await.expect("connects");
                Outcome { session: Some(session), ..Outcome::default() }
            });
            self.peer = Some(self.server.accept().await);
            task
        } else {
            let session = self.session.clone().expect("a session");
            tokio::spawn(perform(session, operation.to_owned()))
        };
        self.operation = Some((operation.to_owned(), task));
    }

    /// Fails if the client said more.
    pub(crate) async fn finish(mut self) -> Verdict {
        self.settle().await;
        let session = self.session.clone().expect("a session");
        let mut surplus: Vec<_> = self.told.drain(..).collect();
        let mut events = self.events.take().expect("a session");
        if session.state() == mfly_client::ConnectionState::Connected {
            let peer = self.peer.as_mut().expect("a session");
            peer.send(format!(
                r#"<iq xmlns="jabber:client" from="{HOST}" id="fence" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#
            ))
            .await;
            let said = peer.receive().await;
            assert_eq!(attribute(&said, "id").as_deref(), Some("fence"), "{}: {said}", self.name);
            peer.send(format!(r#"<presence xmlns="jabber:client" from="mark@{HOST}"/>"#)).await;
        }
        while let Some(event) = within("an event", events.next()).await {
            if event.user().is_some_and(|user| user.local() == Some("mark")) {
                break;
            }
            assert!(
                !matches!(event, Event::UnknownStanza(_) | Event::Lagged(_)),
                "{}: {event:?}",
                self.name
            );
            surplus.extend(event.official());
        }
        Verdict { results: self.results, surplus }
    }
}

/// Calls an operation. `, refused` at the end says that the server refuses it.
async fn perform(session: Session, operation: String) -> Outcome {
    let (call, is_refused) = match operation.strip_suffix(", refused") {
        Some(call) => (call, true),
        None => (operation.as_str(), false),
    };
    match (outcome(&session, call).await, is_refused) {
        (Ok(outcome), false) => outcome,
        (Err(error), true) => {
            assert!(matches!(error.kind(), ErrorKind::RequestRefused(_)), "{error:?}");
            Outcome { result: "refused".to_owned(), ..Outcome::default() }
        }
        (other, _) => panic!("{operation}: {other:?}"),
    }
}

async fn outcome(session: &Session, call: &str) -> mfly_client::Result<Outcome> {
    let result = |result: String| Ok(Outcome { result, ..Outcome::default() });
    let joined = |users: Vec<mfly_client::BareJid>| {
        users.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let (name, argument) = call.split_once(' ').unwrap_or((call, ""));
    match name {
        "block" => session.block(&user(argument)).await?,
        "unblock" => session.unblock(&user(argument)).await?,
        "blocked" => return result(joined(session.blocked().await?.into_entries())),
        "blocked_by" => return result(joined(session.blocked_by().await?.into_entries())),
        "friends" => {
            let list = session.friends().await?;
            return Ok(Outcome {
                result: joined(list.users.iter().map(|friend| friend.user.clone()).collect()),
                returned: vec![OfficialEvent {
                    listener: "friendsListListener",
                    payload: list.official(),
                }],
                session: None,
            });
        }
        "last_seen" => {
            return result(session.last_seen(&user(argument)).await?.seconds.to_string());
        }
        "logout" => assert!(session.logout().await?.server_told),
        "register_update" => session.announce_registration().await?,
        "set_profile" => return set_profile(session, argument).await,
        "settings" => {
            let archive = session.settings().await?.archive;
            return result(archive.map_or(String::new(), |on| format!("archive {}", u8::from(on))));
        }
        "update_settings" => session.update_settings(argument == "archive").await?,
        "user_logout" => {
            let request = LogOut { socket_id: argument.to_owned() };
            session.request(&request).await?;
        }
        _ => panic!("nobody knows the operation {call}"),
    }
    Ok(Outcome::default())
}

/// `nick name|image|status|telephone number|e-mail address`
async fn set_profile(session: &Session, argument: &str) -> mfly_client::Result<Outcome> {
    let fields: Vec<_> = argument.split('|').map(str::to_owned).collect();
    let [nick_name, image, status, mobile_number, email] = <[String; 5]>::try_from(fields).unwrap();
    let image = Some(ProfileImage::Token(image));
    let fields = ProfileFields { nick_name, image, status, mobile_number, email };
    let stored = session.set_profile(&fields).await?;
    Ok(Outcome { result: stored.image, ..Outcome::default() })
}
