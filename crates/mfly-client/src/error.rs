//! What can go wrong, whose fault it is, and what to do about it.

mod kind;
mod meaning;

pub use kind::ErrorKind;

use crate::machine::{DisconnectReason, EndReason, LoginFailure};
use mfly_api::ApiError;
use mfly_api::error::LICENCE_REFUSED_MESSAGE;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::framing::ExceededLimit;
use mfly_proto::stanza::ErrorKind as StanzaErrorKind;
use mfly_transport::{CertificateProblem, TransportError};
use serde_json::{Value, json};
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The platform's message for a wrong user id or password.
const INVALID_CREDENTIALS: &str = "Invalid Credentials";

/// The result of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An operation that did not succeed.
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    /// The code and message that the official SDK reports, where the kind does not determine them.
    reported: Option<(u16, String)>,
}

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The caller passed an invalid argument or made an impossible call. Repeating it is useless.
    Caller,
    /// The server refused, or answered with something unreadable.
    Server,
    /// The network between this machine and the server.
    Network,
    /// This library, or the machine it runs on.
    Us,
}

impl Error {
    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The number that the official SDK reports as `statusCode` for this failure.
    ///
    /// Where the official call would hang: 599 when no answer came in time, otherwise 500.
    #[must_use]
    pub const fn status_code(&self) -> u16 {
        if let Some((status, _)) = &self.reported {
            return *status;
        }
        match &self.kind {
            ErrorKind::InvalidArgument(_)
            | ErrorKind::LicenceRefused
            | ErrorKind::UserNotAvailable
            | ErrorKind::FileNotAvailable => 400,
            ErrorKind::InvalidCredentials { status } | ErrorKind::Refused { status, .. } => *status,
            ErrorKind::Unauthorized => 401,
            ErrorKind::AdminBlocked | ErrorKind::PlanGated(_) => 403,
            ErrorKind::SessionLimit => 405,
            ErrorKind::Network | ErrorKind::Certificate(_) | ErrorKind::Timeout => 599,
            ErrorKind::Http { .. }
            | ErrorKind::Cleartext { .. }
            | ErrorKind::Redirect(_)
            | ErrorKind::Encoding(_)
            | ErrorKind::RequestRefused(_)
            | ErrorKind::NotConnected
            | ErrorKind::ConnectionLost { .. }
            | ErrorKind::MechanismRefused(_)
            | ErrorKind::AuthenticationBroken(_)
            | ErrorKind::WrongServer { .. }
            | ErrorKind::Ended(_)
            | ErrorKind::TooManyRequests
            | ErrorKind::TooLarge { .. }
            | ErrorKind::AnswerTooLarge { .. }
            | ErrorKind::UnexpectedAnswer
            | ErrorKind::Media
            | ErrorKind::NoRandomness => 500,
        }
    }

    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match &self.kind {
            ErrorKind::InvalidArgument(_)
            | ErrorKind::InvalidCredentials { .. }
            | ErrorKind::LicenceRefused
            | ErrorKind::FileNotAvailable
            | ErrorKind::AdminBlocked
            | ErrorKind::PlanGated(_)
            | ErrorKind::SessionLimit
            | ErrorKind::UserNotAvailable
            | ErrorKind::Unauthorized
            | ErrorKind::Ended(_)
            | ErrorKind::TooManyRequests
            | ErrorKind::TooLarge { .. }
            | ErrorKind::Media => Fault::Caller,
            ErrorKind::Refused { status, .. } if (400..500).contains(status) => Fault::Caller,
            ErrorKind::RequestRefused(error)
                if matches!(error.kind, StanzaErrorKind::Auth | StanzaErrorKind::Modify) =>
            {
                Fault::Caller
            }
            ErrorKind::Refused { .. }
            | ErrorKind::Http { .. }
            | ErrorKind::Cleartext { .. }
            | ErrorKind::Redirect(_)
            | ErrorKind::Encoding(_)
            | ErrorKind::RequestRefused(_)
            | ErrorKind::Certificate(_)
            | ErrorKind::MechanismRefused(_)
            | ErrorKind::AuthenticationBroken(_)
            | ErrorKind::WrongServer { .. }
            | ErrorKind::UnexpectedAnswer => Fault::Server,
            ErrorKind::Timeout
            | ErrorKind::NotConnected
            | ErrorKind::ConnectionLost { .. }
            | ErrorKind::Network => Fault::Network,
            ErrorKind::AnswerTooLarge { .. } | ErrorKind::NoRandomness => Fault::Us,
        }
    }

    /// Whether the same call may succeed later, with nothing changed.
    ///
    /// After [`ErrorKind::Timeout`], [`ErrorKind::ConnectionLost`] and [`ErrorKind::Network`] the
    /// server may already have acted.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match &self.kind {
            ErrorKind::Timeout
            | ErrorKind::NotConnected
            | ErrorKind::ConnectionLost { .. }
            | ErrorKind::Network
            | ErrorKind::TooManyRequests => true,
            ErrorKind::Refused { status, .. } | ErrorKind::Http { status } => {
                matches!(status, 408 | 425 | 429 | 500..=599)
            }
            ErrorKind::RequestRefused(error) => matches!(error.kind, StanzaErrorKind::Wait),
            _ => false,
        }
    }

    /// How long the server asks to wait before the next attempt, at most a day: its header
    /// `Retry-After` (RFC 9110 §10.2.3).
    ///
    /// ```
    /// # async fn patient(session: &mfly_client::Session) -> mfly_client::Result<()> {
    /// if let Err(error) = session.own_profile().await
    ///     && let Some(delay) = error.retry_after()
    /// {
    ///     tokio::time::sleep(delay).await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let mut cause = self.source();
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<ApiError>() {
                return error.retry_after();
            }
            if let Some(error) = error.downcast_ref::<TransportError>() {
                return error.retry_after();
            }
            cause = error.source();
        }
        None
    }

    /// What to do about it, in a sentence.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        self.kind.hint()
    }

    /// The failure in the shape of the official SDK's result: `{"statusCode":…,"message":…}`.
    #[must_use]
    pub fn official(&self) -> Value {
        if let Some((status, message)) = &self.reported {
            return json!({"statusCode": status, "message": message});
        }
        let message = match &self.kind {
            ErrorKind::InvalidArgument(argument) => argument.reason.to_string(),
            ErrorKind::InvalidCredentials { .. } => INVALID_CREDENTIALS.to_owned(),
            ErrorKind::PlanGated(_) => "Feature unavailable for your plan".to_owned(),
            ErrorKind::SessionLimit => "You have reached maximum sessions allowed.".to_owned(),
            ErrorKind::UserNotAvailable => "User not available".to_owned(),
            ErrorKind::LicenceRefused => LICENCE_REFUSED_MESSAGE.to_owned(),
            ErrorKind::Refused { message, .. } => message.clone(),
            ErrorKind::Http { status } => format!("Request failed with status code {status}"),
            ErrorKind::RequestRefused(_) => "Request Failed".to_owned(),
            ErrorKind::NotConnected | ErrorKind::ConnectionLost { .. } | ErrorKind::Ended(_) => {
                "Connection Error".to_owned()
            }
            ErrorKind::Network | ErrorKind::Certificate(_) => "Network Error".to_owned(),
            _ => self.to_string(),
        };
        json!({"statusCode": self.status_code(), "message": message})
    }

    /// An error of registering or logging in, where two refusals have a meaning of their own.
    pub(crate) fn from_login(error: ApiError) -> Self {
        let kind = match &error {
            ApiError::Refused { status: 403, .. } => ErrorKind::AdminBlocked,
            ApiError::Refused { status: 400, message, .. } if message == INVALID_CREDENTIALS => {
                ErrorKind::InvalidCredentials { status: 400 }
            }
            _ => return error.into(),
        };
        Self::new(kind, error)
    }

    /// The error of connecting, from the reason why the session ended.
    pub(crate) fn from_end(reason: EndReason) -> Self {
        let kind = match &reason {
            EndReason::AdminBlocked => ErrorKind::AdminBlocked,
            EndReason::InvalidCredentials(_) => ErrorKind::InvalidCredentials { status: 401 },
            EndReason::LoginFailed(LoginFailure::MechanismRefused(error)) => {
                ErrorKind::MechanismRefused(error.clone())
            }
            EndReason::LoginFailed(LoginFailure::AuthenticationBroken(error)) => {
                ErrorKind::AuthenticationBroken(*error)
            }
            EndReason::Unreachable { last, .. } => match &**last {
                DisconnectReason::ConnectFailed(cause) => {
                    match CertificateProblem::find(&**cause) {
                        Some(problem) => ErrorKind::Certificate(problem),
                        None => ErrorKind::Network,
                    }
                }
                DisconnectReason::WrongServer { asked, answered } => {
                    ErrorKind::WrongServer { asked: asked.clone(), answered: answered.clone() }
                }
                _ => ErrorKind::Network,
            },
            _ => return ErrorKind::Ended(reason).into(),
        };
        Self::new(kind, reason)
    }

    /// A server that could not be reached: most often the network, sometimes the server's
    /// certificate.
    pub(crate) fn network(source: impl StdError + Send + Sync + 'static) -> Self {
        let kind = match CertificateProblem::find(&source) {
            Some(problem) => ErrorKind::Certificate(problem),
            None => ErrorKind::Network,
        };
        Self::new(kind, source)
    }

    pub(crate) fn new(kind: ErrorKind, source: impl StdError + Send + Sync + 'static) -> Self {
        Self { kind, source: Some(Arc::new(source)), reported: None }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, source: None, reported: None }
    }
}

