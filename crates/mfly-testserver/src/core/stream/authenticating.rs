//! Awaiting SASL (RFC 6120 §6), or SASL2 where that is offered (XEP-0388).

use super::binding::{self, Binding, NotBound};
use super::login::Login;
use super::offer::Offer;
use super::opening::Opening;
use super::sasl_server::{Outcome, SaslServer};
use super::{Cx, Phase, Step};
use mfly_proto::bind2::{Bind, Bound};
use mfly_proto::jid::FullJid;
use mfly_proto::sasl::{self, FailureCondition};
use mfly_proto::sasl2;
use mfly_proto::stream::StreamCondition;
use mfly_proto::xml::{Element, Writer};
use zeroize::Zeroizing;

/// How often a client may fail on one stream.
const TRIES: u8 = 3;

/// The phase between opening and authenticating.
pub(super) struct Authenticating {
    offer: Offer,
    failures: u8,
    /// The authentication that is under way.
    exchange: Option<(SaslServer, Dialect)>,
}

/// What the messages of an authentication look like, and what it leads to.
enum Dialect {
    /// SASL: the stream is opened anew.
    One,
    /// SASL2: it goes on, with an address if that is asked for.
    Two(Option<Bind>),
}

/// What an element is to this phase.
enum Message {
    /// The beginning of an authentication.
    Begin(String, Option<Zeroizing<Vec<u8>>>, Dialect),
    /// The next message of the one under way.
    Next(Zeroizing<Vec<u8>>),
    /// The one under way is given up, or cannot be read.
    Refused(FailureCondition, Dialect),
}

impl Authenticating {
    /// Sends the features with the mechanisms.
    pub(super) fn begin(cx: &mut Cx<'_>) -> Self {
        let offer = Offer::new(&cx.world.settings, cx.meta);
        let features = offer.features(cx.meta.framing);
        cx.send(|buffer| features.write(buffer));
        Self { offer, failures: 0, exchange: None }
    }

    pub(super) fn on_element(mut self, element: Element<'_>, cx: &mut Cx<'_>) -> Step {
        let message = match read_sasl(element) {
            Some(message) => message,
            None => match read_sasl2(element).filter(|_| self.offer.is_sasl2()) {
                Some(message) => message,
                None => return Step::Fail(StreamCondition::NotAuthorized),
            },
        };
        let under_way = self.exchange.take();
        let (outcome, dialect) = match (message, under_way) {
            (Message::Begin(mechanism, initial, dialect), _) => {
                let initial = initial.as_ref().map(|initial| initial.as_slice());
                let outcome = SaslServer::begin(&mechanism, initial, &self.offer, cx);
                (outcome, dialect)
            }
            (Message::Next(data), Some((exchange, dialect))) => {
                (exchange.step(&data, &self.offer, cx), dialect)
            }
            (Message::Next(_), None) => (FailureCondition::MalformedRequest.into(), Dialect::One),
            (Message::Refused(condition, dialect), under_way) => {
                let dialect = under_way.map_or(dialect, |(_, dialect)| dialect);
                (condition.into(), dialect)
            }
        };
        match outcome {
            Outcome::Challenge(exchange, data) => {
                cx.send(|buffer| dialect.challenge(data, &mut Writer::new(buffer)));
                self.exchange = Some((exchange, dialect));
                Step::Become(Phase::Authenticating(self))
            }
            Outcome::Success(login, data) => match dialect {
                Dialect::One => succeed(login, data, cx),
                Dialect::Two(None) => succeed_without_address(login, data, cx),
                Dialect::Two(Some(bind)) => match address(&login, &bind, cx) {
                    Ok((jid, phase)) => succeed_with_address(&login, jid, data, phase, cx),
                    Err(condition) => self.refuse(condition, &Dialect::Two(None), cx),
                },
            },
            Outcome::Failure(condition) => self.refuse(condition, &dialect, cx),
        }
    }

    fn refuse(mut self, condition: FailureCondition, dialect: &Dialect, cx: &mut Cx<'_>) -> Step {
        let failure = sasl::Failure::new(condition);
        cx.send(|buffer| dialect.failure(failure, &mut Writer::new(buffer)));
        self.failures += 1;
        if self.failures >= TRIES {
            return Step::Fail(StreamCondition::PolicyViolation);
        }
        Step::Become(Phase::Authenticating(self))
    }
}

impl Dialect {
    fn challenge(&self, data: Vec<u8>, writer: &mut Writer<'_>) {
        match self {
            Self::One => sasl::Challenge::new(data).write(writer),
            Self::Two(_) => sasl2::Challenge::new(data).write(writer),
        }
    }

