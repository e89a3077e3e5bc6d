//! The server's side of one stream (RFC 6120 §4, RFC 7395), whatever carries it.
//!
//! ```text
//!  open                      SASL                open                bind
//! ──────► Authenticating ───────────► Reopening ───────► Binding ────────────► Online
//! Opening  │      ▲  │ │                                    ▲                   ▲ │
//!    │ │   │ open │  │ └──────────────── SASL2 ─────────────┴── with a binding ─┘ │
//!    │ └► Securing ──► TLS, over TCP   wrong: 3 tries                              │
//!    └─────┴─────────┴──────── stream error, close, time-out ────────────────────►┴─► Closed
//! ```
//! `Opening` and `Reopening` are one phase, told apart by who is logged in. A phase is a file and
//! owns its data.

mod authenticating;
mod binding;
pub(crate) mod fault;
mod login;
mod offer;
mod online;
mod opening;
mod sasl_server;
mod securing;

use crate::core::feature::session_end;
use crate::core::world::session::frame;
use crate::core::world::{Settings, StreamId, Timestamp, World};
use authenticating::Authenticating;
use binding::Binding;
use fault::StreamFaults;
use mfly_proto::framing::{Frame, FrameReader, Framing, Open, Received};
use mfly_proto::sasl::ChannelBindings;
use mfly_proto::stream::{StreamCondition, StreamError};
use online::Online;
use opening::Opening;
use securing::Securing;

/// What the shell knows about a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct StreamMeta {
    /// How it carries frames.
    pub(crate) framing: Framing,
    /// Whether it is encrypted.
    pub(crate) tls: bool,
    /// Whether it has to be encrypted before anything else.
    pub(crate) must_secure: bool,
    /// What an authentication can be tied to; nothing without TLS.
    pub(crate) bindings: ChannelBindings,
    /// What it has to suffer.
    pub(crate) faults: StreamFaults,
}

/// One XMPP stream of a client.
pub(crate) struct Stream {
    meta: StreamMeta,
    reader: FrameReader,
    phase: Phase,
    /// Until when it must be bound.
    handshake_deadline: Timestamp,
    /// Whether the client's last opening was answered: an error may not come before that (RFC 6120
    /// §4.9.1.1).
    greeted: bool,
}

enum Phase {
    Opening(Opening),
    Securing(Securing),
    Authenticating(Authenticating),
    Binding(Binding),
    Online(Online),
    Closed,
}

impl Phase {
    /// Whether the client opens a stream next, first or anew.
    const fn awaits_opening(&self) -> bool {
        matches!(self, Self::Opening(_))
    }
}

/// What a frame leads to.
enum Step {
    /// Go on in this phase.
    Become(Phase),
    /// End the stream with this error.
    Fail(StreamCondition),
    /// Ends the stream with this error and its text.
    FailWith(StreamError),
}

/// Where and when a frame is handled.
struct Cx<'a> {
    now: Timestamp,
    id: StreamId,
    meta: &'a StreamMeta,
    world: &'a mut World,
}

impl Cx<'_> {
    fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.world.send(self.id, frame(write));
    }
}

impl Stream {
    /// A stream that was just accepted.
    pub(crate) fn new(now: Timestamp, meta: StreamMeta, settings: &Settings) -> Self {
        Self {
            reader: FrameReader::new(meta.framing, offer::readable()),
            meta,
            phase: Phase::Opening(Opening::default()),
            handshake_deadline: now.after(settings.handshake_deadline),
            greeted: false,
        }
    }

    /// Turns the connection away: the server has as many as it may.
    pub(crate) fn refuse(mut self, now: Timestamp, id: StreamId, world: &mut World) {
        let error = StreamError::new(StreamCondition::ResourceConstraint);
        self.fail(now, id, world, error);
    }

    /// When [`Stream::on_timeout`] has to be called next.
    pub(crate) const fn deadline(&self) -> Timestamp {
        match &self.phase {
            Phase::Online(online) => online.deadline(),
            Phase::Closed => Timestamp(u64::MAX),
            _ => self.handshake_deadline,
        }
    }

