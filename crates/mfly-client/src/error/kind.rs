//! The kinds of failure: their words, and what to do about each.

use crate::machine::{DisconnectReason, EndReason};
use mfly_api::http::{EncodingError, RedirectError};
use mfly_api::{Feature, Origin};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::framing::ExceededLimit;
use mfly_proto::sasl::{ChoiceError, SaslError};
use mfly_proto::stanza::StanzaError;
use mfly_proto::text::escaped;
use mfly_transport::CertificateProblem;
use std::fmt;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument was refused before anything was sent.
    InvalidArgument(InvalidArgument),
    /// The server does not accept the user id with this password.
    InvalidCredentials {
        /// 400 when the log-in refused them, 401 when the XMPP server did.
        status: u16,
    },
    /// An administrator has blocked the account.
    AdminBlocked,
    /// The plan does not include this feature. Nothing was sent, unless the plan changed during the
    /// session: then the server said so, and its refusal is the
    /// [`source`](std::error::Error::source).
    PlanGated(Feature),
    /// The account has as many sessions as its plan allows; registering with `force` ends another
    /// one.
    SessionLimit,
    /// The server does not accept the licence key.
    LicenceRefused,
    /// The user does not exist, or no longer exists.
    UserNotAvailable,
    /// The file does not exist, or no longer exists.
    FileNotAvailable,
    /// The token is missing or was refused, also after a refresh where one was possible.
    Unauthorized,
    /// The REST server refused the request.
    Refused {
        /// The status code of the answer.
        status: u16,
        /// The message of the answer.
        message: String,
    },
    /// The REST server, or something in front of it, answered with this HTTP status instead of an
    /// answer.
    Http {
        /// The HTTP status.
        status: u16,
    },
    /// An address that the server named leads to clear text beyond this machine, which
    /// [`AppBuilder::allow_cleartext`](crate::AppBuilder::allow_cleartext) does not allow. Nothing
    /// was sent there.
    Cleartext {
        /// Scheme, host and port of the address; nothing of its path or query.
        origin: Origin,
    },
    /// The REST server redirects the request, and the redirect was not followed.
    Redirect(RedirectError),
    /// The answer is encoded in a way that was not asked for, and cannot be read.
    Encoding(EncodingError),
    /// The XMPP server, or the recipient of the request, refused the request.
    RequestRefused(StanzaError),
    /// No answer came in time. The server may or may not have acted on the request.
    Timeout,
    /// The session is not online at the moment, or was not until the request's deadline. Nothing
    /// was sent. The error's source says why the last connection was lost, or why the last attempt
    /// failed.
    NotConnected,
    /// The connection was lost before the answer came. The server may or may not have acted on the
    /// request.
    ConnectionLost {
        /// Why it was lost: what the server said when it closed, what it sent, or what broke.
        cause: Box<DisconnectReason>,
    },
    /// The session has ended. Connect again.
    Ended(EndReason),
    /// The server could not be reached.
    Network,
    /// The server's certificate is not accepted: it may be another server. Nothing private was
    /// sent.
    Certificate(CertificateProblem),
    /// The server offers no way to authenticate that is good enough. Nothing weaker was used.
    MechanismRefused(ChoiceError),
    /// The server did not play its part of the authentication: it may not know the password.
    AuthenticationBroken(SaslError),
    /// The server opened the stream in the name of another domain than the one that was asked for.
    /// The session was not opened.
    WrongServer {
        /// The domain that was asked for.
        asked: String,
        /// The domain that answered, escaped and cut off where it is long.
        answered: String,
    },
    /// Too many requests wait for their answers, or for a connection. Nothing was sent.
    TooManyRequests,
    /// The server takes no stanza of this length. Nothing was sent.
    TooLarge {
        /// The most that it takes, in bytes.
        limit: u64,
    },
    /// The answer exceeds a limit of this side and was not read. The session goes on.
    AnswerTooLarge {
        /// The limit that the answer exceeds.
        limit: ExceededLimit,
        /// The setting that raises it; none for an answer of the REST API.
        setting: Option<&'static str>,
    },
    /// The answer cannot be read, or does not fit the request.
    UnexpectedAnswer,
    /// A file could not be encrypted, decrypted, kept in memory or written.
    Media,
    /// The operating system gives no random bytes.
    NoRandomness,
}