impl From<InvalidArgument> for Error {
    fn from(argument: InvalidArgument) -> Self {
        ErrorKind::InvalidArgument(argument).into()
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        let kind = match &error {
            ApiError::InvalidArgument(argument) => ErrorKind::InvalidArgument(argument.clone()),
            ApiError::LicenceRefused { status, message } => {
                let refused = ErrorKind::Refused { status: *status, message: message.clone() };
                return Self::new(refused, error).better_known_as(ErrorKind::LicenceRefused);
            }
            ApiError::SessionLimit => ErrorKind::SessionLimit,
            ApiError::UserNotAvailable => ErrorKind::UserNotAvailable,
            ApiError::Unauthorized { .. } => ErrorKind::Unauthorized,
            ApiError::Refused { status, message, .. } => {
                ErrorKind::Refused { status: *status, message: message.clone() }
            }
            ApiError::Http { status, .. } => ErrorKind::Http { status: *status },
            ApiError::Cleartext { origin } => ErrorKind::Cleartext { origin: origin.clone() },
            ApiError::Redirect(error) => ErrorKind::Redirect(error.clone()),
            ApiError::Encoding(error) => ErrorKind::Encoding(error.clone()),
            // Tokens are refreshed by logging in.
            ApiError::TokenRefresh(source) => Self::from_login((**source).clone()).kind,
            ApiError::Network(_) => return Self::network(error),
            ApiError::TimedOut => ErrorKind::Timeout,
            ApiError::TooLarge { limit } => {
                ErrorKind::AnswerTooLarge { limit: ExceededLimit::Bytes(*limit), setting: None }
            }
            ApiError::Decode { .. } => ErrorKind::UnexpectedAnswer,
            _ => ErrorKind::UnexpectedAnswer,
        };
        Self::new(kind, error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.kind, f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Error");
        shown.field("kind", &self.kind);
        if let Some(source) = &self.source {
            shown.field("source", source);
        }
        shown.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mfly_api::Feature;
    use mfly_proto::sasl::{ChoiceError, SaslError};
    use mfly_proto::stanza::{ErrorCondition, StanzaError};

    fn error(kind: ErrorKind) -> Error {
        kind.into()
    }

    #[test]
    fn failures_have_the_official_codes_and_messages() {
        let email = InvalidArgument::new("email", "email is not valid or required");
        let refused = StanzaError::new(ErrorCondition::ItemNotFound);
        let cases = [
            (ErrorKind::InvalidArgument(email), 400, "email is not valid or required"),
            (ErrorKind::InvalidCredentials { status: 400 }, 400, "Invalid Credentials"),
            (ErrorKind::InvalidCredentials { status: 401 }, 401, "Invalid Credentials"),
            (ErrorKind::PlanGated(Feature::Block), 403, "Feature unavailable for your plan"),
            (ErrorKind::SessionLimit, 405, "You have reached maximum sessions allowed."),
            (ErrorKind::UserNotAvailable, 400, "User not available"),
            (ErrorKind::LicenceRefused, 400, "Invalid License key"),
            (ErrorKind::RequestRefused(refused), 500, "Request Failed"),
            (ErrorKind::NotConnected, 500, "Connection Error"),
            (ErrorKind::Network, 599, "Network Error"),
        ];
        for (kind, status, message) in cases {
            let expected = json!({"statusCode": status, "message": message});
            assert_eq!(error(kind.clone()).official(), expected, "{kind:?}");
        }
    }

    #[test]
    fn an_unknown_user_is_one_kind_and_the_official_result_stays() {
        let refused = StanzaError::new(ErrorCondition::ItemNotFound);
        let unknown = error(ErrorKind::RequestRefused(refused)).about_user();
        assert_eq!(*unknown.kind(), ErrorKind::UserNotAvailable);
        let official = json!({"statusCode": 500, "message": "Request Failed"});
        assert_eq!((unknown.official(), unknown.status_code()), (official, 500));

        let refused = StanzaError::new(ErrorCondition::Forbidden);
        let hidden = error(ErrorKind::RequestRefused(refused)).about_user();
        assert!(matches!(hidden.kind(), ErrorKind::RequestRefused(_)));
    }

    #[test]
    fn a_token_without_a_file_and_a_key_without_a_licence_have_kinds_of_their_own() {
        let refused =
            |status, message: &str| ErrorKind::Refused { status, message: message.to_owned() };
        let no_file = error(refused(400, "Invalid file token")).about_file();
        assert_eq!(*no_file.kind(), ErrorKind::FileNotAvailable);
        let official = json!({"statusCode": 400, "message": "Invalid file token"});
        assert_eq!(no_file.official(), official);
        let gone = error(ErrorKind::Http { status: 404 }).about_file();
        assert_eq!((gone.status_code(), gone.kind()), (500, &ErrorKind::FileNotAvailable));
        let trouble = error(ErrorKind::Http { status: 503 }).about_file();
        assert_eq!(*trouble.kind(), ErrorKind::Http { status: 503 });

        let looked_up = error(refused(404, "Unknown")).about_licence();
        assert_eq!(*looked_up.kind(), ErrorKind::LicenceRefused);
        // A busy server may accept the key later.
        let busy = error(refused(429, "Slow down")).about_licence();
        assert!(busy.is_retryable(), "{busy:?}");
        let at_registration = Error::from(ApiError::LicenceRefused {
            status: 400,
            message: "Invalid License key".to_owned(),
        });
        assert_eq!(*at_registration.kind(), ErrorKind::LicenceRefused);
    }

    #[test]
    fn a_rest_refusal_keeps_its_code_and_words() {
        let error = Error::from(ApiError::Refused {
            status: 418,
            message: "Bad".to_owned(),
            retry_after: None,
        });
        assert_eq!(error.official(), json!({"statusCode": 418, "message": "Bad"}));
        assert_eq!(error.fault(), Fault::Caller);
        assert!(error.source().is_some());
    }

    #[test]
    fn a_rest_answer_that_is_too_long_names_the_limit() {
        let error = Error::from(ApiError::TooLarge { limit: 9 });
        let too_large = ErrorKind::AnswerTooLarge { limit: ExceededLimit::Bytes(9), setting: None };
        assert_eq!(*error.kind(), too_large);
        let text = "the answer was not read: it has more than 9 bytes";
        assert_eq!(error.to_string(), text);
        assert!(error.source().is_some() && !error.is_retryable());
    }

    #[test]
    fn the_delay_that_a_server_asks_for_survives_every_layer() {
        let delay = Some(Duration::from_secs(7));
        let busy = ApiError::Http { status: 503, retry_after: delay };
        assert_eq!(Error::from(busy.clone()).retry_after(), delay);
        let refresh = ApiError::TokenRefresh(Arc::new(busy));
        assert_eq!(Error::from(refresh).retry_after(), delay);
        let upgrade = TransportError::Handshake {
            status: Some(429),
            reason: "refused".into(),
            retry_after: delay,
        };
        assert_eq!(Error::network(upgrade).retry_after(), delay);
        assert_eq!(error(ErrorKind::Timeout).retry_after(), None);
    }

    #[test]
    fn an_http_failure_becomes_the_official_500() {
        let error = Error::from(ApiError::Http { status: 403, retry_after: None });
        let expected = json!({"statusCode": 500, "message": "Request failed with status code 403"});
        assert_eq!(error.official(), expected);
    }

    #[test]
    fn refusals_at_log_in_have_kinds_of_their_own() {
        let refused = |status, message: &str| ApiError::Refused {
            status,
            message: message.to_owned(),
            retry_after: None,
        };
        let kind = |error| Error::from_login(error).kind().clone();
        assert_eq!(kind(refused(403, "Blocked by admin")), ErrorKind::AdminBlocked);
        assert_eq!(
            kind(refused(400, "Invalid Credentials")),
            ErrorKind::InvalidCredentials { status: 400 }
        );
        assert_eq!(
            kind(refused(400, "other")),
            ErrorKind::Refused { status: 400, message: "other".to_owned() }
        );
    }

    #[test]
    fn a_failed_token_refresh_takes_its_kind_from_the_log_in() {
        let cause = ApiError::Refused {
            status: 400,
            message: "Invalid Credentials".to_owned(),
            retry_after: None,
        };
        let error = Error::from(ApiError::TokenRefresh(Arc::new(cause)));
        assert_eq!(*error.kind(), ErrorKind::InvalidCredentials { status: 400 });
    }

    #[test]
    fn a_session_that_never_came_to_be_says_what_stood_in_its_way() {
        let refused =
            ChoiceError::NoneUsable { offered: mfly_proto::sasl::choice::Offered::default() };
        let broken = SaslError::UnexpectedChallenge { mechanism: "PLAIN" };
        let away = |last| EndReason::Unreachable { attempts: 1, last: Box::new(last) };
        let wrong_server = DisconnectReason::WrongServer {
            asked: "a.test".to_owned(),
            answered: "b.test".to_owned(),
        };
        for (end, kind) in [
            (away(DisconnectReason::ClosedByServer), ErrorKind::Network),
            (
                away(wrong_server),
                ErrorKind::WrongServer {
                    asked: "a.test".to_owned(),
                    answered: "b.test".to_owned(),
                },
            ),
            (
                EndReason::LoginFailed(LoginFailure::MechanismRefused(refused.clone())),
                ErrorKind::MechanismRefused(refused),
            ),
            (
                EndReason::LoginFailed(LoginFailure::AuthenticationBroken(broken)),
                ErrorKind::AuthenticationBroken(broken),
            ),
        ] {
            let error = Error::from_end(end);
            assert_eq!(*error.kind(), kind);
            assert!(error.source().is_some());
        }
    }

    #[test]
    fn only_what_may_pass_by_itself_is_retryable() {
        for kind in [
            ErrorKind::Timeout,
            ErrorKind::NotConnected,
            ErrorKind::ConnectionLost { cause: Box::new(DisconnectReason::PeerSilent) },
            ErrorKind::Network,
            ErrorKind::RequestRefused(StanzaError::new(ErrorCondition::ResourceConstraint)),
            ErrorKind::Refused { status: 503, message: String::new() },
            ErrorKind::Http { status: 503 },
        ] {
            assert!(error(kind.clone()).is_retryable(), "{kind:?}");
        }
        for kind in [
            ErrorKind::AdminBlocked,
            ErrorKind::SessionLimit,
            ErrorKind::RequestRefused(StanzaError::new(ErrorCondition::Forbidden)),
            ErrorKind::Refused { status: 400, message: String::new() },
            ErrorKind::Http { status: 404 },
            ErrorKind::Certificate(CertificateProblem::Untrusted),
            ErrorKind::AuthenticationBroken(SaslError::UnexpectedChallenge { mechanism: "PLAIN" }),
        ] {
            assert!(!error(kind.clone()).is_retryable(), "{kind:?}");
        }
    }
}