    /// Handles one frame.
    pub(crate) fn on_frame(
        &mut self,
        now: Timestamp,
        id: StreamId,
        frame: Frame,
        world: &mut World,
    ) {
        if let Phase::Online(online) = &mut self.phase {
            online.heard();
        }
        let received = match self.reader.read(frame) {
            Ok(received) => received,
            Err(error) => return self.fail(now, id, world, StreamError::new(error.kind.into())),
        };
        let mut cx = Cx { now, id, meta: &self.meta, world: &mut *world };
        let phase = std::mem::replace(&mut self.phase, Phase::Closed);
        let step = match (phase, received) {
            (Phase::Closed, _) => return,
            (phase, Received::WhiteSpace) => Step::Become(phase),
            (_, Received::Close { .. }) => {
                session_end::unbind(world, now, id);
                return world.close(id);
            }
            (Phase::Opening(phase), Received::Open(open)) => {
                self.greeted = true;
                phase.on_open(&open, &mut cx)
            }
            (_, Received::Open(_) | Received::Skipped(_)) => {
                Step::Fail(StreamCondition::PolicyViolation)
            }
            (Phase::Opening(_), Received::Element(_)) => Step::Fail(StreamCondition::BadFormat),
            (Phase::Securing(phase), Received::Element(element)) => {
                phase.on_element(element.root(), &mut cx)
            }
            (Phase::Authenticating(phase), Received::Element(element)) => {
                phase.on_element(element.root(), &mut cx)
            }
            (Phase::Binding(phase), Received::Element(element)) => {
                phase.on_element(element.root(), &mut cx)
            }
            (Phase::Online(phase), Received::Element(element)) => {
                phase.on_element(element.root(), &mut cx)
            }
        };
        match step {
            Step::Become(phase) => {
                self.greeted &= !phase.awaits_opening();
                self.phase = phase;
            }
            Step::Fail(condition) => self.fail(now, id, world, StreamError::new(condition)),
            Step::FailWith(error) => self.fail(now, id, world, error),
        }
    }

    /// TLS was agreed on and is there: the client opens the stream anew.
    pub(crate) fn on_secured(&mut self, bindings: ChannelBindings) {
        if matches!(self.phase, Phase::Securing(_)) {
            self.meta.tls = true;
            self.meta.must_secure = false;
            self.meta.bindings = bindings;
            self.reader = FrameReader::new(self.meta.framing, offer::readable());
            self.phase = Phase::Opening(Opening::default());
            self.greeted = false;
        }
    }

    /// Ends the stream for a reason that lies outside of it.
    pub(crate) fn end(
        &mut self,
        now: Timestamp,
        id: StreamId,
        condition: StreamCondition,
        world: &mut World,
    ) {
        if !matches!(self.phase, Phase::Closed) {
            self.fail(now, id, world, StreamError::new(condition));
        }
    }

    /// Does what is due.
    pub(crate) fn on_timeout(&mut self, now: Timestamp, id: StreamId, world: &mut World) {
        let is_over = match &mut self.phase {
            Phase::Closed => false,
            Phase::Online(online) => !online.on_timeout(now, id, world),
            _ => self.handshake_deadline <= now,
        };
        if is_over {
            let error = StreamError::new(StreamCondition::ConnectionTimeout);
            self.fail(now, id, world, error);
        }
    }

    fn fail(&mut self, now: Timestamp, id: StreamId, world: &mut World, error: StreamError) {
        self.phase = Phase::Closed;
        if !self.greeted {
            self.greeted = true;
            greet(id, self.meta.framing, world);
        }
        session_end::end(world, now, id, &error);
    }
}

/// Sends the server's `<open/>` or stream header.
fn greet(id: StreamId, framing: Framing, world: &mut World) {
    let open = Open {
        from: Some(world.host().to_string()),
        id: Some(world.fresh_id()),
        lang: Some("en".to_owned()),
        to: None,
        version: Some("1.0".to_owned()),
    };
    world.send(id, frame(|buffer| framing.write_open(&open, buffer)));
}

#[cfg(test)]
mod tests {
    use crate::core::feature::account;
    use crate::core::testing::{HOST, PRESENCE, Server, bind, id};
    use crate::core::world::StreamId;
    use std::time::Duration;

    fn ends_with(server: &mut Server, stream: StreamId, condition: &str) {
        let said = server.received(stream);
        let error = format!("<{condition} xmlns=\"urn:ietf:params:xml:ns:xmpp-streams\"/>");
        assert!(said.iter().any(|frame| frame.contains(&error)), "{condition}: {said:?}");
        assert_eq!(*said.last().unwrap(), server.closing()[1]);
        assert!(server.is_closed(stream));
    }

