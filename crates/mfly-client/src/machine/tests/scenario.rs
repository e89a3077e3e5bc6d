//! Scenarios: what the machine does at each input, as text that one runner plays.
//!
//! ```text
//! # A lost connection is made again.
//! given: an online session
//! do: lose
//! N: disconnected: the server closed the connection
//! N: state Reconnecting
//! N: reconnecting 1
//! do: pass 0.5
//! M: connect
//! ```
//! `config:` changes the configuration of the session that the next line makes. `given:` has steps,
//! with `; ` between them, whose outputs are of no interest; `do:` has steps of the app or the
//! driver, and `S:` a frame of the server. After each of these, the lines name every output in its
//! order: `C:` a frame that is sent, `N:` a notice, `R:` the outcome of a request, `M:` what the
//! driver is to do, `K:` what the session knows of its server. A line that ends in `…` names the
//! beginning of an output, and `…` alone stands for any further outputs.
//!
//! `| name | name` begins a table ([`scenarios`](mfly_proto::testing::scenarios)). Other words in
//! braces stand for [frames](expanded); `{uuid}` is one that the machine has drawn.

use super::server::{Account, BIND_FEATURE, PASSWORD, SESSION_FEATURE, bindings, features, offer};
use super::server::{BIND2, base64, offer2, success2};
use super::*;
use mfly_proto::sasl::{MechanismKind, MechanismPolicy, ScramHash};
use mfly_proto::testing::{Scenario, scenarios_below};

