//! Failures, as one line with a hint, and the exit codes by which scripts tell them apart.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | it worked |
//! | 1 | the server refused, or something else failed |
//! | 2 | the command line, or a value in it, is not acceptable |
//! | 3 | the server cannot be reached |
//! | 4 | the credentials, the token or the licence are missing or refused |
//! | 5 | the plan does not include it |
//! | 6 | there is no such user or file |
//! | 7 | no answer came in time |
//! | 130 | interrupted |

use crate::output::Format;
use crate::store::StoreError;
use crate::wording;
use mfly_client::{EndReason, Error, ErrorCondition, ErrorKind, InvalidArgument, LoginFailure};
use mfly_testserver::StartError;
use mfly_testserver::command::CommandError;
use serde_json::{Value, json};
use std::error;
use std::fmt::Display;
use std::io;
use thiserror::Error;

/// The exit codes of the table above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Unreachable = 3,
    Refused = 4,
    NotInPlan = 5,
    NotFound = 6,
    TimedOut = 7,
    Interrupted = 130,
}

/// Why a command did not succeed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// An operation failed.
    #[error("{}", operation(.0))]
    Operation(#[from] Error),
    /// A server of this machine does not answer: probably it is not running.
    #[error("no server answers at {api_url}")]
    LocalServerMissing {
        api_url: String,
        /// The command that starts it.
        start: String,
    },
    /// A value is not acceptable.
    #[error("{}", wording::described(.0))]
    Argument(#[from] InvalidArgument),
    /// The command line is not acceptable for another reason.
    #[error("{message}")]
    Usage { message: String, hint: String },
    /// There are no credentials to connect with.
    #[error("{message}")]
    NoCredentials { message: String, hint: String },
    /// The saved profiles cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be read or written.
    #[error("cannot {doing} {path}: {source}")]
    File { doing: &'static str, path: String, source: io::Error },
    /// No control API answers.
    #[error("no server answers at {url}")]
    ControlMissing { url: String },
    /// The control API of a server refused a request.
    #[error("{}", field.as_ref().map_or_else(|| message.clone(), |field| format!("{field}: {message}")))]
    Control { status: u16, field: Option<String>, message: String },
    /// The output cannot be written, most often because its reader is gone.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// The local server could not start or stopped with an error.
    #[error("{}", with_causes(.0))]
    Server(#[from] CommandError),
    /// The command cannot go on, for a reason in this process.
    #[error("{0}")]
    Internal(String),
    /// Steps of the tour failed; each was printed with its reason.
    #[error("{failed} of {total} steps failed")]
    Tour { failed: usize, total: usize },
    /// Steps of an examination failed; each was printed.
    #[error("{failed} of {total} steps failed")]
    Examination {
        failed: usize,
        total: usize,
        /// The exit code of the first failed step.
        code: Code,
    },
    /// The user pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

impl Failure {
    /// A command line that is not acceptable.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }

    /// Credentials that are missing.
    pub(crate) fn no_credentials(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::NoCredentials { message: message.into(), hint: hint.into() }
    }

    /// A failed file operation.
    pub(crate) fn file(doing: &'static str, path: impl Display, source: io::Error) -> Self {
        Self::File { doing, path: path.to_string(), source }
    }

    /// The exit code.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Operation(error) => code_of(error.kind()),
            Self::LocalServerMissing { .. } | Self::ControlMissing { .. } => Code::Unreachable,
            Self::Control { status: 400 | 413 | 415, .. } => Code::Usage,
            Self::Control { status, .. } => code_of_refusal(*status),
            Self::Argument(_) | Self::Usage { .. } | Self::Store(_) => Code::Usage,
            Self::Server(CommandError::Start(StartError::InvalidArgument(_))) => Code::Usage,
            Self::NoCredentials { .. } => Code::Refused,
            Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound => Code::NotFound,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Code::Done,
            Self::File { .. }
            | Self::Output(_)
            | Self::Server(_)
            | Self::Internal(_)
            | Self::Tour { .. } => Code::Failed,
            Self::Examination { code, .. } => *code,
            Self::Interrupted => Code::Interrupted,
        }
    }

    /// Whether nothing is to be printed: the reader of the output is gone, the failure was printed
    /// before, or the user pressed Ctrl-C.
    pub(crate) fn is_silent(&self, format: Format) -> bool {
        match self {
            Self::Output(error) => error.kind() == io::ErrorKind::BrokenPipe,
            Self::Tour { .. } | Self::Examination { .. } => true,
            Self::Interrupted => format == Format::Human,
            _ => false,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Operation(error) => return operation_hint(error.kind()).map(str::to_owned),
            Self::LocalServerMissing { start, .. } => {
                format!("start one with `{start}`, or name another with --api-url")
            }
            Self::ControlMissing { .. } => {
                "start one with `mfly serve`, which prints the address for --control-url".to_owned()
            }
            Self::Usage { hint, .. } | Self::NoCredentials { hint, .. } => hint.clone(),
            Self::Store(error) => error.hint(),
            Self::Server(error) => return error.hint().map(str::to_owned),
            _ => return None,
        })
    }

    /// The one line for people.
    pub(crate) fn line(&self) -> String {
        match self.hint() {
            Some(hint) => format!("error: {self} (hint: {hint})"),
            None => format!("error: {self}"),
        }
    }

    /// The failure as JSON, with the official SDK's `statusCode` where there is one.
    pub(crate) fn official(&self) -> Value {
        let mut error = json!({});
        if let Self::Operation(operation) = self {
            error = operation.official();
            if let Some(delay) = operation.retry_after() {
                error["retryAfterSeconds"] = json!(delay.as_secs());
            }
        }
        error["message"] = json!(self.to_string());
        error["exitCode"] = json!(self.code() as u8);
        if let Some(hint) = self.hint() {
            error["hint"] = json!(hint);
        }
        error
    }
}

/// The code for a failed operation.
pub(crate) fn code_of(kind: &ErrorKind) -> Code {
    match kind {
        ErrorKind::InvalidArgument(_) => Code::Usage,
        ErrorKind::InvalidCredentials { .. }
        | ErrorKind::LicenceRefused
        | ErrorKind::AdminBlocked
        | ErrorKind::Unauthorized => Code::Refused,
        ErrorKind::PlanGated(_) => Code::NotInPlan,
        ErrorKind::Refused { status, .. } => code_of_refusal(*status),
        ErrorKind::UserNotAvailable | ErrorKind::FileNotAvailable => Code::NotFound,
        ErrorKind::Http { status: 401 } => Code::Refused,
        ErrorKind::Http { status: 408 | 504 } => Code::TimedOut,
        ErrorKind::RequestRefused(error) if error.condition == ErrorCondition::ItemNotFound => {
            Code::NotFound
        }
        ErrorKind::Timeout => Code::TimedOut,
        ErrorKind::Network
        | ErrorKind::Certificate(_)
        | ErrorKind::NotConnected
        | ErrorKind::ConnectionLost { .. } => Code::Unreachable,
        ErrorKind::Ended(reason) => code_of_end(reason),
        _ => Code::Failed,
    }
}

const fn code_of_refusal(status: u16) -> Code {
    match status {
        401 | 403 => Code::Refused,
        404 => Code::NotFound,
        408 | 504 => Code::TimedOut,
        _ => Code::Failed,
    }
}

/// The code for a session that is over.
pub(crate) const fn code_of_end(reason: &EndReason) -> Code {
    match reason {
        EndReason::Closed => Code::Done,
        EndReason::AccountDeleted | EndReason::AdminBlocked | EndReason::InvalidCredentials(_) => {
            Code::Refused
        }
        EndReason::Unreachable { .. } | EndReason::Moved { .. } => Code::Unreachable,
        _ => Code::Failed,
    }
}

/// What to do about a failed operation, with the flags of this command.
fn operation_hint(kind: &ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::InvalidCredentials { .. } => {
            "register again with `mfly register`; another registration may have replaced the password"
        }
        ErrorKind::LicenceRefused => {
            "check --licence-key and --api-url: a key belongs to one server"
        }
        ErrorKind::FileNotAvailable => {
            "check the token; the file may be deleted, or belong to another server"
        }
        ErrorKind::AdminBlocked => "only an administrator can lift the block",
        ErrorKind::PlanGated(_) => "`mfly features` shows what the plan includes",
        ErrorKind::SessionLimit => "leave out --no-force to end another session",
        ErrorKind::Unauthorized => {
            "connect with credentials, or set a valid token with `mfly token set`"
        }
        ErrorKind::UserNotAvailable => "check the user id; the account may be deleted",
        ErrorKind::Timeout => {
            "the server may have acted; look before repeating a change, or raise --timeout"
        }
        ErrorKind::ConnectionLost { .. } => {
            "the server may have acted; look before repeating a change"
        }
        ErrorKind::Network => "check --api-url and the network; `mfly doctor` looks closer",
        ErrorKind::Certificate(_) => "`mfly doctor` says what is wrong with it",
        ErrorKind::Http { status } => return http_hint(*status),
        ErrorKind::UnexpectedAnswer => NO_API,
        ErrorKind::Media => "check --key, and whether the file was sealed at all",
        ErrorKind::Ended(EndReason::LoginFailed(LoginFailure::ChannelNotConfidential)) => {
            "use a wss:// address"
        }
        _ => return None,
    })
}

