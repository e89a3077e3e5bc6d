//! What goes into the machine and what comes out of it.
//!
//! # The run loop
//!
//! ```text
//! loop {
//!     while let Some(output) = machine.poll_output() { obey(output) }
//!     let input = first of { transport, command, password, keys, machine.poll_timeout() };
//!     machine.handle(now, input);
//! }
//! ```
//!
//! One rule: **after every `handle`, drain `poll_output` to `None`.** `handle` does all work,
//! `poll_output` only pops a queue, `poll_timeout` only reads a table.
//!
//! What the machine relies on:
//!
//! - After [`Output::Connect`] come [`Input::Connected`], or [`Input::Disconnected`] when that
//!   failed.
//! - After [`Output::Disconnect`], which also breaks off a dial, nothing of the old connection is
//!   fed any more, not even its end. Frames sent before it still leave, within reason.
//! - A [`RequestId`] is used once. Each is settled exactly once: by [`Output::Reply`], or by
//!   [`Command::Cancel`], after which no reply comes.
//! - Time does not run backwards.

use super::known_server::KnownServer;
use super::reason::{Cause, ConnectionState, DisconnectReason, EndReason};
use super::redirect::Redirect;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::decode::DecodeError;
use mfly_proto::framing::{ExceededLimit, Frame, Framing, Skipped};
use mfly_proto::id::StanzaId;
use mfly_proto::jid::{FullJid, Jid};
use mfly_proto::push::{Push, StandardPush};
use mfly_proto::sasl::{ChannelBindings, ScramDerivation, ScramKeys};
use mfly_proto::secret::Password;
use mfly_proto::stanza::{Presence, StanzaError};
use mfly_proto::xml::Document;
use mfly_transport::Close;
use std::fmt;
use std::time::{Duration, Instant};

/// Names a request between the machine and its caller; the id on the wire stays inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub(crate) u64);

/// Names one asking for a password, so that a late answer is not taken for the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordTicket(pub(crate) u64);

/// Names one asking for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DerivationTicket(pub(crate) u64);

/// Something happened.
#[derive(Debug)]
pub enum Input {
    /// The transport stands.
    Connected {
        /// How frames travel.
        framing: Framing,
        /// Encrypted, or within this machine: fit to carry a password.
        confidential: bool,
        /// What an authentication can be tied to.
        bindings: ChannelBindings,
    },
    /// One frame arrived.
    Frame(Frame),
    /// The transport is gone.
    Disconnected(Loss),
    /// The app, or the password's source, wants something.
    Command(Command),
    /// What [`Output::Derive`] asked for.
    Derived(DerivationTicket, ScramKeys),
    /// [`Machine::poll_timeout`](super::Machine::poll_timeout) is reached.
    Timeout,
}

/// How the transport was lost.
#[derive(Clone, Debug)]
pub enum Loss {
    /// It never stood.
    ConnectFailed(Cause),
    /// The peer closed it, and may have said why.
    Closed(Option<Close>),
    /// The peer sent a frame of more than this many bytes.
    TooLarge(usize),
    /// It broke.
    Broken(Cause),
    /// The peer takes nothing any more.
    WriteStalled,
}

/// What the app wants.
pub enum Command {
    /// Begin. Only the first one counts.
    Open,
    /// Ask the server something.
    Request(Request),
    /// The caller no longer waits.
    Cancel(RequestId),
    /// Send a stanza that needs no answer, for example a presence. Dropped when not connected.
    Send(Frame),
    /// The password for [`Output::NeedPassword`].
    Password(PasswordTicket, Result<Password, Cause>),
    /// Let the connection go, or the attempt to make one, and connect again at once.
    Reconnect,
    /// Say goodbye and end for this reason.
    Close(EndReason),
}

/// A question for the server.
pub struct Request {
    /// The caller's name for it.
    pub request: RequestId,
    /// The id inside `stanza`.
    pub id: StanzaId,
    /// The whole `<iq/>`.
    pub stanza: Frame,
    /// Whom it is for: only they may answer. `None` means the own account.
    pub to: Option<Jid>,
    /// When the caller stops waiting.
    pub deadline: Instant,
    /// Whether it fails at once while there is no connection, instead of waiting for one.
    pub fail_fast: bool,
    /// Whether its answer is due for the connection's sake: without one, the connection is given
    /// up.
    pub is_check: bool,
}