    fn failure(&self, failure: sasl::Failure, writer: &mut Writer<'_>) {
        match self {
            Self::One => failure.write(writer),
            Self::Two(_) => sasl2::Failure(failure).write(writer),
        }
    }
}

fn read_sasl(element: Element<'_>) -> Option<Message> {
    let broken = || Message::Refused(FailureCondition::IncorrectEncoding, Dialect::One);
    Some(if sasl::Auth::is(element) {
        let auth = sasl::Auth::read(element);
        auth.map_or_else(
            |_| broken(),
            |auth| Message::Begin(auth.mechanism, auth.initial, Dialect::One),
        )
    } else if sasl::Response::is(element) {
        let response = sasl::Response::read(element);
        response.map_or_else(|_| broken(), |response| Message::Next(response.data))
    } else if sasl::Abort::is(element) {
        Message::Refused(FailureCondition::Aborted, Dialect::One)
    } else {
        return None;
    })
}

fn read_sasl2(element: Element<'_>) -> Option<Message> {
    let refuse = |condition| Message::Refused(condition, Dialect::Two(None));
    let broken = || refuse(FailureCondition::MalformedRequest);
    Some(if sasl2::Authenticate::is(element) {
        let begin = sasl2::Authenticate::read(element);
        begin.map_or_else(
            |_| broken(),
            |begin| Message::Begin(begin.mechanism, begin.initial, Dialect::Two(begin.bind)),
        )
    } else if sasl2::Response::is(element) {
        let response = sasl2::Response::read(element);
        response.map_or_else(|_| broken(), |response| Message::Next(response.data))
    } else if sasl2::Abort::is(element) {
        refuse(FailureCondition::Aborted)
    } else {
        return None;
    })
}

fn succeed(login: Login, data: Option<Vec<u8>>, cx: &mut Cx<'_>) -> Step {
    let data = data.map(Zeroizing::new);
    cx.send(|buffer| sasl::Success { data }.write(&mut Writer::new(buffer)));
    Step::Become(Phase::Opening(Opening { login: Some(login) }))
}

fn succeed_without_address(login: Login, data: Option<Vec<u8>>, cx: &mut Cx<'_>) -> Step {
    let success = sasl2::Success {
        data: data.map(Zeroizing::new),
        identity: cx.world.jid_of(&login.user),
        bound: None,
    };
    cx.send(|buffer| success.write(&mut Writer::new(buffer)));
    Step::Become(Phase::Binding(Binding::begin(login, cx)))
}

fn succeed_with_address(
    login: &Login,
    jid: FullJid,
    data: Option<Vec<u8>>,
    phase: Phase,
    cx: &mut Cx<'_>,
) -> Step {
    let success =
        sasl2::Success { data: data.map(Zeroizing::new), identity: jid.into(), bound: Some(Bound) };
    cx.send(|buffer| success.write(&mut Writer::new(buffer)));
    let features = binding::features(login, cx.meta.framing);
    cx.send(|buffer| features.write(buffer));
    Step::Become(phase)
}

/// Gives the stream an address that the server makes up, with the client's tag in it if it can
/// stand there.
fn address(
    login: &Login,
    wish: &Bind,
    cx: &mut Cx<'_>,
) -> Result<(FullJid, Phase), FailureCondition> {
    let drawn = cx.world.fresh_id();
    let short = drawn.get(..8).unwrap_or(&drawn);
    let tagged = wish.tag.as_ref().map(|tag| format!("{tag}~{short}"));
    let is_resource = |resource: &String| FullJid::new(&format!("h.test/{resource}")).is_ok();
    let resource = tagged.filter(is_resource).unwrap_or_else(|| drawn.clone());
    match binding::bind(login, &resource, wish.carbons, cx) {
        Ok((jid, online)) => Ok((jid, Phase::Online(online))),
        Err(NotBound::Expired) => Err(FailureCondition::NotAuthorized),
        Err(NotBound::Refused(_)) => Err(FailureCondition::TemporaryAuthFailure),
    }
}

#[cfg(test)]
mod tests {
    use crate::core::feature::account;
    use crate::core::testing::{Server, id, settings};
    use crate::core::world::{Settings, StreamId};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use mfly_proto::secret::Password;

    const SUCCESS: &str = r#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#;