const NO_API: &str = "check that --api-url names a MirrorFly API, such as https://host/api/v1";

/// What to do about an HTTP status that replaces an answer (RFC 9110 §15, RFC 6585 §4).
const fn http_hint(status: u16) -> Option<&'static str> {
    Some(match status {
        401 | 403 => {
            "the server, or something in front of it, does not let this client in: look at its rules"
        }
        408 | 504 => "the server took too long: try again later",
        413 => "the server takes nothing that large: send less",
        429 => "the server asks for fewer requests: try again later",
        500..=599 => {
            "the server, or something in front of it, has trouble of its own: try again later"
        }
        200..=399 | 404 | 405 | 410 => NO_API,
        _ => return None,
    })
}

/// An operation's failure in the words of this command.
fn operation(error: &Error) -> String {
    match error.kind() {
        ErrorKind::InvalidArgument(error) => wording::described(error),
        _ => error.to_string(),
    }
}

/// An error and its causes in one line, without repetition.
pub(crate) fn with_causes(error: &(dyn error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if more.starts_with(&text) {
            text = more;
        } else if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use mfly_client::Feature;

    #[test]
    fn every_kind_of_failure_has_its_exit_code() {
        let refused =
            |status, message: &str| ErrorKind::Refused { status, message: message.to_owned() };
        let cause = Box::new(mfly_client::DisconnectReason::PeerSilent);
        for (kind, expected) in [
            (refused(500, ""), 1),
            (ErrorKind::SessionLimit, 1),
            (ErrorKind::InvalidArgument(InvalidArgument::new("email", "bad")), 2),
            (ErrorKind::Network, 3),
            (ErrorKind::ConnectionLost { cause }, 3),
            (ErrorKind::InvalidCredentials { status: 400 }, 4),
            (ErrorKind::AdminBlocked, 4),
            (ErrorKind::Unauthorized, 4),
            (refused(403, "User is blocked"), 4),
            (refused(403, "Blocked without explanation"), 4),
            (ErrorKind::PlanGated(Feature::Block), 5),
            (ErrorKind::LicenceRefused, 4),
            (ErrorKind::UserNotAvailable, 6),
            (ErrorKind::FileNotAvailable, 6),
            (ErrorKind::Http { status: 404 }, 1),
            (ErrorKind::Http { status: 413 }, 1),
            (ErrorKind::Http { status: 504 }, 7),
            (ErrorKind::Timeout, 7),
        ] {
            assert_eq!(code_of(&kind) as u8, expected, "{kind:?}");
        }
        assert_eq!(Failure::Interrupted.code() as u8, 130);
    }

    #[test]
    fn a_failure_and_its_hint_are_one_line() {
        let failure = Failure::LocalServerMissing {
            api_url: "http://127.0.0.1:8117/api/v1".to_owned(),
            start: "mfly serve".to_owned(),
        };
        let expected = "error: no server answers at http://127.0.0.1:8117/api/v1 \
                        (hint: start one with `mfly serve`, or name another with --api-url)";
        assert_eq!(failure.line(), expected);
        assert_eq!(failure.code() as u8, 3);
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(failure.is_silent(Format::Human) && failure.is_silent(Format::Json));
        assert_eq!(failure.code(), Code::Done);
    }

    #[test]
    fn programs_get_the_official_status_code_and_the_exit_code() {
        let error = Failure::Operation(ErrorKind::PlanGated(Feature::Block).into()).official();
        assert_eq!((&error["statusCode"], &error["exitCode"]), (&json!(403), &json!(5)));
    }

    #[test]
    fn the_causes_of_an_error_are_printed_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("refused: {0}")]
        struct Outer(#[source] Inner);
        #[derive(Debug, thiserror::Error)]
        #[error("no such user")]
        struct Inner;
        assert_eq!(with_causes(&Outer(Inner)), "refused: no such user");

        #[derive(Debug, thiserror::Error)]
        #[error("refused")]
        struct Short(#[source] Outer);
        assert_eq!(with_causes(&Short(Outer(Inner))), "refused: no such user");
    }
}
