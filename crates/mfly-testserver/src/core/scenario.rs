//! Scenarios: what each session is sent, and when, as text that one runner plays.
//!
//! ```text
//! # A message reaches every session of the recipient.
//! given: online u1/a u2/b u2/c
//! u1/a C: <message to="u2@{host}"><body>Hi</body></message>
//! u2/b S: <message from="u1@{host}/a" to="u2@{host}" …
//! u2/c S: <message from="u1@{host}/a" to="u2@{host}" …
//! ```
//! `config:` changes the settings of the server. `given:` is a step whose frames are of no
//! interest, `do:` one that has effects; `u1/a C:` is a frame that the session `a` of `u1` sends.
//! After each of these, the lines name every frame that a session is sent, `S:`, in its order. A
//! line that ends in `…` names the beginning of a frame, and `u1/a …` alone stands for any further
//! ones. `| name | name` begins a table ([`scenarios`](mfly_proto::testing::scenarios)). Words in
//! braces stand for [texts](Play::expanded); `{id}` is an id that the server has drawn.
//!
//! Each scenario runs over WebSocket and over TCP, or over the one that it names in `only:`.

use super::testing::{HOST, PRESENCE, Server, id, settings};
use crate::core::feature::{account, standard};
use crate::core::stream::StreamMeta;
use crate::core::stream::fault::StartTlsFault;
use crate::core::world::{Contacts, Settings, StreamId};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mfly_api::feature::Feature;
use mfly_proto::framing::Framing;
use mfly_proto::jid::BareJid;
use mfly_proto::sasl::{
    Binding, BindingKind, ChannelBindings, Mechanism as _, Scram, ScramHash, ScramParameters,
};
use mfly_proto::secret::Password;
use mfly_proto::stream::StreamCondition;
use mfly_proto::testing::{Scenario, scenarios_below};
use std::collections::VecDeque;
use std::time::Duration;

const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";

/// A profile of the platform, as a client writes it.
const CARD: &str = r#"<vCard xmlns="vcard-temp"><nickName>SEALED</nickName><image>img</image><thumbImage>img</thumbImage><email></email><mobileNumber></mobileNumber><status>Busy</status></vCard>"#;

