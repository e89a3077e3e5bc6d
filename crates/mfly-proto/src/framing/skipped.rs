//! Description of a stanza that was skipped because it exceeds a limit.

use super::limits::ExceededLimit;
use crate::jid::Jid;
use crate::xml::Start;

/// The longest JID: three parts of 1,023 bytes, `@` and `/` (RFC 7622 §3.1).
const LONGEST_JID: usize = 3_071;

/// The longest id or type that is reported.
const LONGEST_WORD: usize = 1_023;

/// The longest element name that is reported.
const LONGEST_NAME: usize = 64;

/// The attributes of a skipped stanza, as the peer wrote them, and the limit that it exceeds.
///
/// A value that is too long to be valid is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// Local name: `message`, `presence`, `iq`, or another name of at most 64 bytes.
    pub name: String,
    /// The sender, at most 3,071 bytes; see [`sender`](Self::sender).
    pub from: Option<String>,
    /// The recipient, at most 3,071 bytes.
    pub to: Option<String>,
    /// The id, at most 1,023 bytes.
    pub id: Option<String>,
    /// The `type`, at most 1,023 bytes.
    pub kind: Option<String>,
    /// The exceeded limit.
    pub limit: ExceededLimit,
    /// Whether its start tag names no sender.
    is_without_sender: bool,
}

impl Skipped {
    /// Reads the start tag at the beginning of `text`, which may be incomplete.
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

    /// The sender's address; `None` when it is missing or malformed.
    #[must_use]
    pub fn sender(&self) -> Option<Jid> {
        self.from.as_deref().and_then(|from| Jid::new(from).ok())
    }

    /// Whether the start tag names no sender, which means the own server. Also `false` when this is
    /// unknown because the tag was not seen to its end.
    #[must_use]
    pub const fn is_without_sender(&self) -> bool {
        self.is_without_sender
    }

    /// Name of the setting of the limit; `None` when it is fixed.
    #[must_use]
    pub fn setting(&self) -> Option<&'static str> {
        self.limit.setting(&self.name)
    }
}
