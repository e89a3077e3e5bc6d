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
    use crate::core::testing::{Server, settings};
    use crate::core::world::Settings;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    /// A server with SASL2, for each framing.
    fn with_sasl2() -> [Server; 2] {
        Server::every_with(Settings { sasl2: true, ..settings() })
    }

    /// PLAIN in SASL2, with what else is asked for.
    fn authenticate(name: &str, password: &str, rest: &str) -> String {
        let initial = STANDARD.encode(format!("\0{name}\0{password}"));
        format!(
            r#"<authenticate mechanism="PLAIN" xmlns="urn:xmpp:sasl:2"><initial-response>{initial}</initial-response>{rest}</authenticate>"#
        )
    }

    #[test]
    fn sasl2_binds_an_address_and_enables_copies_along_with_the_password() {
        for mut server in with_sasl2() {
            server.standard("u1");
            let stream = server.opened();
            let bind = "<bind xmlns='urn:xmpp:bind:0'><tag>mfly</tag><enable xmlns='urn:xmpp:carbons:2'/></bind>";
            server.send(stream, &authenticate("u1", "secret", bind));
            let said = server.received(stream);
            let session = server.core.world().session(stream).unwrap();
            assert!(session.carbons);
            let resource = session.jid.resource().unwrap();
            assert!(resource.starts_with("mfly~") && resource.len() == 13, "{resource}");
            assert_eq!(
                said[0],
                format!(
                    r#"<success xmlns="urn:xmpp:sasl:2"><authorization-identifier>{}</authorization-identifier><bound xmlns="urn:xmpp:bind:0"/></success>"#,
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
    fn the_platforms_accounts_can_use_sasl2_with_their_sealed_passwords() {
        for mut server in with_sasl2() {
            let password = server.register("u2").password;
            let sealed = server.sealed(&password);
            let stream = server.opened();
            let bind = r#"<bind xmlns="urn:xmpp:bind:0"/>"#;
            server.send(stream, &authenticate("u2", sealed.expose(), bind));
            let said = server.received(stream);
            assert!(said[0].contains("u2@xmpp.example.test/"), "{said:?}");
            assert!(server.core.world().session(stream).unwrap().standard.is_none());
        }
    }
}
