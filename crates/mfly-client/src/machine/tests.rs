//! Tests of the machine against a scripted server, in virtual time.

mod long_runs;
mod properties;
mod pushes;
mod scenario;
mod server;
mod twin;

use super::io::{DerivationTicket, PasswordTicket};
use super::*;
use mfly_proto::framing::{Frame, Framing};
use mfly_proto::id::StanzaId;
use mfly_proto::jid::{BareJid, Jid};
use mfly_proto::sasl::{ChannelBindings, ScramDerivation};
use mfly_proto::secret::Password;
use mfly_proto::stanza::iq;
use std::sync::Arc;
use std::time::{Duration, Instant};
use twin::Twin;

const OPEN: &str =
    r#"<open to="host.test" version="1.0" xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#;
const SERVER_OPEN: &str =
    r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="host.test" id="s1" version="1.0"/>"#;
const CLOSE: &str = r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#;
const PRESENCE: &str = r#"<presence xmlns="jabber:client"><priority>1</priority></presence>"#;
const UNAVAILABLE: &str = r#"<presence type="unavailable" xmlns="jabber:client"/>"#;
const SUCCESS: &str = r#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#;
const PLAIN: &str = r#"<stream:features xmlns:stream="http://etherx.jabber.org/streams"><mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>PLAIN</mechanism></mechanisms></stream:features>"#;
const BIND: &str = r#"<stream:features xmlns:stream="http://etherx.jabber.org/streams"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></stream:features>"#;
const BOUND: &str = r#"<iq type="result" id="_bind_auth_2"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>u1@host.test/Web-1</jid></bind></iq>"#;

const SECOND: Duration = Duration::from_secs(1);

/// A machine under test, with its clock and its outputs by kind.
///
/// It runs over WebSocket. Unless a test is about that framing, a second machine over TCP gets the
/// same inputs and must give the same outputs.
struct Rig {
    machine: Machine,
    twin: Option<Twin>,
    framing: Framing,
    now: Instant,
    /// Whether the machine has a connection; it must send nothing without one.
    connected: bool,
    sent: Vec<String>,
    notices: Vec<String>,
    replies: Vec<(u64, Result<String, RequestFailure>)>,
    tickets: Vec<PasswordTicket>,
    derivations: Vec<(DerivationTicket, ScramDerivation)>,
    dials: u32,
    next: u64,
    /// Every output, as a line of a scenario.
    log: Vec<String>,
}

