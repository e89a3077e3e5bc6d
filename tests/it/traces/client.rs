//! Replays the client's part of a trace with the client, and plays the server's part.

use futures_util::future::BoxFuture;
use mfly_client::{
    BareJid, ErrorKind, Event, Events, Listed, OfficialEvent, ProfileFields, ProfileImage, Result,
    Session,
};
use mfly_proto::payload::logout::LogOut;
use mfly_proto::testing::{Bindings, Line};
use mfly_tests::env::user;
use mfly_tests::recorded::traces;
use mfly_tests::scripted::attribute;
use mfly_tests::stub::HOST;
use mfly_tests::{Peer, ScriptedServer, within};
use serde_json::Value;
use std::collections::VecDeque;
use tokio::task::{JoinError, JoinHandle};

/// The result of an operation.
#[derive(Debug, Default)]
struct Outcome {
    session: Option<Session>,
    /// The returned value, as text.
    result: String,
    /// Listener calls whose payload the operation returns, so that no event carries it.
    returned: Vec<OfficialEvent>,
}

impl From<String> for Outcome {
    fn from(result: String) -> Self {
        Self { result, ..Self::default() }
    }
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Self::default()
    }
}

/// Returns the call of an operation, or `None` for an unknown one. A `do:` line of a trace names
/// the operation, then its argument.
fn operation(session: Session, line: &str) -> Option<BoxFuture<'static, Result<Outcome>>> {
    let (name, argument) = line.split_once(' ').unwrap_or((line, ""));
    let argument = argument.to_owned();
    Some(match name {
        "block" => call(async move { session.block(&user(&argument)).await }),
        "unblock" => call(async move { session.unblock(&user(&argument)).await }),
        "blocked" => call(async move { Ok(joined(session.blocked().await?)) }),
        "blocked_by" => call(async move { Ok(joined(session.blocked_by().await?)) }),
        "friends" => call(async move {
            let list = session.friends().await?;
            let listener = "friendsListListener";
            let returned = vec![OfficialEvent { listener, payload: list.official() }];
            let users = list.users.iter().map(|friend| friend.user.clone()).collect::<Vec<_>>();
            Ok(Outcome { returned, ..joined(users.into()).into() })
        }),
        "last_seen" => {
            call(async move { Ok(session.last_seen(&user(&argument)).await?.seconds.to_string()) })
        }
        "logout" => call(async move { session.logout().await.map(drop) }),
        "register_update" => call(async move { session.announce_registration().await }),
        "set_profile" => call(async move { set_profile(&session, &argument).await }),
        "settings" => call(async move {
            let archive = session.settings().await?.archive;
            Ok(archive.map_or(String::new(), |on| format!("archive {}", u8::from(on))))
        }),
        "update_settings" => {
            call(async move { session.update_settings(argument == "archive").await })
        }
        "user_logout" => {
            call(async move { session.request(&LogOut { socket_id: argument }).await.map(drop) })
        }
        _ => return None,
    })
}

fn call<T: Into<Outcome>>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> BoxFuture<'static, Result<Outcome>> {
    Box::pin(async { work.await.map(Into::into) })
}

