//! A stanza that was not read because it exceeds a limit.

use super::limits::ExceededLimit;
use crate::jid::Jid;
use crate::xml::Start;

/// The longest JID: three parts of 1,023 bytes, `@` and `/` (RFC 7622 §3.1).
const LONGEST_JID: usize = 3_071;

/// The longest id or type that is told.
const LONGEST_WORD: usize = 1_023;

/// The longest element name that is told.
const LONGEST_NAME: usize = 64;

/// What the start tag of a skipped stanza says, as the peer wrote it, and which limit the stanza
/// exceeds.
///
/// A value that is longer than any right one is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// Local name: `message`, `presence`, `iq`, or another one of at most 64 bytes.
    pub name: String,
    /// Who sent it, at most 3,071 bytes; see [`sender`](Self::sender).
    pub from: Option<String>,
    /// Whom it is for, at most 3,071 bytes.
    pub to: Option<String>,
    /// Its id, at most 1,023 bytes.
    pub id: Option<String>,
    /// Its `type`, at most 1,023 bytes.
    pub kind: Option<String>,
    /// Which limit it exceeds.
    pub limit: ExceededLimit,
    /// Whether its start tag names no sender.
    is_without_sender: bool,
}

impl Skipped {
    /// Reads the start tag that `text` begins with, which may be cut.
    pub(super) fn new(text: &[u8], limit: ExceededLimit) -> Self {
        let start = Start::of(text);
        let name = start.local_name();
        let told = if name.len() <= LONGEST_NAME { name } else { "" };
        Self {
            name: told.to_owned(),
            from: start.attribute("from", LONGEST_JID),
            to: start.attribute("to", LONGEST_JID),
            id: start.attribute("id", LONGEST_WORD),
            kind: start.attribute("type", LONGEST_WORD),
            limit,
            is_without_sender: start.lacks("from"),
        }
    }

    /// The sender's address; `None` when there is none, or what stands there is no address.
    #[must_use]
    pub fn sender(&self) -> Option<Jid> {
        self.from.as_deref().and_then(|from| Jid::new(from).ok())
    }

    /// Whether the start tag names no sender: the own server speaks then. `false` as well when that
    /// is not known because the tag was not seen to its end.
    #[must_use]
    pub const fn is_without_sender(&self) -> bool {
        self.is_without_sender
    }

    /// The setting that raises the limit; `None` when it cannot be raised.
    #[must_use]
    pub fn setting(&self) -> Option<&'static str> {
        self.limit.setting(&self.name)
    }
}