/// Something to do.
#[derive(Debug)]
pub enum Output {
    /// Make a connection.
    Connect {
        /// Counts from 1 within a row of failures.
        attempt: u32,
        /// Where to, if the server pointed elsewhere.
        redirect: Option<Redirect>,
    },
    /// Write a frame.
    Send(Frame),
    /// Let the connection go, or break off its making.
    Disconnect,
    /// Answer with [`Command::Password`]: each attempt needs a fresh one, it carries a time.
    NeedPassword(PasswordTicket),
    /// Answer with [`Input::Derived`]: up to some tenths of a second of hashing, which must not
    /// keep others waiting.
    Derive(DerivationTicket, ScramDerivation),
    /// A request is settled; `Ok` carries the whole `<iq type="result"/>`.
    Reply(RequestId, Result<Document, RequestFailure>),
    /// News for the app.
    Notice(Notice),
}

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFailure {
    /// The session is over or about to be.
    #[error("the session is closed")]
    Closed,
    /// The connection was lost before the answer came. Whether the request was carried out is not
    /// known.
    #[error("the connection was lost before the answer came: {0}")]
    ConnectionLost(#[source] Box<DisconnectReason>),
    /// The answer exceeds a limit of this side and was not read.
    #[error("the answer has {0}, and was not read")]
    AnswerTooLarge(ExceededLimit),
    /// A text of the request cannot be written. It was not sent.
    #[error("{0}")]
    InvalidArgument(#[source] InvalidArgument),
    /// The answer does not say what it should.
    #[error("the answer cannot be read: {0}")]
    Malformed(#[source] DecodeError),
    /// There is no connection now, or there was none until the deadline. The request was not sent.
    #[error("not connected")]
    NotConnected {
        /// Why the last connection was lost, or why the last attempt failed.
        #[source]
        last: Option<Box<DisconnectReason>>,
    },
    /// The server takes no stanza of this length, and would end the stream. It was not sent.
    #[error("longer than the {limit} bytes that the server takes")]
    TooLarge {
        /// The most that it takes, in bytes.
        limit: u64,
    },
    /// The answering side refused.
    #[error("refused: {0}")]
    Refused(StanzaError),
    /// No answer came in time.
    #[error("no answer in time")]
    TimedOut,
    /// Too many requests wait for an answer, or for a connection. The request was not sent.
    #[error("too many requests are waiting")]
    TooManyRequests,
}

/// What a message is a copy of (XEP-0280).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carbon {
    /// Of one that another session of the own account received.
    Received,
    /// Of one that another session of the own account sent.
    Sent,
}

/// News for the app, in order.
#[derive(Debug)]
pub enum Notice {
    /// The session stands elsewhere now.
    State(ConnectionState),
    /// Requests can be made.
    Connected {
        /// The address of this session.
        jid: FullJid,
        /// Whether the server kept the earlier session; nothing was missed then.
        resumed: bool,
        /// What is known about the server now.
        server: Option<Box<KnownServer>>,
    },
    /// The most bytes that the server takes in one stanza on this connection, if it says
    /// (XEP-0478).
    StanzaLimit(Option<u64>),
    /// An attempt to connect failed.
    ConnectFailed {
        /// Which attempt in a row.
        attempt: u32,
        /// Why.
        reason: DisconnectReason,
    },
    /// A connection that stood was lost.
    Disconnected {
        /// Why.
        reason: DisconnectReason,
    },
    /// A new attempt will be made.
    Reconnecting {
        /// Which attempt in a row.
        attempt: u32,
        /// How long until then.
        delay: Duration,
    },
    /// The session is over. The last notice.
    Ended(EndReason),
    /// The server told something unasked, and may say such a thing.
    Push {
        /// What.
        push: Push,
        /// Whether it is a copy of what another session of the own account received.
        carbon: bool,
        /// Who said it; absent means the own account's server.
        from: Option<Jid>,
    },
    /// Somebody's presence.
    Presence(Presence),
    /// The same from a server without the platform's extensions.
    StandardPush(StandardPush),
    /// A message with a text, or one that failed. Not told by platform sessions.
    Message {
        /// The message itself, also when it came as a copy.
        stanza: Document,
        /// What it is a copy of.
        carbon: Option<Carbon>,
    },
    /// A stanza exceeds a limit and was not read.
    StanzaSkipped(Skipped),
    /// Nobody here understands or believes this stanza.
    UnknownStanza(Document),
    /// A known push that does not say what it should.
    MalformedPush {
        /// What is wrong.
        error: DecodeError,
        /// All of it.
        stanza: Document,
    },
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({:?})", self.request)
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("Open"),
            Self::Request(request) => fmt::Debug::fmt(request, f),
            Self::Cancel(request) => write!(f, "Cancel({request:?})"),
            Self::Send(frame) => write!(f, "Send({frame:?})"),
            Self::Reconnect => f.write_str("Reconnect"),
            Self::Password(ticket, _) => write!(f, "Password({ticket:?})"),
            Self::Close(reason) => write!(f, "Close({reason:?})"),
        }
    }
}
