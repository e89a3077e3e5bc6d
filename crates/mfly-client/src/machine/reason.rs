//! The connection state of a session, and the reasons for the end of a connection and of a session.

use mfly_proto::framing::{Close, Skipped};
use mfly_proto::sasl::{ChoiceError, Failure, SaslError};
use mfly_proto::stanza::StanzaError;
use mfly_proto::stream::StreamError;
use mfly_proto::text::escaped;
use mfly_proto::xml::XmlError;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// An error of a lower layer, shared because several callers may get it.
pub type Cause = Arc<dyn Error + Send + Sync + 'static>;

/// The connection state of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionState {
    /// The first connection is being made.
    Connecting,
    /// The session is connected and requests can be made.
    Connected,
    /// The connection was lost, and a new one is being made or waited for.
    Reconnecting,
    /// The session is closing the stream. Answers to earlier requests still arrive.
    Closing,
    /// The session has ended and does not connect again.
    Ended,
}

/// The step that took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Dialling, TLS and the WebSocket handshake together.
    Connect,
    /// Opening the XMPP stream.
    Opening,
    /// Authentication, including the request for the password.
    Authenticating,
    /// Binding a resource to the stream.
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
    /// The server refused the authentication: the credentials are wrong or cannot be checked now.
    #[error("authentication refused: {0}")]
    AuthenticationRefused(Failure),
    /// The server refused to bind a resource.
    #[error("resource binding refused: {0}")]
    BindRefused(StanzaError),
    /// The server closed the stream or the connection, without a code.
    #[error("the server closed the connection")]
    ClosedByServer,
    /// No connection could be made.
    #[error("{}", ErrorChain::new("could not connect", .0))]
    ConnectFailed(#[source] Cause),
    /// Reading from or writing to the connection failed.
    #[error("{}", ErrorChain::new("the connection broke", .0))]
    ConnectionBroken(#[source] Cause),
    /// The server sent an element during the login that exceeds a limit. Raise the limit that the
    /// text names.
    #[error("the server sent <{}/> with {}{}", escaped(&.0.name), .0.limit, remedy(.0))]
    LimitExceeded(Box<Skipped>),
    /// The server sent a frame that is longer than this client accepts.
    #[error("the server sent a frame of more than {limit} bytes")]
    FrameTooLarge {
        /// The most that is accepted, in bytes.
        limit: usize,
    },
    /// The server sent bytes that are not restricted XML (RFC 6120 §11).
    #[error("the server sent malformed XML: {0}")]
    MalformedXml(XmlError),
    /// The login failed, and another attempt would most likely fail too.
    #[error(transparent)]
    LoginFailed(#[from] LoginFailure),
    /// The server redirects to another address.
    #[error("the server moved to {}", escaped(.to))]
    Moved {
        /// The address that the server names.
        to: String,
    },
    /// The server's offer changed, and the login had begun by the earlier one. The next attempt
    /// follows at once, without pipelining.
    #[error("the server offers something else than before: logging in again step by step")]
    OfferChanged,
    /// The password for this attempt could not be made.
    #[error("{}", ErrorChain::new("no password could be had", .0))]
    PasswordUnavailable(#[source] Cause),
    /// The server sent nothing for too long, not even the answer to a ping.
    #[error("the server fell silent")]
    PeerSilent,
    /// The server sends data but answered neither a request nor the ping after it.
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
        /// The close code. Codes 1000 to 2999 are defined by RFC 6455 or the IANA registry, others
        /// by the server.
        code: u16,
        /// The close reason as it was received: at most 123 bytes, possibly empty.
        reason: String,
    },
    /// The server's stream header names another domain than the account's.
    #[error("the server answers for {}, not for {asked}", escaped(.answered))]
    WrongServer {
        /// The domain that the stream was opened to.
        asked: String,
        /// The `from` of the server's stream header, escaped, and shortened if it is long.
        answered: String,
    },
    /// The server does not read what is sent to it.
    #[error("the server does not read what is sent")]
    WriteStalled,
}

/// The setting that raises the limit, as the end of a sentence.
fn remedy(skipped: &Skipped) -> String {
    skipped.setting().map_or_else(String::new, |setting| format!("; raise {setting}"))
}

impl DisconnectReason {
    /// The reason for a connection that the server closed, with its close code if it sent one.
    pub(crate) fn closed(close: Option<Close>) -> Self {
        match close {
            Some(Close { code: Some(code), reason }) => Self::WebSocketClosed { code, reason },
            _ => Self::ClosedByServer,
        }
    }
}

/// Why a login failed, where another attempt would most likely fail too.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginFailure {
    /// The server did not prove that it knows the password, or sent a challenge that is not
    /// allowed.
    #[error("the authentication was broken off: {0}")]
    AuthenticationBroken(#[source] SaslError),
    /// The connection is not encrypted, so the password would be sent in clear text.
    #[error(
        "the connection is neither encrypted nor local: connect to a wss://, xmpps:// or xmpp:// address"
    )]
    ChannelNotConfidential,
    /// The server offers no mechanism that is strong enough: not the pinned one, or only weaker
    /// ones than at an earlier login. No weaker one was used. An attacker may have changed the
    /// offer.
    #[error("no authentication mechanism is good enough: {0}")]
    MechanismRefused(#[source] ChoiceError),
    /// The server offers no authentication mechanism that this client knows.
    #[error("no usable authentication mechanism among those offered: {}", escaped(&.offered.join(", ")))]
    MechanismUnavailable {
        /// The mechanisms that the server offers.
        offered: Vec<String>,
    },
    /// The password is right, but the server requires another step, such as a second factor or a
    /// new password. This client supports no such step.
    #[error("the server wants more than a password: {}", escaped(&.tasks.join(", ")))]
    MoreTasks {
        /// The tasks that the server offers (XEP-0388), one of which is enough.
        tasks: Vec<String>,
    },
}

impl LoginFailure {
    /// Whether an attacker between server and client can cause the failure, so that a later attempt
    /// may succeed.
    pub(super) const fn may_be_an_attack(&self) -> bool {
        matches!(self, Self::AuthenticationBroken(_) | Self::MechanismRefused(_))
    }
}

/// Why a session has ended.
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
    /// The server refused the credentials. The user has to register again.
    #[error("invalid credentials: {0}")]
    InvalidCredentials(Failure),
    /// The session came from a login by QR code, and the phone ended it.
    #[error("the session was ended from another device")]
    LoggedOutRemotely,
    /// The login failed, and another attempt would most likely fail too.
    #[error(transparent)]
    LoginFailed(LoginFailure),
    /// The server redirects to another address, which the redirect policy does not allow. Connect
    /// to that address instead.
    #[error("the server moved to {}", escaped(.to))]
    Moved {
        /// The address that the server names.
        to: String,
    },
    /// Another session with the same resource replaced this one.
    #[error("replaced by another session")]
    Replaced,
    /// The allowed number of attempts to connect failed one after the other.
    #[error("gave up after {attempts} attempts: {last}")]
    Unreachable {
        /// The number of attempts.
        attempts: u32,
        /// Why the last attempt failed.
        #[source]
        last: Box<DisconnectReason>,
    },
}

