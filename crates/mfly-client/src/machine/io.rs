//! The inputs and outputs of the machine. The contract is in the docs of [`machine`](super).

use super::known_server::KnownServer;
use super::reason::{Cause, ConnectionState, DisconnectReason, EndReason};
use super::redirect::Redirect;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::decode::DecodeError;
use mfly_proto::framing::{Close, ExceededLimit, Frame, Framing, Skipped};
use mfly_proto::id::StanzaId;
use mfly_proto::jid::{FullJid, Jid};
use mfly_proto::push::{Push, StandardPush};
use mfly_proto::sasl::{ChannelBindings, ScramDerivation, ScramKeys};
use mfly_proto::secret::Password;
use mfly_proto::stanza::{Iq, IqRequest, Presence, Reply, StanzaError, iq};
use mfly_proto::xml::Document;
use std::time::{Duration, Instant};

/// Identifies a request between the machine and its caller. It differs from the id on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// Identifies one [`Output::NeedPassword`], so that a late password is not used for a later
/// attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordTicket(pub(crate) u64);

/// Identifies one [`Output::Derive`], so that late keys are not used for a later attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DerivationTicket(pub(crate) u64);

/// An event that the machine handles.
#[derive(Clone, Debug)]
pub enum Input {
    /// The connection that [`Output::Connect`] asked for was made.
    Connected {
        /// The framing of the connection.
        framing: Framing,
        /// Whether a password may be sent: the connection is encrypted or does not leave this host.
        confidential: bool,
        /// The channel bindings of the connection, for SASL.
        bindings: ChannelBindings,
    },
    /// A frame was received.
    Frame(Frame),
    /// The connection was lost or could not be made.
    Disconnected(Loss),
    /// A command of the app, or the password that was asked for.
    Command(Command),
    /// The keys that [`Output::Derive`] asked for.
    Derived(DerivationTicket, ScramKeys),
    /// The instant of [`Machine::poll_timeout`](super::Machine::poll_timeout) is reached.
    Timeout,
}

/// Why the connection was lost or could not be made.
#[derive(Clone, Debug)]
pub enum Loss {
    /// The connection could not be established.
    ConnectFailed(Cause),
    /// The server closed the connection, and may have given a reason.
    Closed(Option<Close>),
    /// The server sent a frame of more than this many bytes.
    TooLarge(usize),
    /// Reading or writing failed.
    Broken(Cause),
    /// The server stopped reading what is sent to it.
    WriteStalled,
}

/// A command of the app to the machine.
#[derive(Clone, Debug)]
pub enum Command {
    /// Starts connecting. Only the first one has an effect.
    Open,
    /// Sends a request to the server.
    Request(Request),
    /// Cancels a request: its caller no longer waits.
    Cancel(RequestId),
    /// Sends a stanza without an answer, for example a presence. It is dropped when not connected.
    Send(Frame),
    /// The password for [`Output::NeedPassword`].
    Password(PasswordTicket, Result<Password, Cause>),
    /// Closes the connection, or cancels the attempt to make one, and connects again at once.
    Reconnect,
    /// Closes the stream and ends the session for this reason.
    Close(EndReason),
}

/// A request (`<iq/>` of type `get` or `set`) to be sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// The caller's identifier of the request.
    pub request: RequestId,
    /// The `id` attribute of `stanza`.
    pub id: StanzaId,
    /// The complete `<iq/>` element.
    pub stanza: Frame,
    /// The recipient, whose answer alone is accepted. `None` means the own account.
    pub to: Option<Jid>,
    /// The time when the request fails without an answer.
    pub deadline: Instant,
    /// Whether the request fails at once while there is no connection, instead of waiting for one.
    pub fail_fast: bool,
    /// Whether the request checks the connection, which is closed if no answer comes.
    pub is_check: bool,
}

impl Request {
    /// A typed request that waits for a connection if there is none. `request` names it between the
    /// machine and its caller, `id` on the wire ([`SeededRandom::stanza_id`]).
    ///
    /// # Errors
    /// When a text of the request cannot be written as XML.
    ///
    /// [`SeededRandom::stanza_id`]: super::SeededRandom::stanza_id
    pub fn new<R: IqRequest>(
        typed: &R,
        request: RequestId,
        id: StanzaId,
        deadline: Instant,
    ) -> Result<Self, InvalidArgument> {
        let mut buffer = Vec::new();
        iq::write_request(typed, &id, &mut buffer)?;
        Ok(Self {
            request,
            id,
            stanza: Frame::written(buffer),
            to: typed.to().cloned(),
            deadline,
            fail_fast: false,
            is_check: false,
        })
    }

    /// Reads the answer that [`Output::Reply`] carries to a request of type `R`.
    ///
    /// # Errors
    /// [`RequestFailure::Malformed`] when the answer cannot be read.
    pub fn read_answer<R: IqRequest>(answer: &Document) -> Result<R::Response, RequestFailure> {
        let iq = Iq::read(answer.root()).map_err(RequestFailure::Malformed)?;
        let reply = Reply { from: iq.from.as_ref(), payload: iq.payload() };
        R::read_response(&reply).map_err(RequestFailure::Malformed)
    }
}

