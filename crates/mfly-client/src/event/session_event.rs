//! What the events of both dialects share.

use std::fmt;

/// An event type that subscriptions can carry.
#[cfg(feature = "tokio")]
pub(crate) trait SessionEvent: Clone + Send + Sync + 'static {
    /// The event for a subscription that lost this many events.
    fn lagged(missed: u64) -> Self;
}

/// A stanza as it was received. It may be private, so `Debug` shows only its length.
#[derive(Clone, PartialEq, Eq)]
pub struct UnknownStanza(String);

impl UnknownStanza {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The stanza's XML.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UnknownStanza {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnknownStanza({} bytes)", self.0.len())
    }
}

/// Declares an event type: the variants that both dialects have, and those of one dialect.
macro_rules! session_events {
    ($(#[$meta:meta])* pub enum Event { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Event {
            /// The session is online.
            Connected {
                /// The session's address.
                jid: mfly_proto::jid::FullJid,
                /// Whether the server kept the earlier stream. If not, events may have been missed
                /// while there was no connection.
                resumed: bool,
            },
            /// The connection was lost. Unless [`Event::Ended`] follows, the session connects again
            /// by itself.
            Disconnected {
                /// Why the connection was lost.
                reason: $crate::machine::DisconnectReason,
            },
            /// Another attempt to connect will be made.
            Reconnecting {
                /// The number of the attempt, from 1.
                attempt: u32,
                /// How long until the attempt starts.
                delay: std::time::Duration,
            },
            /// An attempt to connect failed.
            ConnectionFailed {
                /// Why the attempt failed.
                reason: $crate::machine::DisconnectReason,
            },
            /// The session is over for good. No event follows.
            Ended($crate::machine::EndReason),
            /// A stanza exceeded a limit ([`ReceiveLimits`](crate::ReceiveLimits)) and was not
            /// read: the value names the sender, the id and the limit. The session goes on. A
            /// request in such a stanza was refused.
            StanzaSkipped(mfly_proto::framing::Skipped),
            /// A stanza that is neither an answer nor a known push, or a push from a sender who may
            /// not send it.
            UnknownStanza($crate::event::UnknownStanza),
            /// This subscription was too slow: so many events were dropped before the next one.
            Lagged(u64),
            $($own)*
        }

        #[cfg(feature = "tokio")]
        impl $crate::event::SessionEvent for Event {
            fn lagged(missed: u64) -> Self {
                Self::Lagged(missed)
            }
        }

        impl Event {
            /// Translates a notice that means the same in both dialects. Any other notice comes
            /// back as `Continue`.
            pub(crate) fn of_connection(
                notice: $crate::machine::Notice,
            ) -> std::ops::ControlFlow<Option<Self>, $crate::machine::Notice> {
                use $crate::machine::Notice;
                std::ops::ControlFlow::Break(Some(match notice {
                    Notice::State(_) | Notice::StanzaLimit(_) => {
                        return std::ops::ControlFlow::Break(None);
                    }
                    Notice::Connected { jid, resumed, .. } => Self::Connected { jid, resumed },
                    Notice::ConnectFailed { reason, .. } => Self::ConnectionFailed { reason },
                    Notice::Disconnected { reason } => Self::Disconnected { reason },
                    Notice::Reconnecting { attempt, delay } => {
                        Self::Reconnecting { attempt, delay }
                    }
                    Notice::Ended(reason) => Self::Ended(reason),
                    Notice::StanzaSkipped(skipped) => Self::StanzaSkipped(skipped),
                    Notice::UnknownStanza(stanza) => Self::unknown(&stanza),
                    Notice::MalformedPush { error, stanza } => {
                        tracing::debug!(%error, "a push that cannot be read");
                        Self::unknown(&stanza)
                    }
                    other => return std::ops::ControlFlow::Continue(other),
                }))
            }

            pub(crate) fn unknown(stanza: &mfly_proto::xml::Document) -> Self {
                Self::UnknownStanza($crate::event::UnknownStanza::new(stanza.as_str()))
            }
        }
    };
}
pub(crate) use session_events;