    #[test]
    fn an_opening_for_another_host_or_of_another_version_is_answered_and_then_ended() {
        for mut server in Server::every() {
            let own = format!("to=\"{HOST}\" ");
            for (text, replaced, condition) in [
                (own.as_str(), "to=\"elsewhere.test\" ", "host-unknown"),
                (own.as_str(), "", "host-unknown"),
                ("\"1.0\"", "\"0.9\"", "unsupported-version"),
            ] {
                let stream = server.open();
                server.send(stream, &server.opening().replace(text, replaced));
                ends_with(&mut server, stream, condition);
            }
        }
    }

    #[test]
    fn the_host_may_be_spelled_in_upper_case() {
        for mut server in Server::every() {
            let stream = server.open();
            server.send(stream, &server.opening().replace(HOST, &HOST.to_uppercase()));
            let said = server.received(stream);
            assert_eq!(said[0], server.answer_to_opening());
            assert!(said[1].contains("<mechanism>PLAIN</mechanism>"), "{said:?}");
        }
    }

    #[test]
    fn a_stanza_in_place_of_the_opening_ends_the_stream_after_the_servers_own_opening() {
        for mut server in Server::every() {
            let stream = server.open();
            server.send(stream, PRESENCE);
            let said = server.received(stream);
            assert_eq!(said[0], server.answer_to_opening());
            assert!(said[1].contains("<bad-format "), "{said:?}");
            assert!(server.is_closed(stream));
        }
    }

    #[test]
    fn a_stanza_before_authentication_or_before_binding_ends_with_not_authorized() {
        for mut server in Server::every() {
            let stream = server.opened();
            server.send(
            stream,
            r#"<iq id="1" type="get" xmlns="jabber:client"><query xmlns="jabber:iq:roster"/></iq>"#,
        );
            ends_with(&mut server, stream, "not-authorized");
            for early in [
                PRESENCE,
                r#"<iq id="1" type="get" xmlns="jabber:client"><query xmlns="jabber:iq:roster"/></iq>"#,
            ] {
                let stream = server.authenticated("u1");
                server.send(stream, early);
                ends_with(&mut server, stream, "not-authorized");
            }
        }
    }

    #[test]
    fn text_that_is_not_restricted_xml_ends_the_stream_with_the_fitting_error() {
        for mut server in Server::every() {
            let deep = "<a>".repeat(40) + &"</a>".repeat(40);
            let large = format!("<a>{}</a>", "x".repeat(300 * 1024));
            // Over TCP the rest of it may still come.
            let [half, two] = match server.is_tcp() {
                true => ["</a>", "text<b/>"],
                false => ["<iq", "<a/><b/>"],
            };
            for (text, condition) in [
                (half, "not-well-formed"),
                ("<a></b>", "not-well-formed"),
                (two, "not-well-formed"),
                ("<!DOCTYPE a><a/>", "restricted-xml"),
                ("<a><!-- no --></a>", "restricted-xml"),
                ("<a><?no?></a>", "restricted-xml"),
                ("<a>&no;</a>", "restricted-xml"),
                ("<p:a/>", "bad-namespace-prefix"),
                (deep.as_str(), "policy-violation"),
                (large.as_str(), "policy-violation"),
            ] {
                let stream = server.connect("u1", "a");
                server.send(stream, text);
                ends_with(&mut server, stream, condition);
            }
        }
    }