impl Rig {
    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::platform(BareJid::new("u1@host.test").unwrap());
        change(&mut config);
        let twin = Twin::new(config.clone());
        Self::of(config, Framing::WebSocket, Some(twin))
    }

    /// A session of a standard account.
    fn standard(change: impl FnOnce(&mut Config)) -> Self {
        Self::with(|config| {
            *config = Config::standard(config.account.clone());
            change(config);
        })
    }

    /// A session over one framing alone.
    fn only(framing: Framing, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::platform(BareJid::new("u1@host.test").unwrap());
        change(&mut config);
        Self::of(config, framing, None)
    }

    fn of(config: Config, framing: Framing, twin: Option<Twin>) -> Self {
        let mut rig = Self {
            machine: Machine::new(config, SeededRandom::new([7; 32])),
            twin,
            framing,
            now: Instant::now(),
            connected: false,
            sent: Vec::new(),
            notices: Vec::new(),
            replies: Vec::new(),
            tickets: Vec::new(),
            derivations: Vec::new(),
            dials: 0,
            next: 0,
            log: Vec::new(),
        };
        rig.input(Input::Command(Command::Open));
        rig
    }

    fn new() -> Self {
        Self::with(|_| {})
    }

    /// An online session, whose outputs so far are forgotten.
    fn online() -> Self {
        Self::online_with(|_| {})
    }

    fn online_with(change: impl FnOnce(&mut Config)) -> Self {
        let mut rig = Self::with(change);
        rig.connect();
        rig.forget();
        rig
    }

    fn forget(&mut self) {
        self.log.clear();
        self.sent.clear();
        self.notices.clear();
        self.replies.clear();
        self.dials = 0;
    }

    /// Connects and logs in by PLAIN.
    fn connect(&mut self) {
        self.authenticate(PLAIN, "sealed");
        self.succeed(BIND);
        self.receive(BOUND);
    }

    /// The transport has made a confidential connection.
    fn dialled(&mut self) {
        self.dialled_as(true, ChannelBindings::NONE);
    }

    fn dialled_as(&mut self, confidential: bool, bindings: ChannelBindings) {
        self.input(Input::Connected { framing: self.framing, confidential, bindings });
    }

    /// Connects; the server opens its stream and sends these features.
    fn offer(&mut self, features: &str) {
        self.dialled();
        self.receive_all(&[SERVER_OPEN, features]);
    }

    /// Connects up to the first SASL element: the server sends these features, and the app the
    /// password.
    fn authenticate(&mut self, features: &str, password: &str) {
        self.offer(features);
        self.password(password);
    }

    /// The server accepts the authentication and sends these features on the new stream.
    fn succeed(&mut self, features: &str) {
        self.receive_all(&[SUCCESS, SERVER_OPEN, features]);
    }

    fn input(&mut self, input: Input) {
        match &input {
            Input::Connected { .. } => self.connected = true,
            Input::Disconnected(_) => self.connected = false,
            _ => {}
        }
        let twin =
            self.twin.as_mut().map(|twin| (twin.handle(self.now, &input), twin.poll_timeout()));
        self.machine.handle(self.now, input);
        let mut outputs = Vec::new();
        while let Some(output) = self.machine.poll_output() {
            outputs.push(twin::summary(&output));
            self.note(output);
        }
        if let Some((over_tcp, timeout)) = twin {
            assert_eq!(over_tcp, outputs, "the outputs differ over TCP");
            assert_eq!(timeout, self.machine.poll_timeout());
        }
    }

    fn note(&mut self, output: Output) {
        self.log.push(scenario::line(&output));
        match output {
            Output::Connect { attempt, .. } => {
                self.dials += 1;
                assert!(attempt > 0);
            }
            Output::Send(frame) => {
                assert!(self.connected, "sent without a connection: {}", frame.as_str());
                assert!(!frame.as_str().contains(server::PASSWORD), "{}", frame.as_str());
                self.sent.push(twin::in_websocket(frame.as_str()));
            }
            Output::Disconnect => self.connected = false,
            Output::NeedPassword(ticket) => self.tickets.push(ticket),
            Output::Derive(ticket, derivation) => self.derivations.push((ticket, derivation)),
            Output::Reply(RequestId(id), result) => {
                self.replies.push((id, result.map(|document| document.as_str().to_owned())));
            }
            Output::Notice(notice) => self.notices.push(describe(&notice)),
        }
    }

    fn receive(&mut self, xml: &str) {
        self.input(Input::Frame(match self.framing {
            Framing::Tcp => twin::in_tcp(xml),
            _ => Frame::from(xml.to_owned()),
        }));
    }

    fn password(&mut self, password: &str) {
        let ticket = *self.tickets.last().unwrap();
        self.input(Input::Command(Command::Password(
            ticket,
            Password::new(password).map_err(cause),
        )));
    }

    fn receive_all(&mut self, frames: &[&str]) {
        frames.iter().for_each(|frame| self.receive(frame));
    }

    fn command(&mut self, command: Command) {
        self.input(Input::Command(command));
    }

    fn close(&mut self) {
        self.command(Command::Close(EndReason::Closed));
    }

    fn cancel(&mut self, request: u64) {
        self.command(Command::Cancel(RequestId(request)));
    }

    fn lose(&mut self) {
        self.input(Input::Disconnected(Loss::Closed(None)));
    }

    /// Sends a request to `to` and returns its id on the wire.
    fn request(&mut self, to: Option<&str>) -> String {
        self.request_with(to, |_| {})
    }

    /// Sends a request with other settings and returns its id on the wire.
    fn request_with(&mut self, to: Option<&str>, change: impl FnOnce(&mut Request)) -> String {
        let number = self.next;
        self.next += 1;
        let id = StanzaId::new(format!("q{number}")).unwrap();
        let mut buffer = Vec::new();
        let to = to.map(|to| Jid::new(to).unwrap());
        iq::write(&mut buffer, iq::IqKind::Get, &id, None, to.as_ref().map(Jid::as_str), |_| {});
        let mut request = Request {
            request: RequestId(number),
            id: id.clone(),
            stanza: String::from_utf8(buffer).unwrap().into(),
            to,
            deadline: self.now + 15 * SECOND,
            fail_fast: false,
            is_check: false,
        };
        change(&mut request);
        self.input(Input::Command(Command::Request(request)));
        id.as_str().to_owned()
    }

    /// Advances the clock, and handles every deadline on the way.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.machine.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.input(Input::Timeout);
        }
        self.now = until;
    }

    /// The last frame that was sent.
    fn last(&self) -> &str {
        self.sent.last().unwrap()
    }

    /// Whether a connection is being made.
    fn dialling(&self) -> bool {
        self.machine.is_dialling()
    }

    /// The server's offer at the last login.
    fn server_known(&self) -> Option<KnownServer> {
        self.machine.known_server().cloned()
    }

    #[track_caller]
    fn expect_notice(&self, text: &str) {
        let has_it = self.notices.iter().any(|notice| notice.contains(text));
        assert!(has_it, "no {text:?} in {:?}", self.notices);
    }
}

