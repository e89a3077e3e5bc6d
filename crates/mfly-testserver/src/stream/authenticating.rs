//! Awaiting SASL (RFC 6120 §6). PLAIN is the only mechanism.

use super::opening::Opening;
use super::{Cx, Phase, Step};
use crate::world::{LoginError, RegistrationId, World};
use mfly_proto::jid::UserId;
use mfly_proto::sasl::{
    Abort, Auth, Challenge, Failure, FailureCondition, Response, Success, plain,
};
use mfly_proto::stream::StreamCondition;
use mfly_proto::xml::{Element, Writer};
use zeroize::Zeroizing;

/// How often a client may fail on one stream.
const TRIES: u8 = 3;

/// The phase between opening and authenticating.
#[derive(Default)]
pub(super) struct Authenticating {
    failures: u8,
    /// PLAIN was chosen without an initial response, and is asked for.
    asked: bool,
}

/// Who logged in, with which registration.
pub(super) struct Login {
    pub(super) user: UserId,
    pub(super) registration: RegistrationId,
}

impl Authenticating {
    pub(super) fn on_element(mut self, element: Element<'_>, cx: &mut Cx<'_>) -> Step {
        let message = match self.message(element) {
            Message::Foreign => return Step::Fail(StreamCondition::NotAuthorized),
            Message::Ask => {
                self.asked = true;
                cx.send(|buffer| Challenge::default().write(&mut Writer::new(buffer)));
                return Step::Become(Phase::Authenticating(self));
            }
            Message::Plain(message) => check(&message, cx.world),
            Message::Refused(condition) => Err(condition),
        };
        self.asked = false;
        match message {
            Ok(login) => {
                cx.send(|buffer| Success::default().write(&mut Writer::new(buffer)));
                Step::Become(Phase::Opening(Opening { login: Some(login) }))
            }
            Err(condition) => {
                let failure = Failure::new(condition);
                cx.send(|buffer| failure.write(&mut Writer::new(buffer)));
                self.failures += 1;
                if self.failures >= TRIES {
                    return Step::Fail(StreamCondition::PolicyViolation);
                }
                Step::Become(Phase::Authenticating(self))
            }
        }
    }

    fn message(&self, element: Element<'_>) -> Message {
        if Auth::is(element) {
            match Auth::read(element) {
                Ok(auth) if auth.mechanism != plain::NAME => {
                    Message::Refused(FailureCondition::InvalidMechanism)
                }
                Ok(Auth {
                    initial: Some(initial),
                    ..
                }) => Message::Plain(initial),
                Ok(_) => Message::Ask,
                Err(_) => Message::Refused(FailureCondition::IncorrectEncoding),
            }
        } else if Response::is(element) && self.asked {
            match Response::read(element) {
                Ok(response) => Message::Plain(response.data),
                Err(_) => Message::Refused(FailureCondition::IncorrectEncoding),
            }
        } else if Response::is(element) {
            Message::Refused(FailureCondition::MalformedRequest)
        } else if Abort::is(element) {
            Message::Refused(FailureCondition::Aborted)
        } else {
            Message::Foreign
        }
    }
}

/// What an element is to this phase.
enum Message {
    /// PLAIN's one message.
    Plain(Zeroizing<Vec<u8>>),
    /// PLAIN was chosen, its message is to come.
    Ask,
    /// Not acceptable.
    Refused(FailureCondition),
    /// Not SASL at all.
    Foreign,
}

fn check(message: &[u8], world: &World) -> Result<Login, FailureCondition> {
    let (authzid, authcid, password) =
        plain::parse(message).map_err(|_| FailureCondition::MalformedRequest)?;
    let user = UserId::new(&authcid).map_err(|_| FailureCondition::NotAuthorized)?;
    if authzid.is_some_and(|authzid| authzid != world.jid_of(&user).as_str()) {
        return Err(FailureCondition::InvalidAuthzid);
    }
    match world.check_password(&user, password.expose()) {
        Ok(registration) => Ok(Login { user, registration }),
        Err(LoginError::InvalidCredentials) => Err(FailureCondition::NotAuthorized),
        Err(LoginError::AdminBlocked) => Err(FailureCondition::AccountDisabled),
    }
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
