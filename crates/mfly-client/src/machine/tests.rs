//! The session against a scripted server, in virtual time.

mod closing;
mod connecting;
mod following;
mod keepalive;
mod limits;
mod logging_in;
mod pipelining;
mod plain_xmpp;
mod properties;
mod pushes;
mod reconnecting;
mod requests;
mod server;
mod twin;
mod unresponsive;
mod waiting;

use super::io::{DerivationTicket, PasswordTicket};
use super::*;
use mfly_proto::framing::{Frame, Framing};
use mfly_proto::id::StanzaId;
use mfly_proto::jid::{BareJid, Jid};
use mfly_proto::sasl::{ChannelBindings, ScramDerivation};
use mfly_proto::secret::Password;
use mfly_proto::stanza::{StanzaError, iq};
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

/// A machine, its clock, and everything it put out, sorted.
///
/// It runs over WebSocket. Unless a test is about that framing, a twin over TCP is fed the same and
/// has to do the same.
struct Rig {
    machine: Machine,
    twin: Option<Twin>,
    framing: Framing,
    now: Instant,
    /// Whether the machine believes in a transport, to catch frames sent into the void.
    connected: bool,
    sent: Vec<String>,
    news: Vec<String>,
    replies: Vec<(u64, Result<String, RequestFailure>)>,
    tickets: Vec<PasswordTicket>,
    derivations: Vec<(DerivationTicket, ScramDerivation)>,
    dials: u32,
    /// Where each of these went, if not to the original address.
    redirects: Vec<Option<String>>,
    disconnects: u32,
    next: u64,
    /// What the server takes at most in one stanza.
    stanza_limit: Option<u64>,
    /// How often something left before the session stood, and what that was: one flight each.
    flights: Vec<Vec<String>>,
}

impl Rig {
    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::platform(BareJid::new("u1@host.test").unwrap());
        change(&mut config);
        let twin = Twin::new(config.clone());
        Self::of(config, Framing::WebSocket, Some(twin))
    }

    /// A session with any server.
    fn standard(change: impl FnOnce(&mut Config)) -> Self {
        Self::with(|config| {
            *config = Config::standard(config.account.clone());
            change(config);
        })
    }

    /// Over one framing only.
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
            news: Vec::new(),
            replies: Vec::new(),
            tickets: Vec::new(),
            derivations: Vec::new(),
            dials: 0,
            redirects: Vec::new(),
            disconnects: 0,
            next: 0,
            stanza_limit: None,
            flights: Vec::new(),
        };
        rig.input(Input::Command(Command::Open));
        rig
    }

    fn new() -> Self {
        Self::with(|_| {})
    }

    /// A session that stands, its history forgotten.
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
        self.flights.clear();
        self.redirects.clear();
        self.sent.clear();
        self.news.clear();
        self.replies.clear();
        self.disconnects = 0;
        self.dials = 0;
    }

    /// Plays the server's part from the transport's connection to the bound session.
    fn connect(&mut self) {
        self.dialled();
        self.server(SERVER_OPEN);
        self.server(PLAIN);
        self.password("sealed");
        for frame in [SUCCESS, SERVER_OPEN, BIND, BOUND] {
            self.server(frame);
        }
    }

    /// The transport stands, and nobody can listen in.
    fn dialled(&mut self) {
        self.dialled_as(true);
    }

    fn dialled_in_the_clear(&mut self) {
        self.dialled_as(false);
    }

    fn dialled_as(&mut self, confidential: bool) {
        self.input(Input::Connected {
            framing: self.framing,
            confidential,
            bindings: ChannelBindings::NONE,
        });
    }

    fn input(&mut self, input: Input) {
        match &input {
            Input::Connected { .. } => self.connected = true,
            Input::Disconnected(_) => self.connected = false,
            _ => {}
        }
        let twins =
            self.twin.as_mut().map(|twin| (twin.handle(self.now, &input), twin.poll_timeout()));
        self.machine.handle(self.now, input);
        let mut ours = Vec::new();
        let already_sent = self.sent.len();
        let had_news = self.news.len();
        while let Some(output) = self.machine.poll_output() {
            ours.push(twin::summary(&output));
            self.note(output);
        }
        let stands = |news: &String| news.starts_with("connected") || news == "state Connected";
        if self.sent.len() > already_sent
            && !self.machine.is_online()
            && !self.news[had_news..].iter().any(stands)
        {
            self.flights.push(self.sent[already_sent..].to_vec());
        }
        if let Some((twins, timeout)) = twins {
            assert_eq!(twins, ours, "over TCP it does otherwise");
            assert_eq!(timeout, self.machine.poll_timeout());
        }
    }

    fn note(&mut self, output: Output) {
        match output {
            Output::Connect { attempt, redirect } => {
                self.redirects.push(redirect.map(|to| to.host().to_owned()));
                self.dials += 1;
                assert!(attempt > 0);
            }
            Output::Send(frame) => {
                assert!(self.connected, "sent into the void: {}", frame.as_str());
                self.sent.push(twin::in_websocket(frame.as_str()));
            }
            Output::Disconnect => {
                self.connected = false;
                self.disconnects += 1;
            }
            Output::NeedPassword(ticket) => self.tickets.push(ticket),
            Output::Derive(ticket, derivation) => self.derivations.push((ticket, derivation)),
            Output::Reply(RequestId(id), result) => {
                self.replies.push((id, result.map(|document| document.as_str().to_owned())));
            }
            Output::Notice(Notice::StanzaLimit(limit)) => self.stanza_limit = limit,
            Output::Notice(notice) => self.news.push(headline(&notice)),
        }
    }

    fn server(&mut self, xml: &str) {
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

    fn lose(&mut self) {
        self.input(Input::Disconnected(Loss::Closed(None)));
    }

    /// Asks `to` something and returns the id on the wire.
    fn ask(&mut self, to: Option<&str>) -> String {
        self.ask_as(to, |_| {})
    }

    /// The same, with another request than most.
    fn ask_as(&mut self, to: Option<&str>, change: impl FnOnce(&mut Request)) -> String {
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

    /// Lets time pass, with every time-out on the way.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.machine.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.input(Input::Timeout);
        }
        self.now = until;
    }

    fn last_frame(&self) -> &str {
        self.sent.last().unwrap()
    }

    /// Whether a connection was asked for and is not there yet.
    fn dialling(&self) -> bool {
        self.machine.is_dialling()
    }

    /// What the machine knows about the server.
    fn server_known(&self) -> Option<KnownServer> {
        self.machine.known_server().cloned()
    }

    fn has_news(&self, text: &str) -> bool {
        self.news.iter().any(|news| news.contains(text))
    }
}

/// What becomes of a request whose connection is lost for this reason.
fn lost_because(reason: DisconnectReason) -> RequestFailure {
    RequestFailure::ConnectionLost(Box::new(reason))
}

/// The answer to a question that was sent.
fn answer_to(question: &str) -> String {
    let (_, rest) = question.split_once("id=\"").unwrap();
    let (id, _) = rest.split_once('"').unwrap();
    format!(r#"<iq type="result" id="{id}"/>"#)
}

fn cause(error: impl std::error::Error + Send + Sync + 'static) -> Cause {
    Arc::new(error)
}

/// One line that tells notices apart.
fn headline(notice: &Notice) -> String {
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
