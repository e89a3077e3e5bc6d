//! Entries of the journal as JSON, and which of them are wanted.

use super::error::{ControlError, ControlResult};
use crate::core::world::document::whole::Whole;
use crate::handle::journal::{Direction, Entry, opened, operation};
use mfly_proto::cipher::Iv;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Which entries are wanted: those that satisfy every member that is set.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// The user of the request's token, or of the frame's connection.
    user: Option<String>,
    /// `request` or `frame`.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    entry_type: Option<EntryType>,
    /// A request's path without `/api/v1`, or its beginning.
    path: Option<String>,
    /// A stanza's kind.
    kind: Option<StanzaKind>,
    /// A frame's direction.
    direction: Option<DirectionName>,
    /// The operation, such as `block`, `profile` or `last_seen`.
    operation: Option<String>,
    /// A text in the path, a body or the frame.
    contains: Option<String>,
    /// Only entries after this number.
    #[param(maximum = 9_007_199_254_740_991_u64, value_type = Option<u64>)]
    #[schema(maximum = 9_007_199_254_740_991_u64, value_type = Option<u64>)]
    since: Option<Whole>,
    /// The number of entries; 100 unless set.
    #[param(minimum = 1, maximum = 1000)]
    #[schema(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// The type of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EntryType {
    /// A REST request with its response.
    Request,
    /// An XMPP frame.
    Frame,
}

/// The kind of a stanza.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum StanzaKind {
    /// The stanza `<iq/>`.
    Iq,
    /// The stanza `<message/>`.
    Message,
    /// The stanza `<presence/>`.
    Presence,
    /// A frame that is no stanza.
    Other,
}

/// The direction of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DirectionName {
    /// From a client to the server.
    Received,
    /// From the server to a client.
    Sent,
}

/// An entry of the journal. Secrets are replaced by `<redacted>`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JournalEntry {
    /// The number of the entry, counted from 1.
    seq: u64,
    /// The server's time, in milliseconds since 1970-01-01 00:00 UTC.
    at_ms: u64,
    #[serde(rename = "type")]
    entry_type: EntryType,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// The operation that the entry belongs to, such as `block`.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    /// The sealed fields in clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened: Option<Value>,
    #[serde(flatten)]
    #[schema(inline)]
    content: Content,
}

/// The content of an entry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Content {
    /// A REST request with its response.
    #[serde(rename_all = "camelCase")]
    Request {
        method: String,
        /// The path without `/api/v1`.
        path: String,
        /// The query without `?`.
        query: String,
        /// The HTTP status of the response; 0 if none was sent.
        http_status: u16,
        /// The status in the platform's envelope.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// The body of the request.
        body: String,
        /// The body of the response.
        answer: String,
    },
    /// An XMPP frame.
    Frame {
        direction: DirectionName,
        /// The number of the connection.
        stream: u64,
        kind: StanzaKind,
        /// The name of the stanza's payload.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The text of the frame.
        text: String,
    },
}

impl Filter {
    /// The number of the entry after which the wanted ones begin.
    pub(super) fn since(&self) -> Option<u64> {
        self.since.map(Whole::get)
    }

    /// Wants the entries after this number.
    pub(super) fn begin_after(&mut self, number: u64) {
        self.since = Some(Whole::new(number));
    }

    /// The number of entries that are wanted.
    ///
    /// # Errors
    /// When it is too large or zero.
    pub(super) fn limit(&self) -> ControlResult<usize> {
        let limit = self.limit.unwrap_or(100);
        if (1..=1000).contains(&limit) {
            Ok(limit)
        } else {
            Err(ControlError::invalid("limit", "must be 1 to 1000"))
        }
    }