// Reasons contain errors of lower layers, which cannot be compared: two reasons are equal when
// variant and text are equal.
macro_rules! impl_eq_by_text {
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
impl_eq_by_text!(DisconnectReason EndReason);

/// Displays an event and all its causes in one line, each cause once.
struct ErrorChain<'a> {
    event: &'static str,
    cause: &'a (dyn Error + 'static),
}

impl<'a> ErrorChain<'a> {
    fn new(event: &'static str, cause: &'a Cause) -> Self {
        Self { event, cause: &**cause }
    }
}

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.event.to_owned();
        let mut next = Some(self.cause);
        while let Some(cause) = next {
            let more = cause.to_string();
            if more.starts_with(&text) {
                text = more;
            } else if !text.contains(&more) {
                text.push_str(": ");
                text.push_str(&more);
            }
            next = cause.source();
        }
        f.write_str(&text)
    }
}

/// The server's text as the end of a sentence: quoted and escaped, or nothing if it is empty.
fn quoted(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!(": \"{}\"", escaped(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mfly_transport::TransportError;
    use std::io;

    #[test]
    fn a_cause_whose_text_is_contained_already_is_not_repeated() {
        let reset = io::Error::other("reset by peer");
        let broken = DisconnectReason::ConnectionBroken(Arc::new(TransportError::Io(reset)));
        assert_eq!(broken.to_string(), "the connection broke: reset by peer");
        let cause = broken.source().and_then(|cause| cause.source());
        assert_eq!(cause.map(ToString::to_string).as_deref(), Some("reset by peer"));
    }

    #[test]
    fn a_failed_attempt_contains_the_text_of_the_system_error() {
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
    fn the_close_reason_of_a_server_is_kept_as_it_is_and_displayed_escaped() {
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
