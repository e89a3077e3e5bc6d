//! The journal as it happens: server-sent events.
//!
//! The stream reads the journal when its client has room for more, and never holds entries of its
//! own. A client that reads slowly is told how many entries it missed, and the platform is not
//! slowed down.

use super::Control;
use super::error::{ControlError, ControlResult, ErrorBody};
use super::extract::Parameters;
use super::journal::{documents, read};
use super::journal_document::Filter;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt as _};
use http::HeaderMap;
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;

/// Largest number of entries that are read at a time.
const BATCH: usize = 100;

/// How often a silent stream shows that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Where a stream has got to.
struct Reader {
    control: Control,
    filter: Filter,
    recorded: watch::Receiver<u64>,
}

/// Sends entries as they are recorded, as server-sent events: `entry` with the entry's number as
/// id, and `missed` with the number of entries that were removed before the client had read them.
/// The stream begins after `since` or the header `Last-Event-ID`, or with the next entry.
#[utoipa::path(get, path = "/journal/stream", tag = "journal", params(Filter), responses(
    (status = 200, body = String, content_type = "text/event-stream"), (status = 400, body = ErrorBody)))]
pub(crate) async fn stream(
    State(control): State<Control>,
    headers: HeaderMap,
    Parameters(mut filter): Parameters<Filter>,
) -> ControlResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    filter.limit()?;
    if let Some(last) = headers.get("last-event-id") {
        let last = last.to_str().ok().and_then(|last| last.parse().ok());
        let error = || ControlError::invalid("Last-Event-ID", "must be the number of an entry");
        filter.begin_after(last.ok_or_else(error)?);
    }
    let recorded = control.state().recorder.recorded();
    if filter.since().is_none() {
        filter.begin_after(control.state().recorder.page(Some(u64::MAX), 1, |_| true).next);
    }
    let reader = Reader { control, filter, recorded };
    let events = stream::unfold(reader, |mut reader| async {
        let events = reader.next().await?;
        Some((stream::iter(events.into_iter().map(Ok)), reader))
    });
    Ok(Sse::new(events.flatten()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

impl Reader {
    /// The next events; `None` once the server stops.
    async fn next(&mut self) -> Option<Vec<Event>> {
        loop {
            self.recorded.mark_unchanged();
            let page = read(&self.control, &self.filter, BATCH);
            self.filter.begin_after(page.next);
            let mut events = Vec::new();
            if page.missed > 0 {
                events.extend(event("missed", &json!({ "count": page.missed })));
            }
            let entries = documents(&self.control, &page).ok()?;
            for ((number, _), entry) in page.entries.iter().zip(&entries) {
                events.extend(event("entry", entry).map(|event| event.id(number.to_string())));
            }
            if !events.is_empty() {
                return Some(events);
            }
            tokio::select! {
                changed = self.recorded.changed() => changed.ok()?,
                () = self.control.state().stopped() => return None,
            }
        }
    }
}

/// An event with JSON; none if it cannot be written, which does not happen for these types.
fn event(name: &str, data: &impl serde::Serialize) -> Option<Event> {
    Event::default().event(name).json_data(data).ok()
}
