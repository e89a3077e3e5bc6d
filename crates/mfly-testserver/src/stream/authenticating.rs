//! Awaiting SASL (RFC 6120 §6), or SASL2 where that is offered (XEP-0388).

use super::exchange::{Exchange, Outcome};
use super::login::Login;
use super::offer::Offer;
use super::opening::Opening;
use super::{Cx, Phase, Step};
use mfly_proto::sasl::{Abort, Auth, Challenge, Failure, FailureCondition, Response, Success};
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
    exchange: Option<Exchange>,
}

impl Authenticating {
    /// Offers mechanisms.
    pub(super) fn begin(cx: &mut Cx<'_>) -> Self {
        let offer = Offer::new(&cx.world.settings, cx.meta);
        let features = offer.features(cx.meta.framing);
        cx.send(|buffer| features.write(buffer));
        Self {
            offer,
            failures: 0,
            exchange: None,
        }
    }

    pub(super) fn on_element(mut self, element: Element<'_>, cx: &mut Cx<'_>) -> Step {
        let exchange = self.exchange.take();
        let outcome = if Auth::is(element) {
            match Auth::read(element) {
                Ok(auth) => {
                    let initial = auth.initial.as_ref().map(|initial| initial.as_slice());
                    Exchange::begin(&auth.mechanism, initial, &self.offer, cx)
                }
                Err(_) => FailureCondition::IncorrectEncoding.into(),
            }
        } else if Response::is(element) {
            match (exchange, Response::read(element)) {
                (Some(exchange), Ok(response)) => exchange.step(&response.data, &self.offer, cx),
                (Some(_), Err(_)) => FailureCondition::IncorrectEncoding.into(),
                (None, _) => FailureCondition::MalformedRequest.into(),
            }
        } else if Abort::is(element) {
            FailureCondition::Aborted.into()
        } else {
            return Step::Fail(StreamCondition::NotAuthorized);
        };
        match outcome {
            Outcome::Challenge(exchange, data) => {
                self.exchange = Some(exchange);
                cx.send(|buffer| Challenge::new(data).write(&mut Writer::new(buffer)));
                Step::Become(Phase::Authenticating(self))
            }
            Outcome::Success(login, data) => succeed(login, data, cx),
            Outcome::Failure(condition) => self.refuse(condition, cx),
        }
    }

    fn refuse(mut self, condition: FailureCondition, cx: &mut Cx<'_>) -> Step {
        let failure = Failure::new(condition);
        cx.send(|buffer| failure.write(&mut Writer::new(buffer)));
        self.failures += 1;
        if self.failures >= TRIES {
            return Step::Fail(StreamCondition::PolicyViolation);
        }
        Step::Become(Phase::Authenticating(self))
    }
}

fn succeed(login: Login, data: Option<Vec<u8>>, cx: &mut Cx<'_>) -> Step {
    let data = data.map(Zeroizing::new);
    cx.send(|buffer| Success { data }.write(&mut Writer::new(buffer)));
    Step::Become(Phase::Opening(Opening { login: Some(login) }))
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{Server, id, settings};
    use crate::world::{Settings, StreamId};
    use mfly_proto::secret::Password;

    const SUCCESS: &str = r#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#;

    fn failure(condition: &str) -> String {
        format!(r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><{condition}/></failure>"#)
    }

    fn answer(server: &mut Server, stream: StreamId, frame: &str) -> String {
        server.send(stream, frame);
        server.received(stream).remove(0)
    }

    #[test]
    fn a_live_plan_takes_the_sealed_password_only() {
        let mut server = Server::new();
        let password = server.register("u1").password;
        let stream = server.opened();
        let raw = Server::auth("u1", &password);
        assert_eq!(answer(&mut server, stream, &raw), failure("not-authorized"));
        let sealed = Server::auth("u1", &server.sealed(&password));
        assert_eq!(answer(&mut server, stream, &sealed), SUCCESS);
    }

    #[test]
    fn a_trial_plan_takes_the_password_as_it_is() {
        let mut server = Server::with(Settings {
            trial: true,
            ..settings()
        });
        let password = server.register("u1").password;
        let stream = server.opened();
        let raw = Server::auth("u1", &password);
        assert_eq!(answer(&mut server, stream, &raw), SUCCESS);
    }

    #[test]
    fn a_wrong_password_an_unknown_user_and_an_impossible_name_look_the_same() {
        let mut server = Server::new();
        let right = server.register("u1").password;
        let wrong = server.sealed(&Password::new("wrong").unwrap());
        let right = server.sealed(&right);
        for (name, password) in [("u1", &wrong), ("u2", &right), ("a b", &right)] {
            let stream = server.opened();
            let auth = Server::auth(name, password);
            assert_eq!(
                answer(&mut server, stream, &auth),
                failure("not-authorized")
            );
        }
    }

    #[test]
    fn the_third_failure_ends_the_stream_with_policy_violation() {
        let mut server = Server::new();
        server.register("u1");
        let stream = server.opened();
        let auth = Server::auth("u1", &Password::new("wrong").unwrap());
        for _ in 0..2 {
            assert_eq!(
                answer(&mut server, stream, &auth),
                failure("not-authorized")
            );
            assert!(!server.is_closed(stream));
        }
        server.send(stream, &auth);
        let said = server.received(stream);
        assert_eq!(said[0], failure("not-authorized"));
        assert!(said[1].contains("<policy-violation "), "{said:?}");
        assert!(server.is_closed(stream));
    }

    #[test]
    fn a_user_whom_an_administrator_blocked_gets_account_disabled() {
        let mut server = Server::new();
        let password = server.register("u1").password;
        let now = server.now;
        server
            .core
            .world_mut()
            .set_admin_blocked(now, &id("u1"), true);
        let stream = server.opened();
        let auth = Server::auth("u1", &server.sealed(&password));
        assert_eq!(
            answer(&mut server, stream, &auth),
            failure("account-disabled")
        );
    }

    #[test]
    fn malformed_authentication_is_refused_with_the_fitting_condition() {
        let mut server = Server::new();
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
            (
                r#"<abort xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#.to_owned(),
                "aborted",
            ),
        ] {
            let stream = server.opened();
            assert_eq!(answer(&mut server, stream, &frame), failure(condition));
        }
    }

    #[test]
    fn plain_without_initial_response_is_asked_for_it() {
        let mut server = Server::with(Settings {
            trial: true,
            ..settings()
        });
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

    #[test]
    fn acting_for_somebody_else_is_refused() {
        let mut server = Server::with(Settings {
            trial: true,
            ..settings()
        });
        server.register("u1");
        let stream = server.opened();
        // "u2@xmpp.example.test" NUL "u1" NUL "x"
        let frame = r#"<auth mechanism="PLAIN" xmlns="urn:ietf:params:xml:ns:xmpp-sasl">dTJAeG1wcC5leGFtcGxlLnRlc3QAdTEAeA==</auth>"#;
        assert_eq!(
            answer(&mut server, stream, frame),
            failure("invalid-authzid")
        );
    }
}
