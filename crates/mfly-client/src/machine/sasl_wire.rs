//! The elements of an authentication, in SASL and SASL2.

use super::config::{Config, Resource};
use super::known_server::{Bind2, SaslProtocol};
use mfly_proto::bind2;
use mfly_proto::jid::Jid;
use mfly_proto::sasl::{self, Auth, Failure};
use mfly_proto::sasl2::{self, Authenticate, UserAgent};
use mfly_proto::xml::{Element, Writer};

/// The name by which servers know this program.
const SOFTWARE: &str = "mfly";

/// An element that the server sent during authentication.
pub(super) enum SaslEvent {
    Challenge(Vec<u8>),
    Failure(Failure),
    /// The authentication succeeded; the mechanism has to check `data`.
    Success {
        data: Vec<u8>,
        /// The address that was bound in the same step (Bind2).
        bound: Option<Jid>,
    },
    /// The password is right, and the server requires one of these tasks.
    MoreTasks(Vec<String>),
    /// An element of SASL that cannot be read.
    Malformed,
    /// An element that is not part of SASL.
    Other,
}

impl SaslProtocol {
    /// Writes the first element. `agent` is the same for all connections of a session, so that the
    /// server knows which of them replace each other.
    pub(super) fn write_begin(
        self,
        mechanism: &str,
        initial: Vec<u8>,
        agent: &str,
        config: &Config,
        writer: &mut Writer<'_>,
    ) {
        match self {
            Self::Sasl => Auth::new(mechanism, initial).write(writer),
            Self::Sasl2 { bind2 } => {
                let mut authenticate = Authenticate::new(mechanism, initial);
                authenticate.user_agent = Some(UserAgent {
                    id: Some(agent.to_owned()),
                    software: Some(SOFTWARE.to_owned()),
                    device: None,
                });
                authenticate.bind = bind2.map(|Bind2 { carbons }| bind2::Bind {
                    tag: tag(&config.resource),
                    carbons,
                    inactive: false,
                });
                authenticate.write(writer);
            }
        }
    }

    /// Writes the answer to a challenge.
    pub(super) fn write_answer(self, answer: Vec<u8>, writer: &mut Writer<'_>) {
        match self {
            Self::Sasl => sasl::Response::new(answer).write(writer),
            Self::Sasl2 { .. } => sasl2::Response::new(answer).write(writer),
        }
    }

    /// Writes the element that aborts the authentication.
    pub(super) fn write_abort(self, writer: &mut Writer<'_>) {
        match self {
            Self::Sasl => sasl::Abort.write(writer),
            Self::Sasl2 { .. } => sasl2::Abort.write(writer),
        }
    }

    pub(super) fn read(self, element: Element<'_>) -> SaslEvent {
        match self {
            Self::Sasl => read_sasl(element),
            Self::Sasl2 { .. } => read_sasl2(element),
        }
    }
}

/// The Bind2 tag, with which the resource that the server assigns begins.
fn tag(resource: &Resource) -> Option<String> {
    match resource {
        Resource::OfConnection(prefix) | Resource::OfSession(prefix) => {
            let tag = prefix.trim_end_matches('-');
            (!tag.is_empty()).then(|| tag.to_owned())
        }
        Resource::Exactly(_) => None,
    }
}

/// Reads the element with the first type that it is of, and makes an event of it.
macro_rules! read_first {
    ($element:expr, $($kind:ty => $event:expr),+ $(,)?) => {
        match $element {
            $(element if <$kind>::is(element) => {
                <$kind>::read(element).map_or(SaslEvent::Malformed, $event)
            })+
            _ => SaslEvent::Other,
        }
    };
}

fn read_sasl(element: Element<'_>) -> SaslEvent {
    if let Ok(failure) = Failure::read(element) {
        return SaslEvent::Failure(failure);
    }
    read_first!(
        element,
        sasl::Success => |success| SaslEvent::Success {
            data: success.data.unwrap_or_default().to_vec(),
            bound: None,
        },
        sasl::Challenge => |challenge| SaslEvent::Challenge(challenge.data.to_vec()),
    )
}

fn read_sasl2(element: Element<'_>) -> SaslEvent {
    read_first!(
        element,
        sasl2::Failure => |failure| SaslEvent::Failure(failure.0),
        sasl2::Success => |success| SaslEvent::Success {
            data: success.data.unwrap_or_default().to_vec(),
            bound: success.bound.map(|_| success.identity),
        },
        sasl2::Challenge => |challenge| SaslEvent::Challenge(challenge.data.to_vec()),
        sasl2::Continue => |more| SaslEvent::MoreTasks(more.tasks),
    )
}