impl ErrorKind {
    /// What to do about it, in a sentence.
    pub(super) const fn hint(&self) -> &'static str {
        match self {
            Self::InvalidArgument(_) => "correct the argument",
            Self::InvalidCredentials { .. } => {
                "check name and password; on the platform, register again: another registration may have replaced the password"
            }
            Self::AdminBlocked => "tell the user; only an administrator can lift the block",
            Self::PlanGated(_) => "check Session::features before offering it, or change the plan",
            Self::SessionLimit => {
                "ask the user whether to end another session, then register with force"
            }
            Self::LicenceRefused => "check the licence key and the API's address",
            Self::UserNotAvailable => "treat the user as deleted",
            Self::FileNotAvailable => "treat the file as deleted",
            Self::Unauthorized => "set a valid token, or connect with credentials",
            Self::Refused { .. } | Self::Http { .. } | Self::RequestRefused(_) => {
                "the server's words say why; retry only if is_retryable says so"
            }
            Self::Cleartext { .. } => {
                "the server's operator has to name an https:// or wss:// address; otherwise allow cleartext"
            }
            Self::Redirect(_) => {
                "check the address of the API; the server's operator can name the right one"
            }
            Self::Encoding(_) => "the server's operator has to switch this encoding off",
            Self::Timeout | Self::ConnectionLost { .. } => {
                "the server may have acted: look before repeating a change"
            }
            Self::NotConnected => "wait for Event::Connected; the session reconnects by itself",
            Self::Ended(_) => "connect again, unless the reason forbids it",
            Self::Network => "check the addresses and the network, then try again",
            Self::Certificate(problem) => certificate_hint(*problem),
            Self::MechanismRefused(_) => {
                "ask the server's operator what changed, then relax the policy or connect with Account::accept_weaker: somebody may be in between"
            }
            Self::AuthenticationBroken(_) => "check the address; somebody may be in between",
            Self::WrongServer { .. } => {
                "check the domain of the address and where the connection leads; on the platform see Quirks::check_stream_from"
            }
            Self::TooManyRequests => "wait for some of the pending requests",
            Self::TooLarge { .. } => "send less at once",
            Self::AnswerTooLarge { setting, .. } => match setting {
                Some(_) => {
                    "raise the limit with AppBuilder::limits, ConnectRequest::limits or standard::Account::limits, or ask for less"
                }
                None => "ask for less at once",
            },
            Self::UnexpectedAnswer => "the server deviates from the known protocol; see Quirks",
            Self::NoRandomness => "the operating system must offer a random source",
            Self::Media => {
                "check the file key, whether the file was sealed, and where it is written"
            }
        }
    }
}

/// What to do about a certificate that is not accepted.
const fn certificate_hint(problem: CertificateProblem) -> &'static str {
    match problem {
        CertificateProblem::Untrusted => {
            "add the server's authority with Tls::platform_plus or Tls::custom if it is your own; otherwise somebody may be in between"
        }
        CertificateProblem::Expired => "the server's operator has to renew it",
        CertificateProblem::NotYetValid => "check the clock of this machine and of the server",
        CertificateProblem::WrongName => {
            "check the address: the certificate must name the host, over TCP the XMPP domain"
        }
        CertificateProblem::Revoked => "do not connect; ask the server's operator",
        _ => "the server's operator has to replace it",
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidArgument(argument) => fmt::Display::fmt(argument, f),
            Self::InvalidCredentials { .. } => f.write_str("invalid credentials"),
            Self::AdminBlocked => f.write_str("an administrator has blocked the account"),
            Self::PlanGated(feature) => {
                write!(f, "the plan does not include the feature {feature}")
            }
            Self::SessionLimit => {
                f.write_str("the account has as many sessions as its plan allows")
            }
            Self::LicenceRefused => f.write_str("the server does not accept the licence key"),
            Self::UserNotAvailable => f.write_str("there is no such user"),
            Self::FileNotAvailable => f.write_str("there is no such file"),
            Self::Unauthorized => f.write_str("the token is missing or was refused"),
            Self::Refused { status, message } => {
                write!(f, "the server refused with {status}: {}", escaped(message))
            }
            Self::Http { status } => write!(f, "the server answered with HTTP status {status}"),
            Self::Cleartext { origin } => {
                write!(f, "the server names {origin}, which is clear text")
            }
            Self::Redirect(error) => fmt::Display::fmt(error, f),
            Self::Encoding(error) => fmt::Display::fmt(error, f),
            Self::RequestRefused(error) => write!(f, "the request was refused: {error}"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::NotConnected => f.write_str("the session is not online"),
            Self::ConnectionLost { cause } => {
                write!(f, "the connection was lost before the answer came: {cause}")
            }
            Self::Ended(reason) => write!(f, "the session is over: {reason}"),
            Self::Network => f.write_str("the server could not be reached"),
            Self::Certificate(problem) => f.write_str(match problem {
                CertificateProblem::Untrusted => {
                    "no trusted authority issued the server's certificate"
                }
                CertificateProblem::Expired => "the server's certificate has expired",
                CertificateProblem::NotYetValid => "the server's certificate is not valid yet",
                CertificateProblem::WrongName => "the server's certificate is for another name",
                CertificateProblem::Revoked => "the server's certificate was revoked",
                _ => "the server's certificate cannot be used",
            }),
            Self::MechanismRefused(error) => fmt::Display::fmt(error, f),
            Self::AuthenticationBroken(error) => {
                write!(f, "the authentication was broken off: {error}")
            }
            Self::WrongServer { asked, answered } => {
                write!(f, "the server answers for {}, not for {asked}", escaped(answered))
            }
            Self::TooLarge { limit } => {
                write!(f, "longer than the {limit} bytes that the server takes at once")
            }
            Self::AnswerTooLarge { limit, setting } => {
                write!(f, "the answer was not read: it has {limit}")?;
                match setting {
                    Some(setting) => write!(f, "; {setting} raises the limit"),
                    None => Ok(()),
                }
            }
            Self::TooManyRequests => f.write_str("too many requests wait"),
            Self::UnexpectedAnswer => f.write_str("the answer is not what it should be"),
            Self::Media => f.write_str("the file could not be sealed, opened, held or written"),
            Self::NoRandomness => f.write_str("the operating system gives no random bytes"),
        }
    }
}