    #[test]
    fn a_bound_stream_ends_when_a_client_breaks_its_rules() {
        for mut server in Server::every() {
            let from = |from| format!(r#"<message from="{from}" xmlns="jabber:client"/>"#);
            for (frame, condition) in [
                ("<query xmlns=\"jabber:client\"/>".to_owned(), "unsupported-stanza-type"),
                (server.opening(), "policy-violation"),
                (from("u2@xmpp.example.test"), "invalid-from"),
                (from("u1@xmpp.example.test/b"), "invalid-from"),
            ] {
                let stream = server.connect("u1", "a");
                server.send(stream, &frame);
                ends_with(&mut server, stream, condition);
            }
        }
    }

    #[test]
    fn a_stanza_may_name_its_true_sender_with_or_without_resource() {
        for mut server in Server::every() {
            let stream = server.connect("u1", "a");
            for from in ["u1@xmpp.example.test", "u1@xmpp.example.test/a"] {
                server.send(stream, &format!(r#"<iq from="{from}" id="1" type="get" xmlns="jabber:client"><ping xmlns="urn:xmpp:ping"/></iq>"#));
                let said = server.received(stream);
                assert!(said.len() == 1 && said[0].contains(r#"type="result""#), "{said:?}");
            }
            assert!(!server.is_closed(stream));
        }
    }

    #[test]
    fn a_closing_frame_is_answered_with_the_spelling_that_the_official_sdk_knows() {
        for mut server in Server::every() {
            let mut streams = vec![server.opened(), server.connect("u1", "a")];
            // Over TCP nothing was opened that could be closed.
            streams.extend((!server.is_tcp()).then(|| server.open()));
            for stream in streams {
                let [closing, answer] = server.closing();
                server.send(stream, &closing);
                assert_eq!(server.received(stream), [answer]);
                assert!(server.is_closed(stream));
            }
        }
    }

    #[test]
    fn an_error_between_the_password_and_the_new_opening_comes_after_an_opening_of_the_servers() {
        for mut server in Server::every() {
            let stream = server.opened();
            let password = server.register("u1").password;
            let auth = Server::auth("u1", &server.sealed(&password));
            server.send(stream, &auth);
            server.received(stream);
            server.pass(Duration::from_secs(30));
            let said = server.received(stream);
            assert_eq!(said[0], server.answer_to_opening());
            assert!(said[1].contains("<connection-timeout "), "{said:?}");
            assert_eq!(said.len(), 3);
        }
    }

    #[test]
    fn the_end_of_the_server_ends_every_stream_as_far_as_it_got() {
        for mut server in Server::every() {
            let streams = [
                server.open(),
                server.opened(),
                server.authenticated("u1"),
                server.connect("u1", "a"),
                server.connect_standard("u2", "b"),
            ];
            let now = server.now;
            server.core.stop(now);
            for (at, stream) in streams.into_iter().enumerate() {
                let said = server.received(stream);
                let is_greeted = said[0] == server.answer_to_opening();
                assert_eq!(is_greeted, at == 0, "{said:?}");
                assert!(said[said.len() - 2].contains("<system-shutdown "), "{said:?}");
                assert_eq!(*said.last().unwrap(), server.closing()[1]);
                assert!(server.is_closed(stream));
            }
            assert_eq!(server.core.poll_timeout(), None);
        }
    }

    #[test]
    fn white_space_means_nothing_in_every_phase() {
        for mut server in Server::every() {
            let streams = [
                server.open(),
                server.opened(),
                server.authenticated("u1"),
                server.connect("u1", "a"),
            ];
            for stream in streams {
                server.send(stream, " \n");
                assert_eq!(server.received(stream), Vec::<String>::new());
                assert!(!server.is_closed(stream));
            }
        }
    }

    #[test]
    fn frames_after_the_end_of_a_stream_are_ignored() {
        for mut server in Server::every() {
            let stream = server.connect("u1", "a");
            server.send(stream, &server.closing()[0]);
            server.received(stream);
            server.send(stream, PRESENCE);
            assert_eq!(server.received(stream), Vec::<String>::new());
            assert!(!server.core.world().is_online(&id("u1")));
        }
    }

    #[test]
    fn a_client_that_does_not_bind_in_time_is_ended_with_connection_timeout() {
        for mut server in Server::every() {
            let streams = [server.open(), server.opened(), server.authenticated("u1")];
            server.pass(Duration::from_millis(29_999));
            for stream in streams {
                assert!(!server.is_closed(stream));
            }
            server.pass(Duration::from_millis(1));
            for stream in streams {
                ends_with(&mut server, stream, "connection-timeout");
            }
            assert_eq!(server.core.poll_timeout(), None);
        }
    }

    #[test]
    fn every_stream_is_pinged_each_minute_whether_or_not_it_is_silent() {
        for mut server in Server::every() {
            let stream = server.connect("u1", "a");
            for _ in 0..3 {
                server.pass(Duration::from_secs(59));
                // Traffic does not put the ping off: the official SDK waits for it.
                server.send(stream, " ");
                assert_eq!(server.received(stream), Vec::<String>::new());
                server.pass(Duration::from_secs(1));
                assert_eq!(
                    server.received(stream),
                    [format!(
                        r#"<iq from="{HOST}" id="{{id}}" to="u1@{HOST}/a" type="get" xmlns="jabber:client"><ping xmlns="urn:xmpp:ping"/></iq>"#
                    )]
                );
                server.send(stream, r#"<iq id="p" type="result" xmlns="jabber:client"/>"#);
            }
            assert!(!server.is_closed(stream));
        }
    }

    #[test]
    fn a_client_that_is_silent_for_half_a_minute_after_a_ping_counts_as_dead() {
        for mut server in Server::every() {
            let dead = server.connect("u1", "a");
            let witness = server.connect("u2", "b");
            server.received(dead);
            server.pass(Duration::from_secs(60));
            server.send(witness, " ");
            server.pass(Duration::from_secs(30));
            ends_with(&mut server, dead, "connection-timeout");
            assert!(!server.is_closed(witness));
            let seen = server.received(witness);
            assert!(seen.last().unwrap().contains(r#"type="unavailable""#), "{seen:?}");
        }
    }

    #[test]
    fn a_resource_that_is_bound_again_replaces_the_old_stream_with_conflict() {
        for mut server in Server::every() {
            let old = server.connect("u1", "a");
            let new = server.authenticated("u1");
            server.send(new, &bind("a"));
            ends_with(&mut server, old, "conflict");
            assert_eq!(
                server.received(new),
                [format!(
                    r#"<iq id="_bind_auth_2" type="result" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>u1@{HOST}/a</jid></bind></iq>"#
                )]
            );
            assert_eq!(server.core.world().streams_of(&id("u1")), [new]);
        }
    }

    #[test]
    fn a_client_that_names_no_resource_is_given_one_and_an_impossible_one_is_refused() {
        for mut server in Server::every() {
            let stream = server.authenticated("u1");
            server.send(stream, &bind(&"x".repeat(1100)));
            let said = server.received(stream);
            assert!(said[0].contains("<bad-request "), "{said:?}");
            let doubled = bind("a").replace("</iq>", "<ping xmlns='urn:xmpp:ping'/></iq>");
            server.send(stream, &doubled);
            let said = server.received(stream);
            assert!(said[0].contains("<bad-request "), "{said:?}");
            server.send(stream, &bind(""));
            let said = server.received(stream);
            let start = said[0].find("<jid>u1@xmpp.example.test/").unwrap();
            assert!(
                said[0][start..].len() > "<jid>u1@xmpp.example.test/</jid>".len() + 16,
                "{said:?}"
            );
        }
    }

    #[test]
    fn a_registration_that_ends_between_password_and_binding_does_not_get_a_session() {
        for mut server in Server::every() {
            let stream = server.authenticated("u1");
            let now = server.now;
            assert!(account::set_admin_blocked(server.core.world_mut(), now, &id("u1"), true));
            server.send(stream, &bind("a"));
            ends_with(&mut server, stream, "not-authorized");
        }
    }

    #[test]
    fn a_stanza_with_a_broken_envelope_is_refused_and_the_stream_goes_on() {
        for (mut server, is_standard) in Server::every().into_iter().zip([false, true]) {
            let stream = match is_standard {
                true => server.connect_standard("u1", "a"),
                false => server.connect("u1", "a"),
            };
            for (stanza, condition) in [
                (
                    r#"<iq type="get" xmlns="jabber:client"><ping xmlns="urn:xmpp:ping"/></iq>"#,
                    "bad-request",
                ),
                (r#"<iq id="1" type="grab" xmlns="jabber:client"/>"#, "bad-request"),
                (r#"<iq id="1" xmlns="jabber:client"/>"#, "bad-request"),
                (r#"<message to="@@" xmlns="jabber:client"/>"#, "jid-malformed"),
                (r#"<presence type="here" xmlns="jabber:client"/>"#, "bad-request"),
            ] {
                server.send(stream, stanza);
                let said = server.received(stream);
                assert_eq!(said.len(), 1, "{stanza}");
                assert!(said[0].contains(r#"type="error""#), "{said:?}");
                assert!(said[0].contains(&format!("<{condition} ")), "{stanza}: {said:?}");
            }
            server.send(stream, r#"<iq type="error" xmlns="jabber:client"/>"#);
            assert_eq!(server.received(stream), Vec::<String>::new());
            assert!(!server.is_closed(stream));
        }
    }
}
