//! The recorded exchanges, with this server in the server's part.

use super::scenario::Play;
use super::testing::{HOST, Server, id};
use mfly_proto::framing::Framing;
use mfly_proto::payload::profile::VCard;
use mfly_proto::testing::{Bindings, Dialect, Line, Trace, recorded_traces};
use std::time::Duration;

/// Exchanges in which the server does what this one never does.
const NOT_OURS: [&str; 3] = ["friends/permission", "logout/forced", "unknown/request"];

/// The session that a trace is about.
const OWN: &str = "u1/Web-1";

/// A replay of one trace: [`OWN`] is its client; other users act beside it, by the steps of a
/// scenario.
struct Replay {
    play: Play,
    bindings: Bindings,
}

impl Replay {
    fn new(name: &str) -> Self {
        let mut play = Play::new(Framing::WebSocket);
        let mut bindings = Bindings::new();
        bindings.set("host", HOST);
        bindings.set("seconds", "903");
        if name == "connect/web_sdk" {
            let password = play.server().password_of("u1");
            let auth = Server::auth("u1", &play.server().sealed(&password));
            let start = auth.find('>').unwrap() + 1;
            bindings.set("auth", &auth[start..auth.rfind('<').unwrap()]);
            play.step(&format!("open {OWN}"));
        } else {
            bindings.set("resource", "Web-1");
            play.step(&format!("online {OWN}"));
        }
        // Others exist from the start, so that the contact list is theirs.
        if !name.starts_with("connect/") {
            play.step("registered u2");
        }
        Self { play, bindings }
    }

    /// Forgets what the client was sent.
    fn forget(&mut self) {
        self.play.session(OWN).inbox.clear();
    }

    /// Lets another session do something, as the events of a trace need it.
    fn other(&mut self, name: &str, frame: &str) {
        self.play.step(&format!("online {name}"));
        self.forget();
        self.play.send(name, frame);
    }

    fn set_up(&mut self, fact: &str) {
        match fact {
            "u2 is online" => self.play.step("online u2/Web-2"),
            "u2 was online 903 seconds ago" => {
                self.play.step("online u2/Web-2");
                self.play.step("lose u2/Web-2");
                // The pings of that quarter of an hour are another trace's subject.
                let server = self.play.server();
                server.now = server.now.after(Duration::from_secs(903));
            }
            "u2 has a profile" => {
                let world = self.play.server().core.world_mut();
                assert!(world.set_profile(&id("u2"), bobs_profile()));
                let own = world.user_mut(&id("u1")).unwrap();
                own.contact_names.insert(id("u2"), "Bobby".to_owned());
            }
            _ => self.happen(fact),
        }
        self.forget();
    }

    fn happen(&mut self, event: &str) {
        match event.split_whitespace().collect::<Vec<_>>()[..] {
            [blocker, verb @ ("blocks" | "unblocks"), blocked] => {
                self.play.step(&format!("registered {blocked}"));
                let other = format!("{blocker}/Web-2");
                // Another blocker stays invisible: presence is another trace's subject.
                let name = if blocker == "u1" { OWN } else { &other };
                if blocker != "u1" {
                    self.play.step(&format!("bound {other}"));
                }
                let verb = verb.trim_end_matches('s');
                let payload = format!(
                    r#"<{verb} xmlns="urn:xmpp:blocking"><item jid="{blocked}@{HOST}"/></{verb}>"#
                );
                self.play.send(name, &format!(r#"<iq id="o" type="set">{payload}</iq>"#));
                if blocker == "u1" {
                    // The answer is the operation's, and the push is the event.
                    self.play.session(OWN).inbox.pop_front();
                }
            }
            ["u2", "comes", "online"] => {
                self.play.step("bound u2/Web-2");
                self.play.send("u2/Web-2", "{presence}");
            }
            ["u2", "goes", "offline"] => self.play.step("lose u2/Web-2"),
            ["u2", "sets", "the", "profile"] => {
                let mut card = Vec::new();
                let profile = VCard {
                    nick_name: "XH2Q0UEeVt4XiVnfeHpmnQ==".to_owned(),
                    email: "zgnea8xjDT1zLK3xYqUlrcr4nbz9FUG9QLiNTQIZ2wA=".to_owned(),
                    status: "New status".to_owned(),
                    ..bobs_profile()
                };
                profile.write(&mut mfly_proto::xml::Writer::new(&mut card));
                let card = String::from_utf8(card).unwrap();
                self.other("u2/Web-2", &format!(r#"<iq id="o" type="set">{card}</iq>"#));
            }
            ["u2", "asks", "for", "a", "register", "update"] => self.other(
                "u2/Web-2",
                r#"<iq id="o" type="set"><query status="register_update" to_user="u2@{host}" xmlns="jabber:iq:user_activities"/></iq>"#,
            ),
            ["another", "session", "of", "u1", "archives"] => self.other(
                "u1/Web-2",
                r#"<iq id="o" type="set"><query archive="1" status="user_settings" xmlns="jabber:iq:user_activities"/></iq>"#,
            ),
            ["u2", "deletes", "the", "account"] => self.play.step("delete u2"),
            ["an", "administrator", "blocks", "u2"] => self.play.step("admin-block u2"),
            ["the", "server", "pings"] => self.play.step("pass 60"),
            _ => panic!("no step for this event: {event}"),
        }
    }

    fn expect(&mut self, line: &str) -> Result<(), String> {
        let said = self.play.session(OWN).inbox.pop_front();
        let said = said.ok_or_else(|| format!("nothing was said for {line}"))?;
        self.bindings.matches(line, &said).map_err(|mismatch| mismatch.to_string())
    }
}

fn bobs_profile() -> VCard {
    VCard {
        nick_name: "zpsIMqr9CDMq3GgVFtn8TQ==".to_owned(),
        image: "img/u2.jpg".to_owned(),
        thumb_image: "img/u2_t.jpg".to_owned(),
        email: "ld34qecHcKOzR8lczJrJwd/3zyim3gHJyX37kafUtjo=".to_owned(),
        mobile_number: "3WWH+U0O3uMIxqTZPXXdkw==".to_owned(),
        status: "At work".to_owned(),
        others: Vec::new(),
    }
}

fn replay(name: &str, trace: &Trace) -> Result<(), String> {
    let mut replay = Replay::new(name);
    for line in &trace.lines {
        match line {
            Line::Given(fact) => replay.set_up(fact),
            Line::When(event) => replay.happen(event),
            Line::Client(frame) => {
                let frame = replay.bindings.fill(frame);
                replay.play.send(OWN, &frame);
            }
            Line::Server(frame) => replay.expect(frame)?,
            Line::Do(_) | Line::Event(_) => {}
        }
    }
    match replay.play.session(OWN).inbox.pop_front() {
        Some(surplus) => Err(format!("more was said: {surplus}")),
        None => Ok(()),
    }
}

#[test]
fn every_recorded_exchange_gets_the_recorded_answers() {
    let mut faults = Vec::new();
    let (skipped, replayed): (Vec<_>, Vec<_>) = recorded_traces()
        .unwrap()
        .into_iter()
        .partition(|(name, _)| NOT_OURS.contains(&name.as_str()));
    assert_eq!(skipped.len(), NOT_OURS.len());
    assert!(replayed.len() >= 16, "only {} traces", replayed.len());
    for (name, trace) in replayed {
        // What other servers say is not the platform's to say.
        if trace.dialect() == Dialect::Standard {
            continue;
        }
        if let Err(fault) = replay(&name, &trace) {
            faults.push(format!("{name}: {fault}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