#[test]
fn each_session_is_sent_what_the_scenarios_say() {
    let mut faults = Vec::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/core");
    let scenarios = scenarios_below(folder).unwrap();
    assert!(scenarios.len() > 150, "only {} scenarios", scenarios.len());
    for Scenario { title, lines } in scenarios {
        let over = |framing: &Framing| {
            let only = lines.iter().find_map(|line| line.strip_prefix("only: "));
            only.is_none_or(|only| (only == "TCP") == (*framing == Framing::Tcp))
        };
        for framing in [Framing::WebSocket, Framing::Tcp].into_iter().filter(over) {
            if let Err(fault) = Play::new(framing).run(&lines) {
                faults.push(format!("{title} {framing:?}\n{fault}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A session of a scenario: its name, its present stream, and the frames that are not yet looked
/// at.
pub(super) struct Session {
    name: String,
    stream: StreamId,
    pub(super) inbox: VecDeque<String>,
}

/// A scenario that is being played.
pub(super) struct Play {
    /// What carries its streams.
    meta: StreamMeta,
    settings: Settings,
    server: Option<Server>,
    sessions: Vec<Session>,
}

impl Play {
    pub(super) fn new(framing: Framing) -> Self {
        let meta = StreamMeta { framing, tls: true, ..StreamMeta::default() };
        Self { meta, settings: settings(), server: None, sessions: Vec::new() }
    }

    fn run(mut self, lines: &[String]) -> Result<(), String> {
        for line in lines {
            let (word, text) = line.split_once(": ").unwrap_or((line, ""));
            match word.split_once(' ') {
                None if word == "only" => {}
                None if word == "config" => self.configure(text),
                None => {
                    self.all_seen().map_err(|fault| format!("before {line:?}: {fault}"))?;
                    match text.split_once(" C: ") {
                        Some((name, frame)) => self.send(name, frame),
                        None => self.step(text),
                    }
                    if word == "given" {
                        self.sessions.iter_mut().for_each(|session| session.inbox.clear());
                    }
                }
                Some((name, "C")) => {
                    self.all_seen().map_err(|fault| format!("before {line:?}: {fault}"))?;
                    self.send(name, text);
                }
                Some((name, "S")) => self.expect(name, text)?,
                Some((name, "…")) => self.session(name).inbox.clear(),
                _ => panic!("no word of a scenario: {line}"),
            }
        }
        self.all_seen()
    }

    pub(super) fn send(&mut self, name: &str, frame: &str) {
        let (stream, frame) = (self.session(name).stream, self.expanded(frame));
        self.server().send(stream, &frame);
        self.collect();
    }

    pub(super) fn server(&mut self) -> &mut Server {
        self.server.get_or_insert_with(|| {
            let mut server = Server::with(self.settings.clone());
            server.meta = self.meta.clone();
            server
        })
    }

    pub(super) fn session(&mut self, name: &str) -> &mut Session {
        let session = self.sessions.iter_mut().find(|session| session.name == name);
        session.unwrap_or_else(|| panic!("no session {name}"))
    }

    /// Takes what was sent to each session.
    fn collect(&mut self) {
        let server = self.server.as_mut().expect("a scenario begins with a session");
        for session in &mut self.sessions {
            session.inbox.extend(server.received(session.stream));
        }
    }

    fn expect(&mut self, name: &str, expected: &str) -> Result<(), String> {
        let expected = self.expanded(expected);
        let got = self.session(name).inbox.pop_front().unwrap_or_default();
        let is_expected = match expected.strip_suffix('…') {
            Some(start) => got.starts_with(start),
            None => got == expected,
        };
        if is_expected { Ok(()) } else { Err(format!("{name} expected: {expected}\n got: {got}")) }
    }

    fn all_seen(&self) -> Result<(), String> {
        let more =
            |session: &Session| Some(format!("{} S: {}", session.name, session.inbox.front()?));
        match self.sessions.iter().find_map(more) {
            Some(more) => Err(format!("it went on with {more}")),
            None => Ok(()),
        }
    }

    pub(super) fn step(&mut self, step: &str) {
        let (verb, names) = step.split_once(' ').unwrap_or((step, ""));
        let words: Vec<_> = names.split(' ').collect();
        match (verb, &words[..]) {
            ("follow", sessions) => sessions.iter().for_each(|name| {
                self.connect("standard", name);
                let stream = self.session(name).stream;
                self.server().ask(stream, "get", None, "<query xmlns='jabber:iq:roster'/>");
            }),
            ("allow", [user, "by", other]) => {
                let jid = BareJid::new(&format!("{user}@{HOST}")).unwrap();
                let world = self.server().core.world_mut();
                let roster = &mut world.standard_mut(&id(other)).unwrap().roster;
                roster.asked_by(&jid);
                roster.allow(&jid);
            }
            (
                "open" | "opened" | "authenticated" | "online" | "bound" | "standard"
                | "bound-standard",
                sessions,
            ) => {
                sessions.iter().for_each(|name| self.connect(verb, name));
            }
            ("registered", users) => {
                users.iter().for_each(|user| drop(self.server().register(user)))
            }
            ("standard-account", users) => {
                users.iter().for_each(|user| self.server().standard(user))
            }
            ("contacts", [one, other]) => {
                assert!(self.server().core.world_mut().make_contacts(&id(one), &id(other)));
            }
            ("befriend", [one, other]) => {
                let (one, other) = (self.session(one).stream, self.session(other).stream);
                self.server().befriend(one, other);
            }
            ("blocked", [user, "by", blocker]) => {
                let world = self.server().core.world_mut();
                world.user_mut(&id(blocker)).unwrap().blocked.insert(id(user));
            }
            ("lose", [session]) => {
                let stream = self.session(session).stream;
                self.server().lose(stream);
            }
            ("pass", [seconds]) => {
                self.server().pass(Duration::from_secs_f64(seconds.parse().unwrap()));
            }
            ("scram", [session, login @ ..]) => self.scram(session, login),
            ("secure", [session]) => {
                let bindings = ChannelBindings { tls_server_end_point: None, ..bindings() };
                let stream = self.session(session).stream;
                self.server().secure(stream, bindings);
            }
            ("malformed", [session]) => {
                let stream = self.session(session).stream;
                self.server().malformed(stream, StreamCondition::PolicyViolation);
            }
            ("stop", _) => {
                let now = self.server().now;
                self.server().core.stop(now);
            }
            ("nothing", ["is", "agreed"]) => assert!(self.server().secured.is_empty()),
            ("nothing", ["is", "due"]) => assert_eq!(self.server().core.poll_timeout(), None),
            ("password", [user, password]) => self.server().set_password(user, password),
            ("remove", [user]) => {
                let now = self.server().now;
                let world = self.server().core.world_mut();
                assert!(standard::account::remove(world, now, &id(user)));
            }
            ("delete", [user]) => {
                let now = self.server().now;
                assert!(account::delete(self.server().core.world_mut(), now, &id(user)));
            }
            ("admin-block" | "admin-unblock", [user]) => {
                let (now, is_on) = (self.server().now, verb == "admin-block");
                let world = self.server().core.world_mut();
                assert!(account::set_admin_blocked(world, now, &id(user), is_on));
            }
            _ => panic!("no step of a scenario: {step}"),
        }
        if self.server.is_some() {
            self.collect();
        }
    }

    fn connect(&mut self, how: &str, name: &str) {
        let (user, resource) = name.split_once('/').unwrap_or((name, ""));
        // What the others are sent meanwhile is theirs.
        let server = self.server();
        let stream = match how {
            "open" => server.open(),
            "opened" => server.opened(),
            "authenticated" => server.authenticated(user),
            "online" => server.connect(user, resource),
            "bound" => server.bound(user, resource),
            "standard" => server.connect_standard(user, resource),
            _ => server.bound_standard(user, resource),
        };
        self.sessions.retain(|session| session.name != name);
        self.sessions.push(Session { name: name.to_owned(), stream, inbox: VecDeque::new() });
    }

    /// Logs in by a mechanism as a user with a password and a binding, perhaps `as` an identity; an
    /// underscore in the user's name stands for a space. The verdict is what the session is sent.
    fn scram(&mut self, session: &str, login: &[&str]) {
        let [mechanism, user, password, binding, rest @ ..] = login else { panic!("{login:?}") };
        let hash = ScramHash::ALL.into_iter().find(|hash| hash.mechanism() == *mechanism).unwrap();
        let bound = |kind| Binding::Bound(kind, bindings().get(kind).unwrap().to_vec());
        let binding = match *binding {
            "unbound" => Binding::None,
            "not-offered" => Binding::NotOffered,
            "tls-exporter" => bound(BindingKind::TlsExporter),
            "tls-server-end-point" => bound(BindingKind::TlsServerEndPoint),
            "foreign" => Binding::Bound(BindingKind::TlsExporter, vec![9; 32]),
            other => panic!("no binding: {other}"),
        };
        let (user, password) = (user.replace('_', " "), Password::new(*password).unwrap());
        let mut parameters = ScramParameters::new(hash, &user, &password, [5; 24]).binding(binding);
        if let ["as", authzid] = rest {
            parameters = parameters.authzid(*authzid);
        }
        let mut client = Scram::new(parameters).unwrap();
        let initial = STANDARD.encode(client.initial());
        let name = client.name();
        self.send(session, &format!(r#"<auth mechanism="{name}" xmlns="{SASL}">{initial}</auth>"#));
        if let Some(challenge) = data(self.session(session).inbox.front(), "challenge") {
            self.session(session).inbox.clear();
            let response = STANDARD.encode(client.step(&challenge).unwrap());
            self.send(session, &format!(r#"<response xmlns="{SASL}">{response}</response>"#));
        }
        if let Some(last) = data(self.session(session).inbox.front(), "success") {
            client.success(&last).unwrap();
        }
    }

    fn configure(&mut self, change: &str) {
        let settings = &mut self.settings;
        let (name, value) = change.split_once(' ').unwrap();
        let is_on = value == "yes";
        match name {
            "block_push_to_requester" => settings.quirks.block_push_to_requester = is_on,
            "blocking" => settings.features = settings.features.with(Feature::Block, is_on),
            "contacts" => settings.contacts = Contacts::Explicit,
            "max_streams" => settings.max_streams = value.parse().unwrap(),
            "max_resources" => settings.max_resources = value.parse().unwrap(),
            "sasl2" => settings.sasl2 = is_on,
            "anonymous" => settings.anonymous = is_on,
            "channel_binding" => settings.channel_binding = is_on,
            "channel_bindings" => self.meta.bindings = bindings(),
            "mechanisms" => self.meta.faults.mechanisms = Some(vec![value.to_owned()]),
            "strips_binding" => self.meta.faults.strips_binding = is_on,
            "scram" => settings.scram = is_on,
            "see_other_host" => self.meta.faults.see_other_host = Some(value.to_owned()),
            "starttls" => {
                (self.meta.tls, self.meta.must_secure) = (false, true);
                self.meta.faults.start_tls = match value {
                    "withheld" => Some(StartTlsFault::Withhold),
                    "refused" => Some(StartTlsFault::Refuse),
                    "spoilt" => Some(StartTlsFault::Inject("<message/>".to_owned())),
                    _ => None,
                };
            }
            "trial" => settings.trial = is_on,
            "profile_open_to_blocked" => settings.quirks.profile_open_to_blocked = is_on,
            "profile_echo" => settings.quirks.profile_echo = is_on,
            _ => panic!("no setting: {change}"),
        }
    }

    /// A line with the texts that its words in braces stand for, some with an argument:
    /// `{error cancel service-unavailable}`.
    fn expanded(&mut self, line: &str) -> String {
        let Some((before, rest)) = line.split_once('{') else { return line.to_owned() };
        let Some((inner, after)) = rest.split_once('}') else { return line.to_owned() };
        let words: Vec<_> = inner.split(' ').collect();
        let text = match words[..] {
            ["host"] => HOST.to_owned(),
            ["opening"] => self.server().opening(),
            ["opening", "to", "nothing"] => {
                self.server().opening().replace(&format!("to=\"{HOST}\" "), "")
            }
            ["opening", "to", other] => self.server().opening().replace(HOST, other),
            ["opening", "version", other] => {
                self.server().opening().replace("\"1.0\"", &format!("\"{other}\""))
            }
            ["answer_to_opening"] => self.server().answer_to_opening(),
            ["close"] => self.server().closing()[1].clone(),
            ["closing"] => self.server().closing()[0].clone(),
            ["auth", ref name @ .., password] => {
                let name = name.join(" ");
                let password = self.password(&name, password);
                Server::auth(&name, &password)
            }
            ["auth_as", authzid, name, password] => {
                let plain = STANDARD.encode(format!("{authzid}\0{name}\0{password}"));
                format!(r#"<auth mechanism="PLAIN" xmlns="{SASL}">{plain}</auth>"#)
            }
            ["authenticate", name, password] => {
                let password = self.password(name, password);
                Server::auth(name, &password)
                    .replace(SASL, "urn:xmpp:sasl:2")
                    .replace("<auth ", "<authenticate ")
                    .replace("\">", "\"><initial-response>")
                    .replace("</auth>", "</initial-response></authenticate>")
            }
            _ => text(&words).unwrap_or_else(|| format!("{{{inner}}}")),
        };
        before.to_owned() + &text + &self.expanded(after)
    }

    /// What the user sends as its password: its own as it is or sealed, another user's or another
    /// text sealed, or a text.
    fn password(&mut self, name: &str, password: &str) -> Password {
        let other = || Password::new(password.trim_start_matches("sealed-")).unwrap();
        let sealed = match password {
            "raw" => return self.server().password_of(name),
            "sealed" => self.server().password_of(name),
            _ if password.starts_with("sealed-") => other(),
            _ => match password.strip_suffix("'s") {
                Some(owner) => self.server().password_of(owner),
                None => return other(),
            },
        };
        self.server().sealed(&sealed)
    }
}

/// The channel bindings of a connection with TLS.
pub(super) fn bindings() -> ChannelBindings {
    ChannelBindings { tls_exporter: Some(vec![1; 32]), tls_server_end_point: Some(vec![2; 32]) }
}

/// What a frame with this element of SASL carries.
pub(super) fn data(frame: Option<&String>, element: &str) -> Option<Vec<u8>> {
    let content = frame?.strip_prefix(&format!(r#"<{element} xmlns="{SASL}">"#))?;
    STANDARD.decode(&content[..content.find('<')?]).ok()
}

/// The text that words in braces stand for in every scenario.
fn text(words: &[&str]) -> Option<String> {
    let repeated = |text: &str, count: &str| text.repeat(count.parse().unwrap());
    Some(match *words {
        ["presence"] => PRESENCE.to_owned(),
        ["card"] => CARD.to_owned(),
        ["version"] => env!("CARGO_PKG_VERSION").to_owned(),
        ["space"] => " \n".to_owned(),
        ["deep"] => "<a>".repeat(40) + &"</a>".repeat(40),
        ["text", count] => repeated("x", count),
        ["greater", count] => repeated(">", count),
        ["children", count] => {
            (0..count.parse().unwrap()).map(|n: u32| format!("<x{n}/>")).collect()
        }
        ["error", kind, condition] => format!(
            r#"<error type="{kind}"><{condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>"#
        ),
        ["stream_error", condition] => format!(
            r#"<stream:error xmlns:stream="http://etherx.jabber.org/streams"><{condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>"#
        ),
        ["failure", condition] => {
            format!(r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><{condition}/></failure>"#)
        }
        _ => return None,
    })
}
