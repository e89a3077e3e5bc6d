//! The recorded exchanges, with this server in the server's part.

use super::testing::{HOST, Server, id};
use crate::core::feature::account;
use crate::core::world::StreamId;
use mfly_proto::payload::profile::VCard;
use mfly_proto::testing::{Bindings, Dialect, Line, Trace, recorded_traces};
use std::collections::VecDeque;
use std::time::Duration;

/// Exchanges in which the server does what this one never does.
const NOT_OURS: [&str; 3] = ["friends/permission", "logout/forced", "unknown/request"];

/// A replay of one trace: `u1` is its client; other users act beside it.
struct Replay {
    server: Server,
    own: StreamId,
    inbox: VecDeque<String>,
    bindings: Bindings,
}

impl Replay {
    fn new(name: &str) -> Self {
        let mut server = Server::new();
        let registered = server.register("u1");
        let mut bindings = Bindings::new();
        bindings.set("host", HOST);
        bindings.set("seconds", "903");
        let own = if name == "connect/web_sdk" {
            let auth = Server::auth("u1", &server.sealed(&registered.password));
            let start = auth.find('>').unwrap() + 1;
            bindings.set("auth", &auth[start..auth.rfind('<').unwrap()]);
            server.open()
        } else {
            bindings.set("resource", "Web-1");
            server.connect("u1", "Web-1")
        };
        // Others exist from the start, so that the contact list is theirs.
        if !name.starts_with("connect/") {
            server.register("u2");
        }
        Self { server, own, inbox: VecDeque::new(), bindings }
    }

    /// A session of another user, or a second one of the own account, as the events of a trace need
    /// it.
    fn other(&mut self, name: &str) -> StreamId {
        let other = self.server.connect(name, "Web-2");
        self.server.received(self.own);
        other
    }

    fn set_up(&mut self, fact: &str) {
        match fact {
            "u2 is online" => {
                self.other("u2");
            }
            "u2 was online 903 seconds ago" => {
                let stream = self.other("u2");
                self.server.lose(stream);
                self.server.received(self.own);
                // The pings of that quarter of an hour are another trace's subject.
                self.server.now = self.server.now.after(Duration::from_secs(903));
            }
            "u2 has a profile" => {
                let world = self.server.core.world_mut();
                assert!(world.set_profile(&id("u2"), bobs_profile()));
                let own = world.user_mut(&id("u1")).unwrap();
                own.contact_names.insert(id("u2"), "Bobby".to_owned());
            }
            _ => self.happen(fact),
        }
        self.server.received(self.own);
    }

    fn happen(&mut self, event: &str) {
        let jid = |name: &str| format!("{name}@{HOST}");
        match event.split_whitespace().collect::<Vec<_>>()[..] {
            [blocker, verb @ ("blocks" | "unblocks"), blocked] => {
                self.server.register(blocked);
                // Another blocker stays invisible: presence is another trace's subject.
                let stream =
                    if blocker == "u1" { self.own } else { self.server.bound(blocker, "Web-2") };
                let name = verb.trim_end_matches('s');
                let payload = format!(
                    r#"<{name} xmlns="urn:xmpp:blocking"><item jid="{}"/></{name}>"#,
                    jid(blocked)
                );
                self.server.ask(stream, "set", None, &payload);
            }
            ["u2", "comes", "online"] => {
                let stream = self.server.bound("u2", "Web-2");
                self.server.send(stream, super::testing::PRESENCE);
            }
            ["u2", "goes", "offline"] => {
                let stream = self.server.core.world().streams_of(&id("u2"))[0];
                self.server.lose(stream);
            }
            ["u2", "sets", "the", "profile"] => {
                let stream = self.other("u2");
                let mut buffer = Vec::new();
                let card = VCard {
                    nick_name: "XH2Q0UEeVt4XiVnfeHpmnQ==".to_owned(),
                    email: "zgnea8xjDT1zLK3xYqUlrcr4nbz9FUG9QLiNTQIZ2wA=".to_owned(),
                    status: "New status".to_owned(),
                    ..bobs_profile()
                };
                card.write(&mut mfly_proto::xml::Writer::new(&mut buffer));
                let payload = String::from_utf8(buffer).unwrap();
                self.server.ask(stream, "set", None, &payload);
            }
            ["u2", "asks", "for", "a", "register", "update"] => {
                let stream = self.other("u2");
                let payload = format!(
                    r#"<query status="register_update" to_user="{}" xmlns="jabber:iq:user_activities"/>"#,
                    jid("u2")
                );
                self.server.ask(stream, "set", None, &payload);
            }
            ["another", "session", "of", "u1", "archives"] => {
                let stream = self.other("u1");
                let payload = r#"<query archive="1" status="user_settings" xmlns="jabber:iq:user_activities"/>"#;
                self.server.ask(stream, "set", None, payload);
            }
            ["u2", "deletes", "the", "account"] => {
                let now = self.server.now;
                assert!(account::delete(self.server.core.world_mut(), now, &id("u2")));
            }
            ["an", "administrator", "blocks", "u2"] => {
                let now = self.server.now;
                assert!(account::set_admin_blocked(
                    self.server.core.world_mut(),
                    now,
                    &id("u2"),
                    true
                ));
            }
            ["the", "server", "pings"] => self.server.pass(Duration::from_secs(60)),
            _ => panic!("no step for this event: {event}"),
        }
    }

    fn expect(&mut self, line: &str) -> Result<(), String> {
        self.inbox.extend(self.server.received(self.own));
        let said = self.inbox.pop_front().ok_or_else(|| format!("nothing was said for {line}"))?;
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
                replay.server.send(replay.own, &frame);
            }
            Line::Server(frame) => replay.expect(frame)?,
            Line::Do(_) | Line::Event(_) => {}
        }
    }
    replay.inbox.extend(replay.server.received(replay.own));
    match replay.inbox.pop_front() {
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