    fn failure(condition: &str) -> String {
        format!(r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><{condition}/></failure>"#)
    }

    fn trial() -> Settings {
        Settings { trial: true, ..settings() }
    }

    fn answer(server: &mut Server, stream: StreamId, frame: &str) -> String {
        server.send(stream, frame);
        server.received(stream).remove(0)
    }

    #[test]
    fn a_live_plan_takes_the_sealed_password_only() {
        for mut server in Server::every() {
            let password = server.register("u1").password;
            let stream = server.opened();
            let raw = Server::auth("u1", &password);
            assert_eq!(answer(&mut server, stream, &raw), failure("not-authorized"));
            let sealed = Server::auth("u1", &server.sealed(&password));
            assert_eq!(answer(&mut server, stream, &sealed), SUCCESS);
        }
    }

    #[test]
    fn a_trial_plan_takes_the_password_as_it_is() {
        for mut server in Server::every_with(trial()) {
            let password = server.register("u1").password;
            let stream = server.opened();
            let raw = Server::auth("u1", &password);
            assert_eq!(answer(&mut server, stream, &raw), SUCCESS);
        }
    }

    #[test]
    fn a_wrong_password_an_unknown_user_and_an_impossible_name_look_the_same() {
        for mut server in Server::every() {
            let right = server.register("u1").password;
            let wrong = server.sealed(&Password::new("wrong").unwrap());
            let right = server.sealed(&right);
            for (name, password) in [("u1", &wrong), ("u2", &right), ("a b", &right)] {
                let stream = server.opened();
                let auth = Server::auth(name, password);
                assert_eq!(answer(&mut server, stream, &auth), failure("not-authorized"));
            }
        }
    }

    #[test]
    fn the_third_failure_ends_the_stream_with_policy_violation() {
        for mut server in Server::every() {
            server.register("u1");
            let stream = server.opened();
            let auth = Server::auth("u1", &Password::new("wrong").unwrap());
            for _ in 0..2 {
                assert_eq!(answer(&mut server, stream, &auth), failure("not-authorized"));
                assert!(!server.is_closed(stream));
            }
            server.send(stream, &auth);
            let said = server.received(stream);
            assert_eq!(said[0], failure("not-authorized"));
            assert!(said[1].contains("<policy-violation "), "{said:?}");
            assert!(server.is_closed(stream));
        }
    }

    #[test]
    fn a_user_whom_an_administrator_blocked_gets_account_disabled() {
        for mut server in Server::every() {
            let password = server.register("u1").password;
            let now = server.now;
            account::set_admin_blocked(server.core.world_mut(), now, &id("u1"), true);
            let stream = server.opened();
            let auth = Server::auth("u1", &server.sealed(&password));
            assert_eq!(answer(&mut server, stream, &auth), failure("account-disabled"));
        }
    }

    #[test]
    fn malformed_authentication_is_refused_with_the_fitting_condition() {
        for mut server in Server::every() {
            let open = |mechanism: &str, data: &str| {
                format!(
                    r#"<auth mechanism="{mechanism}" xmlns="urn:ietf:params:xml:ns:xmpp-sasl">{data}</auth>"#
                )
            };
            for (frame, condition) in [
                (open("SCRAM-SHA-1", "bixhPWI="), "invalid-mechanism"),
                (open("PLAIN", "not base64"), "incorrect-encoding"),
                (open("PLAIN", "dTE="), "malformed-request"),
                (
                    r#"<response xmlns="urn:ietf:params:xml:ns:xmpp-sasl">AHUxAHB3</response>"#
                        .to_owned(),
                    "malformed-request",
                ),
                (r#"<abort xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#.to_owned(), "aborted"),
            ] {
                let stream = server.opened();
                assert_eq!(answer(&mut server, stream, &frame), failure(condition));
            }
        }
    }

    #[test]
    fn plain_without_initial_response_is_asked_for_it() {
        for mut server in Server::every_with(trial()) {
            let password = server.register("u1").password;
            let stream = server.opened();
            let begin = r#"<auth mechanism="PLAIN" xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#;
            assert_eq!(
                answer(&mut server, stream, begin),
                r#"<challenge xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#
            );
            let response = Server::auth("u1", &password)
                .replace(r#"auth mechanism="PLAIN""#, "response")
                .replace("</auth>", "</response>");
            assert_eq!(answer(&mut server, stream, &response), SUCCESS);
        }
    }

    #[test]
    fn an_authorization_identity_of_another_user_is_refused() {
        for mut server in Server::every_with(trial()) {
            server.register("u1");
            let stream = server.opened();
            // "u2@xmpp.example.test" NUL "u1" NUL "x"
            let frame = r#"<auth mechanism="PLAIN" xmlns="urn:ietf:params:xml:ns:xmpp-sasl">dTJAeG1wcC5leGFtcGxlLnRlc3QAdTEAeA==</auth>"#;
            assert_eq!(answer(&mut server, stream, frame), failure("invalid-authzid"));
        }
    }

    const SASL2: &str = r#"xmlns="urn:xmpp:sasl:2""#;

    /// A server with SASL2 and the standard account `u1`, for each framing.
    fn with_sasl2() -> [Server; 2] {
        let mut servers = Server::every_with(Settings { sasl2: true, ..settings() });
        for server in &mut servers {
            server.standard("u1");
        }
        servers
    }

    /// PLAIN of `u1` in SASL2, with what else is asked for.
    fn authenticate(password: &str, rest: &str) -> String {
        let initial = STANDARD.encode(format!("\0u1\0{password}"));
        format!(
            r#"<authenticate mechanism="PLAIN" {SASL2}><initial-response>{initial}</initial-response>{rest}</authenticate>"#
        )
    }

    #[test]
    fn sasl2_binds_an_address_and_enables_copies_along_with_the_password() {
        for mut server in with_sasl2() {
            let stream = server.opened();
            let bind = "<bind xmlns='urn:xmpp:bind:0'><tag>mfly</tag><enable xmlns='urn:xmpp:carbons:2'/></bind>";
            server.send(stream, &authenticate("secret", bind));
            let said = server.received(stream);
            let session = server.core.world().session(stream).unwrap();
            assert!(session.carbons);
            let resource = session.jid.resource().unwrap();
            assert!(resource.starts_with("mfly~") && resource.len() == 13, "{resource}");
            assert_eq!(
                said[0],
                format!(
                    r#"<success {SASL2}><authorization-identifier>{}</authorization-identifier><bound xmlns="urn:xmpp:bind:0"/></success>"#,
                    session.jid
                )
            );
            assert!(
                said[1].starts_with("<stream:features ") && !said[1].contains("<bind "),
                "{said:?}"
            );
            let answer = server.ask(stream, "get", None, "<ping xmlns='urn:xmpp:ping'/>");
            assert!(answer.contains(r#"type="result""#), "{answer}");
        }
    }

    #[test]
    fn sasl2_without_a_binding_goes_on_with_one_on_the_same_stream() {
        for mut server in with_sasl2() {
            let stream = server.opened();
            server.send(stream, &authenticate("secret", ""));
            let said = server.received(stream);
            assert!(
                said[0].contains(">u1@xmpp.example.test</authorization-identifier></success>"),
                "{said:?}"
            );
            assert!(said[1].contains("<bind "), "{said:?}");
            server.send(stream, &crate::core::testing::bind("a"));
            assert!(server.received(stream)[0].contains("<jid>u1@xmpp.example.test/a</jid>"));
        }
    }

    #[test]
    fn sasl2_refuses_in_its_own_form_and_as_often_as_sasl() {
        for mut server in with_sasl2() {
            let stream = server.opened();
            let refusal = format!(
                r#"<failure {SASL2}><not-authorized xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/></failure>"#
            );
            for _ in 0..2 {
                let frame = authenticate("wrong", "");
                assert_eq!(answer(&mut server, stream, &frame), refusal);
            }
            let abort = format!("<abort {SASL2}/>");
            assert!(answer(&mut server, stream, &abort).contains("<aborted "));
            assert!(server.is_closed(stream));
        }
    }

    #[test]
    fn sasl2_asks_for_a_missing_initial_response_and_refuses_what_it_cannot_read() {
        for mut server in with_sasl2() {
            let stream = server.opened();
            let begin = format!(r#"<authenticate mechanism="PLAIN" {SASL2}/>"#);
            assert_eq!(answer(&mut server, stream, &begin), format!("<challenge {SASL2}/>"));
            let broken = format!("<response {SASL2}>?</response>");
            assert!(answer(&mut server, stream, &broken).contains("<malformed-request "));
            answer(&mut server, stream, &begin);
            let initial = STANDARD.encode("\0u1\0secret");
            let response = format!("<response {SASL2}>{initial}</response>");
            assert!(answer(&mut server, stream, &response).starts_with("<success "));
        }
    }

    #[test]
    fn sasl2_is_not_understood_unless_it_is_offered() {
        for mut server in Server::every() {
            server.standard("u1");
            let stream = server.opened();
            server.send(stream, &authenticate("secret", ""));
            assert!(
                server.received(stream)[0]
                    .contains("<not-authorized xmlns=\"urn:ietf:params:xml:ns:xmpp-streams\"/>")
            );
        }
    }

    #[test]
    fn the_platforms_accounts_can_use_sasl2_with_their_sealed_passwords() {
        for mut server in with_sasl2() {
            let password = server.register("u2").password;
            let sealed = server.sealed(&password);
            let initial = STANDARD.encode(format!("\0u2\0{}", sealed.expose()));
            let stream = server.opened();
            let frame = format!(
                r#"<authenticate mechanism="PLAIN" {SASL2}><initial-response>{initial}</initial-response><bind xmlns="urn:xmpp:bind:0"/></authenticate>"#
            );
            assert!(answer(&mut server, stream, &frame).contains("u2@xmpp.example.test/"));
            assert!(server.core.world().session(stream).unwrap().standard.is_none());
        }
    }
}