/// The server's answer to a request that was sent.
fn answer_to(request: &str) -> String {
    let (_, rest) = request.split_once("id=\"").unwrap();
    let (id, _) = rest.split_once('"').unwrap();
    format!(r#"<iq type="result" id="{id}"/>"#)
}

/// A stream error with this condition, and perhaps a text in it.
fn stream_error(condition: &str, content: &str) -> String {
    format!(
        r#"<stream:error xmlns:stream="http://etherx.jabber.org/streams"><{condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams">{content}</{condition}></stream:error>"#
    )
    .replace(&format!("></{condition}>"), "/>")
}

/// A SASL failure with this content.
fn failure(content: &str) -> String {
    format!(r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl">{content}</failure>"#)
}

fn cause(error: impl std::error::Error + Send + Sync + 'static) -> Cause {
    Arc::new(error)
}

/// One line that identifies a notice.
fn describe(notice: &Notice) -> String {
    match notice {
        Notice::State(state) => format!("state {state:?}"),
        Notice::StanzaLimit(limit) => format!("limit {limit:?}"),
        Notice::Connected { jid, resumed, .. } => format!("connected {jid} resumed={resumed}"),
        Notice::ConnectFailed { attempt, reason } => format!("failed {attempt}: {reason}"),
        Notice::Disconnected { reason } => format!("disconnected: {reason}"),
        Notice::Reconnecting { attempt, .. } => format!("reconnecting {attempt}"),
        Notice::Ended(reason) => format!("ended: {reason}"),
        Notice::Push { push, carbon, .. } => format!("push carbon={carbon} {push:?}"),
        Notice::Presence(presence) => format!("presence {:?}", presence.kind),
        Notice::StandardPush(push) => format!("push {push:?}"),
        Notice::Message { stanza, carbon } => format!("message {carbon:?} {}", stanza.as_str()),
        Notice::StanzaSkipped(skipped) => format!(
            "skipped {} from {:?} id {:?}: {}",
            skipped.name, skipped.from, skipped.id, skipped.limit
        ),
        Notice::UnknownStanza(stanza) => format!("unknown {}", stanza.as_str()),
        Notice::MalformedPush { error, .. } => format!("malformed {error}"),
    }
}