    /// Whether an entry is wanted.
    pub(super) fn matches(&self, entry: &Entry) -> bool {
        let of_user = self.user.as_deref().is_none_or(|user| entry.user() == Some(user));
        let of_operation = |wanted: &str| operation::of(entry) == Some(wanted);
        let (request, frame) = (entry.request(), entry.frame());
        of_user
            && self
                .entry_type
                .is_none_or(|wanted| (wanted == EntryType::Request) == request.is_some())
            && self
                .path
                .as_deref()
                .is_none_or(|path| request.is_some_and(|request| request.path.starts_with(path)))
            && self.kind.is_none_or(|kind| {
                frame.is_some_and(|frame| StanzaKind::from_name(operation::kind(frame)) == kind)
            })
            && self.direction.is_none_or(|direction| {
                frame.is_some_and(|frame| DirectionName::from(frame.direction) == direction)
            })
            && self.operation.as_deref().is_none_or(of_operation)
            && self.contains.as_deref().is_none_or(|text| contains(entry, text))
    }
}

fn contains(entry: &Entry, text: &str) -> bool {
    match entry {
        Entry::Request(request) => [&request.path, &request.query, &request.body, &request.answer]
            .iter()
            .chain([&&request.opened])
            .any(|part| part.contains(text)),
        Entry::Frame(frame) => frame.text.contains(text),
    }
}

impl StanzaKind {
    fn from_name(name: &str) -> Self {
        match name {
            "iq" => Self::Iq,
            "message" => Self::Message,
            "presence" => Self::Presence,
            _ => Self::Other,
        }
    }
}

impl From<Direction> for DirectionName {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Received => Self::Received,
            Direction::Sent => Self::Sent,
        }
    }
}

impl JournalEntry {
    /// An entry with its number. `iv` opens profiles.
    pub(super) fn new(seq: u64, entry: &Entry, iv: &Iv) -> Self {
        let operation = operation::of(entry).map(str::to_owned);
        let user = entry.user().map(str::to_owned);
        match entry {
            Entry::Request(request) => Self {
                seq,
                at_ms: request.at_ms,
                entry_type: EntryType::Request,
                user,
                operation,
                opened: serde_json::from_str(&request.opened).ok(),
                content: Content::Request {
                    method: request.method.clone(),
                    path: request.path.clone(),
                    query: request.query.clone(),
                    http_status: request.http_status,
                    status: request.status,
                    body: request.body.clone(),
                    answer: request.answer.clone(),
                },
            },
            Entry::Frame(frame) => Self {
                seq,
                at_ms: frame.at_ms,
                entry_type: EntryType::Frame,
                opened: opened::frame(&frame.text, user.as_deref(), iv),
                user,
                operation,
                content: Content::Frame {
                    direction: frame.direction.into(),
                    stream: frame.stream,
                    kind: StanzaKind::from_name(operation::kind(frame)),
                    name: operation::payload(frame).map(str::to_owned),
                    text: frame.text.clone(),
                },
            },
        }
    }
}

/// A request as a command for a shell. Secrets have to be filled in.
pub(super) fn curl(entry: &Entry, api_base_url: &str) -> Option<String> {
    let request = entry.request()?;
    let query =
        if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    let mut command = format!(
        "curl -X {} {}",
        request.method,
        quoted(&format!("{api_base_url}{}{query}", request.path))
    );
    if request.user.is_some() {
        command.push_str(" -H 'Authorization: TOKEN'");
    }
    if request.body.starts_with(['{', '[']) {
        command.push_str(&format!(
            " -H 'Content-Type: application/json' -d {}",
            quoted(&request.body)
        ));
    }
    command.push('\n');
    Some(command)
}

/// An entry as lines of a `.trace` file: what the client sends and what the server sends.
pub(super) fn trace(entry: &Entry) -> String {
    match entry {
        Entry::Request(request) => format!(
            "# {} {} {}\n# HTTP {} {}\n",
            request.method, request.path, request.body, request.http_status, request.answer
        ),
        Entry::Frame(frame) => {
            let side = if frame.direction == Direction::Received { "C" } else { "S" };
            format!("{side}: {}\n", frame.text.replace('\n', "&#10;"))
        }
    }
}

/// A text in quotes for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