fn joined(users: Listed<BareJid>) -> String {
    users.into_entries().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// `nick name|image|status|telephone number|e-mail address`
async fn set_profile(session: &Session, argument: &str) -> Result<String> {
    let fields: Vec<_> = argument.split('|').map(str::to_owned).collect();
    let [nick_name, image, status, mobile_number, email] = <[String; 5]>::try_from(fields).unwrap();
    let image = Some(ProfileImage::Token(image));
    let fields = ProfileFields { nick_name, image, status, mobile_number, email };
    Ok(session.set_profile(&fields).await?.image)
}

/// Calls an operation. `, refused` at the end of its line expects a refusal by the server.
async fn perform(line: String, work: BoxFuture<'static, Result<Outcome>>) -> Outcome {
    match (work.await, line.ends_with(REFUSED)) {
        (Ok(outcome), false) => outcome,
        (Err(error), true) => {
            assert!(matches!(error.kind(), ErrorKind::RequestRefused(_)), "{error:?}");
            "refused".to_owned().into()
        }
        (other, _) => panic!("{line}: {other:?}"),
    }
}

const REFUSED: &str = ", refused";

/// Plays the server and checks the client.
pub(super) struct ClientReplay {
    trace: String,
    server: ScriptedServer,
    session: Option<Session>,
    events: Option<Events>,
    peer: Option<Peer>,
    bindings: Bindings,
    running: Option<(String, JoinHandle<Outcome>)>,
    calls: VecDeque<OfficialEvent>,
    results: Vec<(String, String)>,
}

/// The findings of a finished replay.
pub(super) struct Finished {
    /// Each operation and the value that it returned.
    pub(super) results: Vec<(String, String)>,
    /// Listener calls that no line of the trace expected.
    pub(super) surplus: Vec<OfficialEvent>,
}

impl ClientReplay {
    /// Starts a client that is not connected yet.
    pub(super) async fn start(trace: &str) -> Self {
        let mut bindings = Bindings::new();
        bindings.set("host", HOST);
        Self {
            trace: trace.to_owned(),
            server: ScriptedServer::start().await,
            session: None,
            events: None,
            peer: None,
            bindings,
            running: None,
            calls: VecDeque::new(),
            results: Vec::new(),
        }
    }

    /// Connects by the trace `connect/web_sdk`.
    pub(super) async fn connect(&mut self) {
        let connecting = traces().into_iter().find(|(name, _)| name == "connect/web_sdk");
        for line in &connecting.expect("the trace of connecting").1.lines {
            self.perform(line).await;
        }
        self.finish_operation().await;
        self.results.clear();
    }

    /// Performs or checks one line.
    pub(super) async fn perform(&mut self, line: &Line) {
        match line {
            // The frames of the server, which follow, show the effect of these.
            Line::Given(_) | Line::When(_) => {}
            Line::Do(operation) => {
                self.finish_operation().await;
                self.begin(operation).await;
            }
            Line::Client(line) => {
                let frame = self.next_frame().await;
                if let Err(mismatch) = self.bindings.matches(line, &frame) {
                    panic!("{}: {mismatch}", self.trace);
                }
            }
            Line::Server(line) => {
                let text = self.bindings.fill(line);
                self.peer.as_mut().expect("a connection").send(text).await;
            }
            Line::Event(line) => self.expect_call(line).await,
        }
    }

    /// Receives the client's next frame. Fails at once if the operation panics before it.
    async fn next_frame(&mut self) -> String {
        let (frame, finished) = self.race_operation().await;
        if let Some((line, outcome)) = finished {
            self.keep(line, outcome);
        }
        frame
    }

    /// Receives the next frame, and the outcome of the operation if it ends before the frame.
    async fn race_operation(&mut self) -> (String, Option<(String, Outcome)>) {
        let Self { peer, running, trace, .. } = self;
        let receiving = peer.as_mut().expect("a trace begins with an operation").receive();
        tokio::pin!(receiving);
        let Some((line, mut task)) = running.take() else { return (receiving.await, None) };
        let outcome = tokio::select! {
            biased;
            frame = &mut receiving => {
                *running = Some((line, task));
                return (frame, None);
            }
            done = &mut task => finished(trace, &line, done),
        };
        (receiving.await, Some((line, outcome)))
    }

    /// Fails unless the next listener call is this one: `listener payload`.
    async fn expect_call(&mut self, line: &str) {
        self.finish_operation().await;
        let line = self.bindings.fill(line);
        let (listener, payload) = line.split_once(' ').expect("a listener and its payload");
        let payload: Value = serde_json::from_str(payload).expect("JSON");
        let call = self.next_call().await;
        assert_eq!((call.listener, call.payload), (listener, payload), "{}", self.trace);
    }

    async fn next_call(&mut self) -> OfficialEvent {
        loop {
            if let Some(call) = self.calls.pop_front() {
                return call;
            }
            let events = self.events.as_mut().expect("a session");
            let event = within("an event", events.next()).await;
            let event = event.unwrap_or_else(|| panic!("{}: the session is over", self.trace));
            self.calls.extend(event.official());
        }
    }

    /// Waits for the running operation.
    async fn finish_operation(&mut self) {
        if let Some((line, task)) = self.running.take() {
            let outcome = finished(&self.trace, &line, within(&line, task).await);
            self.keep(line, outcome);
        }
    }

    fn keep(&mut self, line: String, outcome: Outcome) {
        if outcome.session.is_some() {
            self.session = outcome.session;
        }
        self.calls.extend(outcome.returned);
        self.results.push((line, outcome.result));
    }

    async fn begin(&mut self, line: &str) {
        let task = if line == "connect" {
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
            let Some(work) = operation(session, line.trim_end_matches(REFUSED)) else {
                panic!(
                    "trace {}: `do: {line}` has no arm: add the operation to `operation` in {}",
                    self.trace,
                    file!()
                );
            };
            tokio::spawn(perform(line.to_owned(), work))
        };
        self.running = Some((line.to_owned(), task));
    }

    /// Fails if the client sends another frame.
    pub(super) async fn finish(mut self) -> Finished {
        self.finish_operation().await;
        let session = self.session.clone().expect("a session");
        let mut surplus: Vec<_> = self.calls.drain(..).collect();
        let mut events = self.events.take().expect("a session");
        if session.state() == mfly_client::ConnectionState::Connected {
            let peer = self.peer.as_mut().expect("a session");
            peer.send(format!(
                r#"<iq xmlns="jabber:client" from="{HOST}" id="fence" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#
            ))
            .await;
            let frame = peer.receive().await;
            assert_eq!(
                attribute(&frame, "id").as_deref(),
                Some("fence"),
                "{}: {frame}",
                self.trace
            );
            peer.send(format!(r#"<presence xmlns="jabber:client" from="mark@{HOST}"/>"#)).await;
        }
        while let Some(event) = within("an event", events.next()).await {
            if event.user().is_some_and(|user| user.local() == Some("mark")) {
                break;
            }
            assert!(
                !matches!(event, Event::UnknownStanza(_) | Event::Lagged(_)),
                "{}: {event:?}",
                self.trace
            );
            surplus.extend(event.official());
        }
        Finished { results: self.results, surplus }
    }
}

fn finished(trace: &str, line: &str, done: std::result::Result<Outcome, JoinError>) -> Outcome {
    done.unwrap_or_else(|error| panic!("trace {trace}: `do: {line}` failed: {error}"))
}

#[tokio::test]
#[should_panic(
    expected = "trace mood/get: `do: no_such_operation` has no arm: add the operation to"
)]
async fn an_operation_without_an_arm_fails_at_once_and_names_trace_and_file() {
    let mut replay = ClientReplay::start("mood/get").await;
    replay.connect().await;
    replay.perform(&Line::Do("no_such_operation".to_owned())).await;
}