/// An action that the caller of the machine carries out.
#[derive(Debug)]
pub enum Output {
    /// Make a connection to the server.
    Connect {
        /// The number of the attempt since the last connection, from 1.
        attempt: u32,
        /// The address that the server redirected to, if it did.
        redirect: Option<Redirect>,
    },
    /// Write a frame to the connection.
    Send(Frame),
    /// Close the connection, or cancel the attempt to make one.
    Disconnect,
    /// Answer with [`Command::Password`]. Each attempt needs a new password, which contains a time.
    NeedPassword(PasswordTicket),
    /// Answer with [`Input::Derived`]. Deriving takes up to some tenths of a second, and must not
    /// block other tasks.
    Derive(DerivationTicket, ScramDerivation),
    /// A request is settled. `Ok` carries the complete `<iq type="result"/>`.
    Reply(RequestId, Result<Document, RequestFailure>),
    /// Tell the app.
    Notice(Notice),
}

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFailure {
    /// The session has ended or is closing.
    #[error("the session is closed")]
    Closed,
    /// The connection was lost before the answer came. The server may or may not have carried the
    /// request out.
    #[error("the connection was lost before the answer came: {0}")]
    ConnectionLost(#[source] Box<DisconnectReason>),
    /// The answer exceeds a limit of this client and was not read.
    #[error("the answer has {0}, and was not read")]
    AnswerTooLarge(ExceededLimit),
    /// A text of the request cannot be written as XML. It was not sent.
    #[error("{0}")]
    InvalidArgument(#[source] InvalidArgument),
    /// The answer does not have the form that the request expects.
    #[error("the answer cannot be read: {0}")]
    Malformed(#[source] DecodeError),
    /// There is no connection now, or there was none until the deadline. The request was not sent.
    #[error("not connected")]
    NotConnected {
        /// Why the last connection was lost, or why the last attempt failed.
        #[source]
        last: Option<Box<DisconnectReason>>,
    },
    /// The stanza is longer than the server accepts. It was not sent, because the server would
    /// end the stream.
    #[error("longer than the {limit} bytes that the server takes")]
    TooLarge {
        /// The most bytes that the server accepts in one stanza.
        limit: u64,
    },
    /// The server or the recipient answered with an error.
    #[error("refused: {0}")]
    Refused(StanzaError),
    /// No answer came before the deadline.
    #[error("no answer in time")]
    TimedOut,
    /// Too many requests wait for an answer, or for a connection. The request was not sent.
    #[error("too many requests are waiting")]
    TooManyRequests,
}

/// The direction of a message that arrived as a carbon copy (XEP-0280).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carbon {
    /// A copy of a message that another session of the own account received.
    Received,
    /// A copy of a message that another session of the own account sent.
    Sent,
}

/// A notice to the app. Notices come in the order of what they report.
#[derive(Debug)]
pub enum Notice {
    /// The connection state changed.
    State(ConnectionState),
    /// The session is connected and requests can be made.
    Connected {
        /// The address of this session.
        jid: FullJid,
        /// Whether the server resumed the earlier session, so that no stanza was missed.
        resumed: bool,
        /// What the server offered at this login.
        server: Option<Box<KnownServer>>,
    },
    /// The most bytes that the server accepts in one stanza on this connection, if it says so
    /// (XEP-0478).
    StanzaLimit(Option<u64>),
    /// An attempt to connect failed.
    ConnectFailed {
        /// The number of the attempt since the last connection, from 1.
        attempt: u32,
        /// Why the attempt failed.
        reason: DisconnectReason,
    },
    /// The connection of a connected session was lost.
    Disconnected {
        /// Why the connection was lost.
        reason: DisconnectReason,
    },
    /// A new attempt will be made.
    Reconnecting {
        /// The number of the attempt since the last connection, from 1.
        attempt: u32,
        /// The time until the attempt.
        delay: Duration,
    },
    /// The session has ended. This is the last notice.
    Ended(EndReason),
    /// A push of the platform, from a sender that may send it.
    Push {
        /// The content of the push.
        push: Push,
        /// Whether the push is a copy of one that another session of the own account received.
        carbon: bool,
        /// The sender; `None` means the own account's server.
        from: Option<Jid>,
    },
    /// A presence stanza of another address.
    Presence(Presence),
    /// A push of a standard server, without the platform's extensions.
    StandardPush(StandardPush),
    /// A message with a body, or a message error. Platform sessions do not give this notice.
    Message {
        /// The message, taken out of the copy if it came as one.
        stanza: Document,
        /// The direction, if the message came as a copy.
        carbon: Option<Carbon>,
    },
    /// A stanza exceeded a limit and was not read.
    StanzaSkipped(Skipped),
    /// A stanza of unknown content, or a push from a sender that may not send it.
    UnknownStanza(Document),
    /// A push of a known kind that cannot be read.
    MalformedPush {
        /// Why the push cannot be read.
        error: DecodeError,
        /// The complete stanza.
        stanza: Document,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_contains_no_frame_password_or_answer() {
        let password = Password::new("hunter2").unwrap();
        let text = format!(
            "{:?} {:?} {:?}",
            Input::Command(Command::Password(PasswordTicket(1), Ok(password))),
            Input::Frame("<message>private</message>".into()),
            Command::Send("<message>private</message>".into()),
        );
        assert!(!text.contains("hunter2") && !text.contains("private"), "{text}");
    }
}
