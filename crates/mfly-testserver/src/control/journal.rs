//! The journal: reading, waiting for entries, clearing.

use super::Control;
use super::error::{ControlError, ControlResult, ErrorBody};
use super::extract::{self, JsonBody, Parameters, PathParts};
use super::journal_document::{Filter, JournalEntry, curl, trace};
use crate::handle::journal::{Entry, Page};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use mfly_proto::cipher::Iv;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// Longest time that a request may wait for entries, in milliseconds.
const LONGEST_WAIT: u64 = 60_000;

/// The number of entries that an error shows.
const SHOWN: usize = 20;

/// The media type of JSON objects on a line each.
const NDJSON: &str = "application/x-ndjson";

/// A part of the journal.
#[derive(Serialize, ToSchema)]
pub(crate) struct JournalPage {
    /// The entries, oldest first: the first after `since`, or the last of all without it.
    entries: Vec<JournalEntry>,
    /// The value of `since` for the entries after these.
    next: u64,
    /// The number of entries after `since` that were removed before they could be read.
    forgotten: u64,
}

/// Entries to wait for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Wait {
    /// Which entries are wanted; all unless set. `limit` has no effect.
    #[serde(rename = "match")]
    matching: Option<Filter>,
    /// The number of entries to wait for; one unless set. Entries that exist already count.
    #[schema(minimum = 1, maximum = 1000)]
    count: Option<usize>,
    /// How long to wait, in milliseconds; five seconds unless set.
    #[schema(maximum = 60_000)]
    deadline_ms: Option<u64>,
}

/// Reads the journal. With `Accept: application/x-ndjson` the answer has one entry on each line.
#[utoipa::path(get, path = "/journal", tag = "journal", params(Filter), responses(
    (status = 200, content((JournalPage = "application/json"), (String = "application/x-ndjson"))),
    (status = 400, body = ErrorBody)))]
pub(crate) async fn journal(
    State(control): State<Control>,
    headers: HeaderMap,
    Parameters(filter): Parameters<Filter>,
) -> ControlResult<Response> {
    let page = read(&control, &filter, filter.limit()?);
    let entries = documents(&control, &page)?;
    let wants = |value: &http::HeaderValue| value.to_str().is_ok_and(|text| text.contains(NDJSON));
    if headers.get(header::ACCEPT).is_some_and(wants) {
        let lines: Result<Vec<_>, _> = entries.iter().map(serde_json::to_string).collect();
        let lines = lines.unwrap_or_default().into_iter().map(|line| line + "\n");
        return Ok(([(header::CONTENT_TYPE, NDJSON)], lines.collect::<String>()).into_response());
    }
    Ok(Json(JournalPage { entries, next: page.next, forgotten: page.missed }).into_response())
}

/// Waits until the journal has entries that match, so that a test needs no sleep.
#[utoipa::path(post, path = "/journal/wait", tag = "journal", request_body = Wait, responses(
    (status = 200, body = JournalPage), (status = 400, body = ErrorBody),
    (status = 408, body = ErrorBody, description = "Too few entries matched in time."), (status = 415, body = ErrorBody)))]
pub(crate) async fn wait(
    State(control): State<Control>,
    JsonBody(wait): JsonBody<Wait>,
) -> ControlResult<Json<JournalPage>> {
    let mut filter = wait.matching.unwrap_or_default();
    filter.limit()?;
    if filter.since().is_none() {
        filter.begin_after(0);
    }
    let count = wait.count.unwrap_or(1);
    if !(1..=1000).contains(&count) {
        return Err(ControlError::invalid("count", "must be 1 to 1000"));
    }
    let deadline = wait.deadline_ms.unwrap_or(5000);
    if deadline > LONGEST_WAIT {
        return Err(ControlError::invalid("deadlineMs", "must be at most a minute"));
    }
    let mut recorded = control.state().recorder.recorded();
    let found = async {
        loop {
            recorded.mark_unchanged();
            let page = read(&control, &filter, count);
            if page.entries.len() >= count || recorded.changed().await.is_err() {
                return page;
            }
        }
    };
    let page = tokio::select! {
        found = tokio::time::timeout(Duration::from_millis(deadline), found) => found.ok(),
        () = control.state().stopped() => None,
    };
    let Some(page) = page else {
        let seen = read(&control, &filter, count).entries.len();
        let newest = control.state().recorder.newest(SHOWN);
        let message = format!(
            "{seen} of {count} entries matched within {deadline} ms; the last entries were:\n{newest}"
        );
        return Err(ControlError::new(StatusCode::REQUEST_TIMEOUT, "not_seen", None, message));
    };
    let entries = documents(&control, &page)?;
    Ok(Json(JournalPage { entries, next: page.next, forgotten: 0 }))
}

/// Returns one entry.
#[utoipa::path(get, path = "/journal/{entry}", tag = "journal", params(("entry" = u64, Path)), responses(
    (status = 200, body = JournalEntry), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn entry(
    State(control): State<Control>,
    PathParts(number): PathParts<String>,
) -> ControlResult<Json<JournalEntry>> {
    let (number, entry) = find(&control, &number)?;
    Ok(Json(JournalEntry::new(number, &entry, &iv(&control)?)))
}

/// Returns a request as a command for curl. Secrets have to be filled in.
#[utoipa::path(get, path = "/journal/{entry}/curl", tag = "journal", params(("entry" = u64, Path)), responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn as_curl(
    State(control): State<Control>,
    PathParts(number): PathParts<String>,
) -> ControlResult<String> {
    let (_, entry) = find(&control, &number)?;
    let command = curl(&entry, &control.info().api_base_url);
    command.ok_or_else(|| ControlError::conflict("entry", "is a frame; only requests have curl"))
}

/// Returns an entry as lines of a trace.
#[utoipa::path(get, path = "/journal/{entry}/trace", tag = "journal", params(("entry" = u64, Path)), responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn as_trace(
    State(control): State<Control>,
    PathParts(number): PathParts<String>,
) -> ControlResult<String> {
    Ok(trace(&find(&control, &number)?.1))
}

/// Forgets all entries. Numbers go on.
#[utoipa::path(delete, path = "/journal", tag = "journal", responses((status = 204)))]
pub(crate) async fn clear(State(control): State<Control>) -> StatusCode {
    control.state().recorder.clear();
    StatusCode::NO_CONTENT
}

pub(super) fn read(control: &Control, filter: &Filter, limit: usize) -> Page {
    let matches = |entry: &Entry| filter.matches(entry);
    control.state().recorder.page(filter.since(), limit, matches)
}

pub(super) fn documents(control: &Control, page: &Page) -> ControlResult<Vec<JournalEntry>> {
    let iv = iv(control)?;
    let entries = page.entries.iter();
    Ok(entries.map(|(number, entry)| JournalEntry::new(*number, entry, &iv)).collect())
}

fn find(control: &Control, number: &str) -> ControlResult<(u64, Entry)> {
    let number = extract::number("entry", number)?;
    let entry = control.state().recorder.entry(number);
    let unknown = || ControlError::not_found("entry", "the journal has no entry with this number");
    Ok((number, entry.ok_or_else(unknown)?))
}

/// The initialisation vector of profiles.
fn iv(control: &Control) -> ControlResult<Iv> {
    let iv = control.state().read_core(|core| Iv::new(&core.world().settings.iv_profile));
    Ok(iv?)
}
