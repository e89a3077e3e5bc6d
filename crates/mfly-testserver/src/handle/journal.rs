//! The journal: everything that was received and sent, without secrets.

pub(crate) mod log;
pub(crate) mod opened;
pub(crate) mod operation;
mod redact;
mod ring;

pub(crate) use ring::{Page, Recorder, TEXT_BYTES};

use http::Method;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// The direction of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a client to the server.
    Received,
    /// From the server to a client.
    Sent,
}

/// One REST request with its response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestEntry {
    /// The HTTP method, such as `GET`.
    pub method: String,
    /// The path without `/api/v1`, such as `/login`. Other paths are whole.
    pub path: String,
    /// The query without `?`. Secrets are replaced.
    pub query: String,
    /// The user of the token, if it was valid.
    pub user: Option<String>,
    /// The body as text. Secrets are replaced. Of a body that is not JSON, its length in bytes.
    pub body: String,
    /// The HTTP status of the response; 0 if none was sent.
    pub http_status: u16,
    /// `status` in the envelope of the response, if it had one.
    pub status: Option<u16>,
    /// The body of the response, in the form of `body`.
    pub answer: String,
    /// The sealed parts of both bodies in clear, as JSON without secrets; empty if there are none.
    pub opened: String,
    /// The server's time when the response was ready, in milliseconds since 1970-01-01 00:00 UTC.
    pub at_ms: u64,
}

/// One XMPP frame in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameEntry {
    /// Whether the server received or sent it.
    pub direction: Direction,
    /// The number of the connection, counted from 1.
    pub stream: u64,
    /// The user of the connection, after the log-in.
    pub user: Option<String>,
    /// The text of the frame. Secrets are replaced.
    pub text: String,
    /// The server's time, in milliseconds since 1970-01-01 00:00 UTC.
    pub at_ms: u64,
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry {
    /// A REST request with its response.
    Request(RequestEntry),
    /// A frame that was received or sent.
    Frame(FrameEntry),
}

impl RequestEntry {
    /// An entry without the response. `path` comes without `/api/v1`.
    pub(crate) fn new(method: &Method, path: &str) -> Self {
        Self {
            method: method.to_string(),
            path: path.to_owned(),
            query: String::new(),
            user: None,
            body: String::new(),
            http_status: 0,
            status: None,
            answer: String::new(),
            opened: String::new(),
            at_ms: 0,
        }
    }
}

impl Entry {
    /// The user of the request's token, or of the frame's connection.
    pub(crate) fn user(&self) -> Option<&str> {
        match self {
            Self::Request(request) => request.user.as_deref(),
            Self::Frame(frame) => frame.user.as_deref(),
        }
    }

    /// The REST request, if the entry is one.
    #[must_use]
    pub fn request(&self) -> Option<&RequestEntry> {
        match self {
            Self::Request(request) => Some(request),
            Self::Frame(_) => None,
        }
    }

    /// The frame, if the entry is one.
    #[must_use]
    pub fn frame(&self) -> Option<&FrameEntry> {
        match self {
            Self::Frame(frame) => Some(frame),
            Self::Request(_) => None,
        }
    }
}

/// No entry of the journal matched in time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("nothing matched within {waited:?}; the last entries were:\n{seen}")]
pub struct NotSeen {
    /// How long the journal waited.
    pub waited: Duration,
    /// The newest entries, one in each line.
    pub seen: String,
}

/// Everything that a server received and sent: the newest 4,096 entries, or fewer if those take
/// more than [`Memory::journal`](crate::Memory::journal) bytes. Texts are cut after 16 KiB.
///
/// Passwords, tokens, licence keys and encrypted payloads are replaced by `<redacted>` before an
/// entry is stored.
#[derive(Clone, Debug)]
pub struct Journal {
    recorder: Arc<Recorder>,
}

impl Journal {
    pub(crate) fn new(recorder: Arc<Recorder>) -> Self {
        Self { recorder }
    }

    /// Returns all entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.recorder.entries()
    }

    /// Returns the REST requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestEntry> {
        self.entries().into_iter().filter_map(|entry| entry.request().cloned()).collect()
    }

    /// Returns the REST requests to `path` (without `/api/v1`), oldest first.
    #[must_use]
    pub fn requests_to(&self, path: &str) -> Vec<RequestEntry> {
        self.requests().into_iter().filter(|request| request.path == path).collect()
    }

    /// Returns the XMPP frames, oldest first.
    #[must_use]
    pub fn frames(&self) -> Vec<FrameEntry> {
        self.entries().into_iter().filter_map(|entry| entry.frame().cloned()).collect()
    }

    /// Returns the frames that the server received from `user`, oldest first.
    #[must_use]
    pub fn frames_from(&self, user: &str) -> Vec<FrameEntry> {
        self.frames_of(user, Direction::Received)
    }

    /// Returns the frames that the server sent to `user`, oldest first.
    #[must_use]
    pub fn frames_to(&self, user: &str) -> Vec<FrameEntry> {
        self.frames_of(user, Direction::Sent)
    }

    fn frames_of(&self, user: &str, direction: Direction) -> Vec<FrameEntry> {
        let mut frames = self.frames();
        frames.retain(|frame| frame.direction == direction && frame.user.as_deref() == Some(user));
        frames
    }

    /// Removes all entries.
    pub fn clear(&self) {
        self.recorder.clear();
    }

    /// Waits for an entry that `matches`. Existing entries count.
    ///
    /// # Errors
    /// [`NotSeen`] if there is none within `deadline`.
    pub async fn wait_for(
        &self,
        deadline: Duration,
        mut matches: impl FnMut(&Entry) -> bool,
    ) -> Result<Entry, NotSeen> {
        let found = self.recorder.wait_for(&mut matches);
        tokio::time::timeout(deadline, found)
            .await
            .map_err(|_| NotSeen { waited: deadline, seen: self.recorder.newest(20) })
    }

    /// Waits for a REST request to `path` (without `/api/v1`).
    ///
    /// # Errors
    /// [`NotSeen`] if there is none within `deadline`.
    pub async fn wait_for_request(
        &self,
        deadline: Duration,
        path: &str,
    ) -> Result<RequestEntry, NotSeen> {
        let is_wanted = |entry: &Entry| entry.request().is_some_and(|request| request.path == path);
        match self.wait_for(deadline, is_wanted).await? {
            Entry::Request(request) => Ok(request),
            Entry::Frame(_) => Err(NotSeen { waited: deadline, seen: String::new() }),
        }
    }
}
