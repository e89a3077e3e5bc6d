//! Everything that was received and sent, without its secrets.

pub(crate) mod log;
mod redact;
mod ring;

pub(crate) use ring::{Recorder, TEXT_BYTES};

use http::Method;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Which way something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a client.
    Received,
    /// To a client.
    Sent,
}

/// One REST request and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestEntry {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path without `/api/v1`, such as `/login`; other paths as they are.
    pub path: String,
    /// The query without `?`, as sent, secrets replaced.
    pub query: String,
    /// Whom the token belonged to, when it was good.
    pub user: Option<String>,
    /// The body as text, secrets replaced; its length in bytes when it is not JSON.
    pub body: String,
    /// HTTP status of the answer; 0 when none was sent.
    pub http_status: u16,
    /// `status` inside the answer's envelope, when there was one.
    pub status: Option<u16>,
    /// The answer's body, in the same way as `body`.
    pub answer: String,
}

/// One XMPP frame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameEntry {
    /// Which way it went.
    pub direction: Direction,
    /// The connection's number, from 1 upwards in order of arrival.
    pub stream: u64,
    /// Whose connection it was, once that was known.
    pub user: Option<String>,
    /// The frame, secrets replaced.
    pub text: String,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry {
    /// A REST request was answered.
    Request(RequestEntry),
    /// A frame was received or sent.
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
        }
    }
}

impl Entry {
    /// The REST request, if it is one.
    #[must_use]
    pub fn request(&self) -> Option<&RequestEntry> {
        match self {
            Self::Request(request) => Some(request),
            Self::Frame(_) => None,
        }
    }

    /// The frame, if it is one.
    #[must_use]
    pub fn frame(&self) -> Option<&FrameEntry> {
        match self {
            Self::Frame(frame) => Some(frame),
            Self::Request(_) => None,
        }
    }
}

/// What was expected did not happen.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("nothing matched within {waited:?}; the last entries were:\n{seen}")]
pub struct NotSeen {
    /// How long was waited.
    pub waited: Duration,
    /// The newest entries, one a line.
    pub seen: String,
}

/// What a server received and sent: the newest 4,096 entries, or fewer if those take more bytes
/// than [`Memory::journal`](crate::Memory::journal) allows. Texts are cut after 16 KiB.
///
/// Passwords, tokens, licence keys and sealed payloads are replaced by `<redacted>` before an
/// entry is stored.
#[derive(Clone, Debug)]
pub struct Journal {
    recorder: Arc<Recorder>,
}

impl Journal {
    pub(crate) fn new(recorder: Arc<Recorder>) -> Self {
        Self { recorder }
    }

    /// All entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.recorder.entries()
    }

    /// The REST requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestEntry> {
        self.entries().into_iter().filter_map(|entry| entry.request().cloned()).collect()
    }

    /// The REST requests to `path` (without `/api/v1`), oldest first.
    #[must_use]
    pub fn requests_to(&self, path: &str) -> Vec<RequestEntry> {
        self.requests().into_iter().filter(|request| request.path == path).collect()
    }

    /// The XMPP frames, oldest first.
    #[must_use]
    pub fn frames(&self) -> Vec<FrameEntry> {
        self.entries().into_iter().filter_map(|entry| entry.frame().cloned()).collect()
    }

    /// The frames that `user`'s connections sent to the server, oldest first.
    #[must_use]
    pub fn frames_from(&self, user: &str) -> Vec<FrameEntry> {
        self.frames_of(user, Direction::Received)
    }

    /// The frames that the server sent to `user`'s connections, oldest first.
    #[must_use]
    pub fn frames_to(&self, user: &str) -> Vec<FrameEntry> {
        self.frames_of(user, Direction::Sent)
    }

    fn frames_of(&self, user: &str, direction: Direction) -> Vec<FrameEntry> {
        let mut frames = self.frames();
        frames.retain(|frame| frame.direction == direction && frame.user.as_deref() == Some(user));
        frames
    }

    /// Forgets everything so far.
    pub fn clear(&self) {
        self.recorder.clear();
    }

    /// Waits for an entry that `matches`; entries that are there already count.
    ///
    /// # Errors
    /// When none comes within `deadline`.
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
    /// When none comes within `deadline`.
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
