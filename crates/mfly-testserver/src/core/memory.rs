//! How many bytes the server keeps for its peers, and what bounds them.
//!
//! | file | what |
//! |---|---|
//! | [`budget`] | a bound that several owners share; each gives back what it held when it is dropped |

mod budget;

pub(crate) use budget::{Budget, Held};

/// The bytes of a mebibyte.
const MIB: usize = 1024 * 1024;

/// Bytes that a server keeps for its peers, by what they are kept for.
///
/// [`TestServer::memory`](crate::TestServer::memory) tells how many there are,
/// [`TestServer::memory_limits`](crate::TestServer::memory_limits) how many there may be, and
/// [`Builder::memory_limits`](crate::Builder::memory_limits) sets that. Memory is counted as it is
/// reserved, not as it is filled. Accounts and what users stored in them are not a part of it, and
/// neither are the few kilobytes that an idle connection takes, or the 64 KiB that one may take
/// while it sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// Entries of the journal. The oldest make room for new ones. Default limit: 32 MiB.
    pub journal: usize,
    /// What waits for XMPP clients to read it, 8 MiB at most for each of them. Above the limit the
    /// stream that most waits for ends with `resource-constraint`. Default limit: 64 MiB.
    pub queued: usize,
    /// What waits for clients of the signalling server. Above the limit the client that most waits
    /// for is sent away. Default limit: 8 MiB.
    pub signalling: usize,
    /// Files, finished or not. The oldest make room for new ones; above half the limit the upload
    /// that has taken longest is refused (HTTP 503). Default limit: 512 MiB.
    pub media: usize,
    /// What has arrived of requests and stanzas that are not complete. Above the limit the one
    /// that has taken longest is refused: HTTP 503, `resource-constraint`. Default limit: 64 MiB.
    pub reading: usize,
    /// Answers to HTTP requests that are being sent, files excepted. Above the limit requests are
    /// refused (HTTP 503). Default limit: 64 MiB.
    pub answers: usize,
}

impl Memory {
    /// The limits of a server that is given no others.
    pub const DEFAULT_LIMITS: Self = Self {
        journal: 32 * MIB,
        queued: 64 * MIB,
        signalling: 8 * MIB,
        media: 512 * MIB,
        reading: 64 * MIB,
        answers: 64 * MIB,
    };

    /// All of it together.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.journal + self.queued + self.signalling + self.media + self.reading + self.answers
    }
}
