//! Where a session stands, why a connection was lost, and why a session is over.

use mfly_proto::framing::Skipped;
use mfly_proto::sasl::{ChoiceError, Failure, SaslError};
use mfly_proto::stanza::StanzaError;
use mfly_proto::stream::StreamError;
use mfly_proto::text::escaped;
use mfly_proto::xml::XmlError;
use mfly_transport::Close;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// An error of a layer below, shared because it may be reported to several places.
pub type Cause = Arc<dyn Error + Send + Sync + 'static>;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionState {
    /// The first connection is being made.
    Connecting,
    /// Requests can be made.
    Connected,
    /// The connection was lost; a new one is awaited or being made.
    Reconnecting,
    /// The session says goodbye; answers to earlier requests still arrive.
    Closing,
    /// Over. A new session must be made.
    Ended,
}

/// The step that took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Dialling, TLS and the WebSocket handshake together.
    Connect,
    /// Opening the stream.
    Opening,
    /// Authentication, the making of the password included.
    Authenticating,
    /// Resource binding.
    Binding,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Opening => "opening the stream",
            Self::Authenticating => "authentication",
            Self::Binding => "resource binding",
        })
    }
}

/// Why a connection was lost or could not be made.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The server refused the credentials, or cannot check them now.
    #[error("authentication refused: {0}")]
    AuthenticationRefused(Failure),
    /// The server gave this session no address.
    #[error("resource binding refused: {0}")]
    BindRefused(StanzaError),
    /// The server closed the stream or the connection, without a code.
    #[error("the server closed the connection")]
    ClosedByServer,
    /// No connection could be made.
    #[error("{}", Story::new("could not connect", .0))]
    ConnectFailed(#[source] Cause),
    /// The connection broke.
    #[error("{}", Story::new("the connection broke", .0))]
    ConnectionBroken(#[source] Cause),
    /// Before the session stood, the server sent an element that exceeds a limit. Raise the limit
    /// that the text names.
    #[error("the server sent <{}/> with {}{}", escaped(&.0.name), .0.limit, remedy(.0))]
    LimitExceeded(Box<Skipped>),
    /// The server sent a frame that is longer than this side accepts.
    #[error("the server sent a frame of more than {limit} bytes")]
    FrameTooLarge {
        /// The most that is accepted, in bytes.
        limit: usize,
    },
    /// The server sent what is not restricted XML.
    #[error("the server sent malformed XML: {0}")]
    MalformedXml(XmlError),
    /// The log-in failed for a reason that another attempt would most likely meet again.
    #[error(transparent)]
    LoginFailed(#[from] LoginFailure),
    /// The server points to another address.
    #[error("the server moved to {}", escaped(.to))]
    Moved {
        /// The address it names.
        to: String,
    },
    /// The server does not offer what it offered before, and the log-in had already begun
    /// accordingly. The next attempt follows at once, step by step.
    #[error("the server offers something else than before: logging in again step by step")]
    OfferChanged,
    /// No password could be had for this attempt.
    #[error("{}", Story::new("no password could be had", .0))]
    PasswordUnavailable(#[source] Cause),
    /// Nothing was heard for too long, not even the answer to a ping.
    #[error("the server fell silent")]
    PeerSilent,
    /// The server can be heard and answers nothing: neither a request nor the ping after it.
    #[error("the server answers no request, not even a ping")]
    PeerUnresponsive,
    /// The server broke the protocol; the text says how.
    #[error("the server broke the protocol: {0}")]
    ProtocolViolation(&'static str),
    /// The app asked for a new connection, for example because the network changed.
    #[error("a new connection was asked for")]
    ReconnectRequested,
    /// The server ended the stream with an error.
    #[error("stream error: {0}")]
    StreamError(StreamError),
    /// A step took too long.
    #[error("{0} took too long")]
    TimedOut(Stage),
    /// The server closed the WebSocket and said why (RFC 6455 §7.4).
    #[error("the server closed the connection with code {code}{}", quoted(.reason))]
    WebSocketClosed {
        /// Its code: 1000 to 2999 have a meaning of RFC 6455 or of the registry, others are the
        /// server's own.
        code: u16,
        /// Its words as they came: at most 123 bytes, possibly none.
        reason: String,
    },
    /// The server opened the stream in the name of another domain than the account's.
    #[error("the server answers for {}, not for {asked}", escaped(.answered))]
    WrongServer {
        /// The domain that was asked for.
        asked: String,
        /// The sender of the server's stream header, escaped and cut off where it is long.
        answered: String,
    },
    /// The server does not read what is sent to it.
    #[error("the server does not read what is sent")]
    WriteStalled,
}

/// How to raise a limit, as the rest of a sentence.
fn remedy(skipped: &Skipped) -> String {
    skipped.setting().map_or_else(String::new, |setting| format!("; raise {setting}"))
}

impl DisconnectReason {
    /// The peer closed, and said so much.
    pub(crate) fn closed(close: Option<Close>) -> Self {
        match close {
            Some(Close { code: Some(code), reason }) => Self::WebSocketClosed { code, reason },
            _ => Self::ClosedByServer,
        }
    }
}

/// Why a log-in failed, where another attempt would most likely fail too.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginFailure {
    /// The server did not prove that it knows the password, or asked for what it must not ask for.
    #[error("the authentication was broken off: {0}")]
    AuthenticationBroken(#[source] SaslError),
    /// The password would have to cross the network unprotected.
    #[error(
        "the connection is neither encrypted nor local: connect to a wss://, xmpps:// or xmpp:// address"
    )]
    ChannelNotConfidential,
    /// The server offers no authentication mechanism that is good enough: not the pinned one, or
    /// only weaker ones than before. Nothing weaker was used. An attacker may be between the server
    /// and this client.
    #[error("no authentication mechanism is good enough: {0}")]
    MechanismRefused(#[source] ChoiceError),
    /// The server offers no authentication mechanism that this client knows.
    #[error("no usable authentication mechanism among those offered: {}", escaped(&.offered.join(", ")))]
    MechanismUnavailable {
        /// The mechanisms that the server offers.
        offered: Vec<String>,
    },
    /// The password is right, but the server asks for more: a second factor, or a new password.
    /// This client supports none of that.
    #[error("the server wants more than a password: {}", escaped(&.tasks.join(", ")))]
    MoreTasks {
        /// The tasks that the server offers (XEP-0388), one of which is enough.
        tasks: Vec<String>,
    },
}

impl LoginFailure {
    /// Whether an attacker between the server and this client can cause it, so that it may pass.
    pub(super) const fn may_be_an_attack(&self) -> bool {
        matches!(self, Self::AuthenticationBroken(_) | Self::MechanismRefused(_))
    }
}

/// Why a session is over. Nothing follows it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndReason {
    /// The own account was deleted.
    #[error("the account was deleted")]
    AccountDeleted,
    /// An administrator blocked the own account.
    #[error("the account is blocked by an administrator")]
    AdminBlocked,
    /// The app closed the session, or dropped its last handle.
    #[error("the session was closed")]
    Closed,
    /// The server refused the credentials: register again.
    #[error("invalid credentials: {0}")]
    InvalidCredentials(Failure),
    /// The session came from a code, and the phone ended it.
    #[error("the session was ended from another device")]
    LoggedOutRemotely,
    /// The log-in failed, and another attempt would most likely fail too.
    #[error(transparent)]
    LoginFailed(LoginFailure),
    /// The server points to another address, where the policy does not allow to follow: connect
    /// there.
    #[error("the server moved to {}", escaped(.to))]
    Moved {
        /// The address it names.
        to: String,
    },
    /// Another session took this one's place.
    #[error("replaced by another session")]
    Replaced,
    /// As many attempts as allowed failed one after the other.
    #[error("gave up after {attempts} attempts: {last}")]
    Unreachable {
        /// How many.
        attempts: u32,
        /// Why the last one failed.
        #[source]
        last: Box<DisconnectReason>,
    },
}

// Reasons hold errors of lower layers, which cannot be compared: two reasons are equal when they
// are of one kind and read the same.
macro_rules! equal_when_they_read_the_same {
    ($($reason:ty)*) => {$(
        impl PartialEq for $reason {
            fn eq(&self, other: &Self) -> bool {
                std::mem::discriminant(self) == std::mem::discriminant(other)
                    && self.to_string() == other.to_string()
            }
        }
        impl Eq for $reason {}
    )*};
}
equal_when_they_read_the_same!(DisconnectReason EndReason);

/// What happened and all causes of it in one line, each said once.
struct Story<'a> {
    what: &'static str,
    cause: &'a (dyn Error + 'static),
}