#[test]
fn the_machine_does_what_each_scenario_says() {
    let mut faults = Vec::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/machine/tests/scenarios");
    let scenarios = scenarios_below(folder).unwrap();
    assert!(scenarios.len() > 150, "only {} scenarios", scenarios.len());
    for Scenario { title, lines } in scenarios {
        let mut play = Play::default();
        if let Err(fault) = play.run(&lines) {
            let outputs = play.rig().log.join("\n");
            faults.push(format!("{title}\n{fault}\nall of it:\n{outputs}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What the session asks for carbons, pings and binds with.
const CARBONS: &str =
    r#"<iq id="{uuid}" type="set" xmlns="jabber:client"><enable xmlns="urn:xmpp:carbons:2"/></iq>"#;
const PING: &str =
    r#"<iq id="{uuid}" type="get" xmlns="jabber:client"><ping xmlns="urn:xmpp:ping"/></iq>"#;
const BIND_REQUEST: &str = r#"<iq id="_bind_auth_2" type="set" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>RESOURCE{uuid}</resource></bind></iq>"#;

/// A scenario that is being played.
#[derive(Default)]
struct Play {
    changes: Vec<String>,
    rig: Option<Rig>,
    account: Option<Account>,
    /// How many outputs have been compared.
    seen: usize,
}

impl Play {
    fn run(&mut self, lines: &[String]) -> Result<(), String> {
        for line in lines {
            let (word, text) = line.split_once(": ").unwrap_or((line, ""));
            match word {
                "config" => self.changes.push(text.to_owned()),
                "given" | "do" | "S" => {
                    self.all_seen().map_err(|fault| format!("before {line:?}: {fault}"))?;
                    match word {
                        "S" => self.rig().receive(&expanded(text)),
                        _ => self.step(&expanded(text)),
                    }
                    if word == "given" {
                        self.seen = self.rig().log.len();
                    }
                }
                "…" => self.seen = self.rig().log.len(),
                "C" | "N" | "R" | "M" | "K" => self.expect(line)?,
                _ => panic!("no word of a scenario: {line}"),
            }
        }
        self.all_seen()
    }

    fn rig(&mut self) -> &mut Rig {
        self.rig.as_mut().expect("a scenario begins with a session")
    }

    fn expect(&mut self, line: &str) -> Result<(), String> {
        let seen = self.seen;
        let got = self.rig().log.get(seen).cloned().unwrap_or_default();
        let (expected, said) = (expanded(line), expanded(&got));
        let is_expected = match expected.strip_suffix('…') {
            Some(start) => said.starts_with(start),
            None => said == expected,
        };
        self.seen += 1;
        if is_expected { Ok(()) } else { Err(format!("expected: {expected}\n       got: {said}")) }
    }

    fn all_seen(&mut self) -> Result<(), String> {
        let seen = self.seen;
        match self.rig.as_ref().and_then(|rig| rig.log.get(seen)) {
            Some(more) => Err(format!("it went on with {more}")),
            None => Ok(()),
        }
    }

    /// Makes the session, or takes a step with it.
    fn step(&mut self, step: &str) {
        let changes = std::mem::take(&mut self.changes);
        let change = |config: &mut Config| changes.iter().for_each(|text| configure(config, text));
        match step {
            "a new session" => self.rig = Some(Rig::with(change)),
            "an online session" => self.rig = Some(Rig::online_with(change)),
            "a new standard session" => self.rig = Some(Rig::standard(change)),
            "a new session over TCP alone" => self.rig = Some(Rig::only(Framing::Tcp, change)),
            "a new session over WebSocket alone" => {
                self.rig = Some(Rig::only(Framing::WebSocket, change));
            }
            _ => step.split("; ").filter(|s| !s.is_empty()).for_each(|step| self.act(step)),
        }
    }

    fn act(&mut self, step: &str) {
        let (verb, rest) = match step.strip_prefix("pass among presences ") {
            Some(seconds) => ("pass among presences", seconds),
            None => step.split_once(' ').unwrap_or((step, "")),
        };
        let account = self.account.get_or_insert_with(Account::sha256);
        let rig = self.rig.as_mut().expect("a scenario begins with a session");
        match (verb, rest) {
            _ if step.starts_with('<') => rig.receive(step),
            ("connected", "unencrypted") => rig.dialled_as(false, ChannelBindings::NONE),
            ("connected", "with channel bindings") => rig.dialled_as(true, bindings()),
            ("connected", _) => rig.dialled(),
            ("log", "in to bind") => {
                rig.authenticate(PLAIN, PASSWORD);
                rig.succeed(BIND);
            }
            ("log", "in") => rig.connect(),
            ("bind", "") => rig.bind(),
            ("password", "") => rig.password("sealed-password"),
            ("password", password) => rig.password(password),
            ("earlier", "password") => {
                let late = Password::new("late").map_err(cause);
                rig.command(Command::Password(rig.tickets[0], late));
            }
            ("no", "password") => {
                let failure = Err(cause(std::io::Error::other("vault is locked")));
                rig.command(Command::Password(*rig.tickets.last().unwrap(), failure));
            }
            ("server", "binds the channel") => *account = Account::sha256().bound(),
            ("server", "has another salt") => {
                *account = Account::new(ScramHash::Sha256, b"other salt", 4096);
            }
            ("server", "has SCRAM-SHA-1 alone") => {
                *account = Account::new(ScramHash::Sha1, b"salt", 4096);
            }
            ("server", signs) => {
                let names: Vec<_> = signs.split(' ').skip(1).collect();
                *account = Account::sha256().signing(&names);
            }
            ("challenge", iterations) => {
                let challenge = String::from_utf8(account.challenge_data(rig.last())).unwrap();
                let challenge = match iterations {
                    "" => challenge,
                    other => challenge.replace("i=4096", &format!("i={other}")),
                };
                rig.receive(&account.element("challenge", challenge.as_bytes()));
            }
            ("derive", "the earlier keys") => {
                let (ticket, derivation) = rig.derivations.remove(0);
                rig.input(Input::Derived(ticket, derivation.run()));
            }
            ("confirm", "with a wrong signature") => {
                assert!(account.signature(rig.last()).is_some());
                let wrong = format!("v={}", base64(&[1; 32]));
                rig.receive(&account.element("success", wrong.as_bytes()));
            }
            ("confirm", "without a signature") => rig.receive(&account.element("success", b"")),
            ("confirm", "and bind") => {
                let signature = account.signature(rig.last()).unwrap();
                rig.receive(&success2(&base64(&signature), true));
            }
            ("derive", "") => assert!(rig.derive() > 0, "no keys were asked for"),
            ("confirm", "") => {
                let success = account.success(rig.last());
                rig.receive(&success);
            }
            ("lose", "") => rig.lose(),
            ("lose", why) => rig.input(Input::Disconnected(loss(why))),
            ("fail", "with Retry-After 120") => {
                let refused = mfly_transport::TransportError::Handshake {
                    status: Some(503),
                    reason: "busy".into(),
                    retry_after: Some(120 * SECOND),
                };
                rig.input(Input::Disconnected(Loss::ConnectFailed(cause(refused))));
            }
            ("fail", why) => {
                let failed = cause(std::io::Error::other(why.to_owned()));
                rig.input(Input::Disconnected(Loss::ConnectFailed(failed)));
            }
            ("pass among presences", seconds) => {
                for _ in 0..seconds.parse::<u32>().unwrap() / 5 {
                    rig.pass(5 * SECOND);
                    rig.receive("<presence/>");
                }
                rig.log.retain(|line| line != "N: presence Available");
            }
            // The driver is late: the time passes, and the machine is not told.
            ("stall", seconds) => rig.now += Duration::from_secs(seconds.parse().unwrap()),
            ("time", "out") => rig.input(Input::Timeout),
            ("pass", seconds) => rig.pass(Duration::from_secs_f64(seconds.parse().unwrap())),
            ("request", "failing fast") => {
                rig.request_with(None, |request| request.fail_fast = true);
            }
            ("request", "as a check") => {
                rig.request_with(None, |request| {
                    request.is_check = true;
                    request.deadline -= 10 * SECOND;
                });
            }
            ("request", "too late") => {
                let now = rig.now;
                rig.request_with(None, |request| request.deadline = now);
            }
            ("request", "") => {
                rig.request(None);
            }
            ("request", to) => {
                rig.request(Some(to));
            }
            ("answer", "") => {
                let answer = answer_to(rig.last());
                rig.receive(&answer);
            }
            ("refuse", "") => {
                let answer = answer_to(rig.last()).replace("result", "error");
                rig.receive(&answer);
            }
            ("cancel", number) => rig.cancel(number.parse().unwrap()),
            ("remember", "the server") => {
                let known = serde_json::to_string(&rig.server_known().unwrap()).unwrap();
                rig.log.push(format!("K: {known}"));
            }
            ("send", stanza) => rig.command(Command::Send(Frame::from(stanza.to_owned()))),
            ("reconnect", "") => rig.command(Command::Reconnect),
            ("close", "") => rig.close(),
            ("close", "because the account was deleted") => {
                rig.command(Command::Close(EndReason::AccountDeleted));
            }
            _ => panic!("no step of a scenario: {step}"),
        }
    }
}

fn loss(why: &str) -> Loss {
    let closed = why.strip_prefix("with code ").and_then(|close| close.split_once(": "));
    match closed {
        Some((code, reason)) => Loss::Closed(Some(mfly_transport::Close {
            code: Some(code.parse().unwrap()),
            reason: reason.to_owned(),
        })),
        None => Loss::TooLarge(4096),
    }
}

fn configure(config: &mut Config, change: &str) {
    let (name, value) = change.split_once(' ').unwrap();
    let is_on = value == "yes";
    let number = || value.parse().unwrap();
    let seconds = |text: &str| match text {
        "endless" => Duration::MAX,
        number => number.parse::<u32>().unwrap() * SECOND,
    };
    match name {
        "account" => config.account = BareJid::new(value).unwrap(),
        "accepts_weaker" => config.accepts_weaker = is_on,
        "carbons" => config.carbons = is_on,
        "check_stream_from" => config.check_stream_from = is_on,
        "depth_of_answers" => config.limits.iq.depth = number() as usize,
        "first_attempts" => config.first_attempts = number(),
        "hard_bytes" => config.limits.hard_bytes = number() as usize,
        "home" => config.home.push(value.to_owned()),
        "keepalive" => {
            let (idle, answer) = value.split_once(' ').unwrap();
            config.keepalive = KeepaliveConfig { idle: seconds(idle), answer: seconds(answer) };
        }
        "max_requests" => config.max_requests = number() as usize,
        "max_waiting" => config.max_waiting = number() as usize,
        "mechanisms" => {
            config.mechanisms = match value {
                "password" => MechanismPolicy::password(),
                "without PLAIN" => MechanismPolicy::password().without_plain(),
                "pinned SCRAM-SHA-1" => MechanismPolicy::password()
                    .pinned(MechanismKind::from_name("SCRAM-SHA-1").unwrap()),
                "external" => MechanismPolicy::external(),
                "anonymous" => MechanismPolicy::anonymous(),
                "all" => MechanismPolicy::of(MechanismKind::ALL),
                other => panic!("no mechanisms: {other}"),
            };
        }
        "pipelined" => config.pipelined = is_on,
        "presence" => config.presence = is_on,
        "reconnect" if value == "never" => config.reconnect = ReconnectPolicy::never(),
        "reconnect" => config.reconnect.max_attempts = Some(number()),
        "redirects" => {
            config.redirects = match value {
                "same domain" => RedirectPolicy::SameDomain,
                "never" => RedirectPolicy::Never,
                hosts => RedirectPolicy::Hosts(vec![hosts.to_owned()]),
            };
        }
        "known" => config.known = Some(serde_json::from_str(value).unwrap()),
        "resource" if value == "of the session" => {
            config.resource = Resource::OfSession("mfly-".to_owned());
        }
        "resource" => config.resource = Resource::Exactly(value.to_owned()),
        _ => panic!("no configuration: {change}"),
    }
}

/// A line with the frames that it names in braces, perhaps with an argument: `{open}`,
/// `{offer PLAIN SCRAM-SHA-1}`.
fn expanded(line: &str) -> String {
    let Some((before, rest)) = line.split_once('{') else { return line.to_owned() };
    let Some((inner, after)) = rest.split_once('}') else { return line.to_owned() };
    let (name, argument) = inner.split_once(' ').unwrap_or((inner, ""));
    let count = || argument.parse().unwrap();
    let names: Vec<_> = argument.split(' ').filter(|name| !name.is_empty()).collect();
    let frame = match name {
        "open" => OPEN.to_owned(),
        "server_open" => SERVER_OPEN.to_owned(),
        "open_from" => SERVER_OPEN.replace("host.test", argument),
        "close" => CLOSE.to_owned(),
        "presence" => PRESENCE.to_owned(),
        "carbons" => CARBONS.to_owned(),
        "ping" => PING.to_owned(),
        "bind_request" => BIND_REQUEST.replace("RESOURCE", argument),
        "unavailable" => UNAVAILABLE.to_owned(),
        "success" => SUCCESS.to_owned(),
        "plain" => PLAIN.to_owned(),
        "bind" => BIND.to_owned(),
        "bound" => BOUND.to_owned(),
        "features" => features(&names.into_iter().map(feature).collect::<String>()),
        "offer" => offer(&names),
        "offer_bound" => offer(&names).replace(
            "</features>",
            r#"<sasl-channel-binding xmlns="urn:xmpp:sasl-cb:0"><channel-binding type="tls-exporter"/></sasl-channel-binding></features>"#,
        ),
        "offer2" => {
            let (inline, names): (Vec<_>, Vec<_>) =
                names.into_iter().partition(|name| name.ends_with("bind2"));
            let inline: String = inline.into_iter().map(feature).collect();
            offer2(&names, &inline)
        }
        "offer_both" => offer(&names).replace(
            "<mechanisms",
            r#"<authentication xmlns="urn:xmpp:sasl:2"><mechanism>PLAIN</mechanism></authentication><mechanisms"#,
        ),
        "success2" => success2("", argument == "bound"),
        "bound_as" => BOUND.replace("u1@host.test/Web-1", argument),
        "stream_error" => stream_error(argument, ""),
        "redirect" => stream_error("see-other-host", argument),
        "failure" => failure(&format!("<{argument}/>")),
        "bind_refusal" => format!(
            r#"<iq type="error" id="_bind_auth_2"><error type="cancel"><{argument} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
        ),
        "attributes" => (0..count()).map(|n| format!(" a{n}='v'")).collect(),
        "empty_elements" => "<br/>".repeat(count()),
        "open_elements" => "<a>".repeat(count()),
        "text" => "x".repeat(count()),
        "space" => " \n".to_owned(),
        "deep" => feature("deep"),
        _ => format!("{{{inner}}}"),
    };
    before.to_owned() + &frame + &expanded(after)
}

/// A feature by its name.
fn feature(name: &str) -> String {
    match name.split_once('-') {
        _ if name == "bind" => BIND_FEATURE.to_owned(),
        _ if name == "session" => SESSION_FEATURE.to_owned(),
        _ if name == "deep" => "<span>".repeat(40) + &"</span>".repeat(40),
        _ if name == "bind2" => BIND2.to_owned(),
        _ if name == "bare-bind2" => r#"<bind xmlns="urn:xmpp:bind:0"/>"#.to_owned(),
        Some(("optional", "session")) => SESSION_FEATURE.replace("/>", "><optional/></session>"),
        Some(("limit", bytes)) => format!(
            r#"<limits xmlns="urn:xmpp:stream-limits:0"><max-bytes>{bytes}</max-bytes></limits>"#
        ),
        _ => panic!("no feature: {name}"),
    }
}

/// An output as a line of a scenario.
pub(super) fn line(output: &Output) -> String {
    match output {
        Output::Connect { redirect: None, .. } => "M: connect".to_owned(),
        Output::Connect { redirect: Some(to), .. } => format!("M: connect to {}", to.host()),
        Output::Disconnect => "M: disconnect".to_owned(),
        Output::Send(frame) => format!("C: {}", named(&twin::in_websocket(frame.as_str()))),
        Output::NeedPassword(_) => "M: need a password".to_owned(),
        Output::Derive(..) => "M: derive keys".to_owned(),
        Output::Reply(RequestId(id), Ok(answer)) => format!("R: {id} {}", answer.as_str()),
        Output::Reply(RequestId(id), Err(RequestFailure::NotConnected { last: Some(last) })) => {
            format!("R: {id} failed: not connected: {last}")
        }
        Output::Reply(RequestId(id), Err(error)) => format!("R: {id} failed: {error}"),
        Output::Notice(notice) => format!("N: {}", describe(notice)),
    }
}

/// A frame of the client by its name, if it has one, and without what the machine has drawn.
fn named(frame: &str) -> String {
    let frame = without_uuids(frame);
    let names = ["open", "close", "presence", "unavailable", "carbons", "ping"];
    let known = names.map(|name| format!("{{{name}}}")).into_iter().find(|n| expanded(n) == frame);
    known.unwrap_or(frame)
}

fn without_uuids(text: &str) -> String {
    let is_uuid = |part: &str| {
        let groups: Vec<_> = part.split('-').collect();
        let lengths: Vec<_> = groups.iter().map(|group| group.len()).collect();
        lengths == [8, 4, 4, 4, 12] && part.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
    };
    let mut text = text.to_owned();
    let starts: Vec<_> = text.char_indices().map(|(at, _)| at).rev().collect();
    for at in starts {
        if text.get(at..at + 36).is_some_and(is_uuid) {
            text.replace_range(at..at + 36, "{uuid}");
        }
    }
    text
}