impl<'a> Story<'a> {
    fn new(what: &'static str, cause: &'a Cause) -> Self {
        Self { what, cause: &**cause }
    }
}

impl fmt::Display for Story<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.what.to_owned();
        let mut next = Some(self.cause);
        while let Some(cause) = next {
            let more = cause.to_string();
            if more.starts_with(&told) {
                told = more;
            } else if !told.contains(&more) {
                told.push_str(": ");
                told.push_str(&more);
            }
            next = cause.source();
        }
        f.write_str(&told)
    }
}

/// A peer's words behind what is said: quoted and escaped, and nothing if there are none.
fn quoted(words: &str) -> String {
    match words {
        "" => String::new(),
        words => format!(": \"{}\"", escaped(words)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mfly_transport::TransportError;
    use std::io;

    #[test]
    fn a_cause_that_says_what_is_said_already_is_not_said_twice() {
        let reset = io::Error::other("reset by peer");
        let broken = DisconnectReason::ConnectionBroken(Arc::new(TransportError::Io(reset)));
        assert_eq!(broken.to_string(), "the connection broke: reset by peer");
        let cause = broken.source().and_then(|cause| cause.source());
        assert_eq!(cause.map(ToString::to_string).as_deref(), Some("reset by peer"));
    }

    #[test]
    fn a_failed_attempt_tells_the_systems_own_words() {
        let dial = TransportError::Dial {
            host: "a.test".to_owned(),
            port: 5222,
            source: io::Error::other("no route"),
        };
        let failed = DisconnectReason::ConnectFailed(Arc::new(dial));
        let text = failed.to_string();
        assert!(text.starts_with("could not connect: cannot reach a.test:5222"), "{text}");
        assert!(text.ends_with(": no route"), "{text}");
    }

    #[test]
    fn the_words_of_a_closing_server_are_kept_as_they_are_and_shown_escaped() {
        let closed = |reason: &str| DisconnectReason::WebSocketClosed {
            code: 1008,
            reason: reason.to_owned(),
        };
        assert_eq!(closed("").to_string(), "the server closed the connection with code 1008");
        assert_eq!(
            closed("go\naway\u{1b}[1m").to_string(),
            r#"the server closed the connection with code 1008: "go\naway\u{1b}[1m""#
        );
    }
}
