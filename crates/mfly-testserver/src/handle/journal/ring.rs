//! The bounded store behind a journal.

use super::{Direction, Entry, FrameEntry, RequestEntry};
use super::{log, redact};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Entries kept.
const ENTRIES: usize = 4096;

/// Longest text kept of a body or frame, in bytes.
pub(crate) const TEXT_BYTES: usize = 16 * 1024;

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Entry>,
    /// What the entries cost, in bytes.
    bytes: usize,
    /// How many entries have left the ring since the start.
    forgotten: u64,
}

/// Takes entries, removes their secrets, keeps the newest.
#[derive(Debug)]
pub(crate) struct Recorder {
    ring: Mutex<Ring>,
    /// How many bytes the entries may cost.
    limit: usize,
    /// Number of entries ever recorded; changes wake those who wait.
    recorded: watch::Sender<u64>,
}

impl Recorder {
    /// A store of at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { ring: Mutex::default(), limit, recorded: watch::Sender::new(0) }
    }

    /// Records an answered request; `body` and `answer` come as they were on the wire.
    pub(crate) fn request(&self, mut entry: RequestEntry, body: &[u8], answer: &[u8]) {
        entry.query = shortened(redact::query(&entry.query));
        entry.method = shortened(entry.method);
        entry.path = shortened(redact::path(&entry.path));
        entry.body = shortened(redact::body(body));
        entry.answer = shortened(redact::answer(answer));
        log::request(&entry);
        self.push(Entry::Request(entry));
    }

    /// Records a frame.
    pub(crate) fn frame(
        &self,
        direction: Direction,
        stream: u64,
        user: Option<String>,
        text: &str,
    ) {
        // Cut first, but so that it is still seen to be cut: whatever follows a secret's name is
        // one, wherever the text ends.
        let (text, _) = text.split_at(boundary(text, TEXT_BYTES + '…'.len_utf8()));
        let text = shortened(redact::frame(text));
        let entry = FrameEntry { direction, stream, user, text };
        log::frame(&entry);
        self.push(Entry::Frame(entry));
    }

    fn push(&self, entry: Entry) {
        let mut ring = self.ring();
        if ring.entries.len() == ENTRIES {
            ring.forget_oldest();
        }
        ring.bytes += entry.cost();
        ring.entries.push_back(entry);
        // The newest entry stays, whatever it costs: it is bounded by itself.
        while ring.bytes > self.limit && ring.entries.len() > 1 {
            ring.forget_oldest();
        }
        drop(ring);
        self.recorded.send_modify(|recorded| *recorded += 1);
    }

    /// What the entries cost, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.ring().bytes
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.ring().entries.iter().cloned().collect()
    }

    pub(super) fn clear(&self) {
        let mut ring = self.ring();
        ring.forgotten += ring.entries.len() as u64;
        ring.entries = VecDeque::new();
        ring.bytes = 0;
    }

    /// The newest entries, one a line.
    pub(super) fn newest(&self, count: usize) -> String {
        let ring = self.ring();
        let skipped = ring.entries.len().saturating_sub(count);
        let lines = ring.entries.iter().skip(skipped).map(|entry| match entry {
            Entry::Request(request) => format!(
                "{} {} -> HTTP {}, status {:?}",
                request.method, request.path, request.http_status, request.status
            ),
            Entry::Frame(frame) => {
                format!("{:?} stream {}: {}", frame.direction, frame.stream, frame.text)
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The first entry that matches, now or later. Each entry is looked at once.
    pub(super) async fn wait_for(&self, matches: &mut impl FnMut(&Entry) -> bool) -> Entry {
        let mut recorded = self.recorded.subscribe();
        let mut next = 0;
        loop {
            recorded.mark_unchanged();
            if let Some(entry) = self.find_from(&mut next, matches) {
                return entry;
            }
            if recorded.changed().await.is_err() {
                // Not reachable while `self` is borrowed: it owns the sender.
                std::future::pending::<()>().await;
            }
        }
    }

    fn find_from(&self, next: &mut u64, matches: &mut impl FnMut(&Entry) -> bool) -> Option<Entry> {
        let ring = self.ring();
        let seen = usize::try_from(next.saturating_sub(ring.forgotten)).unwrap_or(usize::MAX);
        let fresh: Vec<Entry> = ring.entries.iter().skip(seen).cloned().collect();
        *next = ring.forgotten + ring.entries.len() as u64;
        // The caller's condition may look at the journal itself.
        drop(ring);
        fresh.into_iter().find(|entry| matches(entry))
    }

    /// A poisoned ring is still a ring: entries are pushed whole.
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn forget_oldest(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes -= entry.cost();
            self.forgotten += 1;
        }
    }
}

impl Entry {
    /// What it costs to keep, in bytes.
    fn cost(&self) -> usize {
        let texts = match self {
            Self::Request(request) => {
                let user = request.user.as_ref().map_or(0, String::capacity);
                let texts = [
                    &request.method,
                    &request.path,
                    &request.query,
                    &request.body,
                    &request.answer,
                ];
                user + texts.into_iter().map(String::capacity).sum::<usize>()
            }
            Self::Frame(frame) => {
                frame.user.as_ref().map_or(0, String::capacity) + frame.text.capacity()
            }
        };
        // The store itself reserves up to twice as many places as it uses.
        2 * size_of::<Self>() + texts
    }
}

/// The last place at or before `end` where a text can be cut.
fn boundary(text: &str, end: usize) -> usize {
    let mut places = (0..=end.min(text.len())).rev();
    places.find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The beginning of a long text, in no more memory than it takes.
fn shortened(mut text: String) -> String {
    if text.len() > TEXT_BYTES {
        text.truncate(boundary(&text, TEXT_BYTES));
        text.push('…');
    }
    text.shrink_to_fit();
    text
}

#[cfg(test)]
mod tests {
    use super::super::Journal;
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    const LIMIT: usize = 8 * 1024 * 1024;

    fn is_frame(text: &'static str) -> impl Fn(&Entry) -> bool {
        move |entry| entry.frame().is_some_and(|frame| frame.text == text)
    }

    #[test]
    fn the_oldest_entries_make_room_for_the_newest() {
        let recorder = Recorder::new(LIMIT);
        for number in 0..5000 {
            recorder.frame(Direction::Sent, number, None, "<a/>");
        }
        let entries = recorder.entries();
        assert_eq!(entries.len(), ENTRIES);
        assert_eq!(entries[0].frame().unwrap().stream, 5000 - 4096);
    }

    #[test]
    fn a_huge_frame_is_shortened() {
        let recorder = Recorder::new(LIMIT);
        recorder.frame(Direction::Received, 1, None, &"ä".repeat(20_000));
        assert!(recorder.entries()[0].frame().unwrap().text.len() <= TEXT_BYTES + '…'.len_utf8());
    }

    #[test]
    fn a_condition_may_look_at_the_journal_itself() {
        let recorder = Arc::new(Recorder::new(LIMIT));
        recorder.frame(Direction::Sent, 1, None, "<a/>");
        let (done, is_done) = std::sync::mpsc::channel();
        // In a thread of its own, so that waiting for ever would be a failure.
        std::thread::spawn(move || {
            let found = recorder.find_from(&mut 0, &mut |_| recorder.entries().len() == 1);
            done.send(found.is_some())
        });
        assert_eq!(is_done.recv_timeout(Duration::from_secs(10)), Ok(true));
    }

    #[test]
    fn a_huge_path_is_shortened() {
        let recorder = Recorder::new(LIMIT);
        let huge = "x".repeat(60_000);
        let entry = RequestEntry {
            method: huge.clone(),
            path: huge.clone(),
            query: huge,
            user: None,
            body: String::new(),
            http_status: 404,
            status: None,
            answer: String::new(),
        };
        recorder.request(entry, b"", b"");
        let entries = recorder.entries();
        let request = entries[0].request().unwrap();
        let longest = TEXT_BYTES + '…'.len_utf8();
        assert!(
            [&request.method, &request.path, &request.query]
                .iter()
                .all(|text| text.len() <= longest)
        );
    }

    #[test]
    fn whatever_arrives_the_journal_costs_no_more_than_its_bound() {
        let recorder = Recorder::new(LIMIT);
        let huge = "x".repeat(250_000);
        let json = format!(r#"{{"username":"{huge}"}}"#);
        for number in 0..200 {
            recorder.frame(Direction::Received, number, None, &huge);
            let entry = RequestEntry {
                method: "POST".to_owned(),
                path: huge.clone(),
                query: huge.clone(),
                user: None,
                body: String::new(),
                http_status: 200,
                status: None,
                answer: String::new(),
            };
            recorder.request(entry, json.as_bytes(), json.as_bytes());
        }
        // Added up from what the texts reserve, apart from the journal's own account.
        let reserved = |entry: &Entry| match entry {
            Entry::Request(entry) => [&entry.path, &entry.query, &entry.body, &entry.answer]
                .map(String::capacity)
                .iter()
                .sum(),
            Entry::Frame(entry) => entry.text.capacity(),
        };
        let ring = recorder.ring();
        let kept: usize = ring.entries.iter().map(reserved).sum();
        assert!(kept <= ring.bytes && ring.bytes <= LIMIT, "{kept}");
        assert!(ring.entries.len() > 100, "{}", ring.entries.len());
    }

    #[test]
    fn a_journal_that_is_cleared_or_full_of_small_entries_counts_right() {
        let recorder = Recorder::new(LIMIT);
        for number in 0..2 * ENTRIES as u64 {
            recorder.frame(Direction::Sent, number, None, "<a/>");
        }
        let costs: usize = recorder.ring().entries.iter().map(Entry::cost).sum();
        assert_eq!(recorder.bytes(), costs);
        recorder.clear();
        assert_eq!(recorder.bytes(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_finds_entries_of_the_past_and_of_the_future() {
        let recorder = Arc::new(Recorder::new(LIMIT));
        let journal = Journal::new(Arc::clone(&recorder));
        recorder.frame(Direction::Sent, 1, None, "<past/>");
        let second = Duration::from_secs(1);
        assert!(journal.wait_for(second, is_frame("<past/>")).await.is_ok());
        let (found, ()) = tokio::join!(journal.wait_for(second, is_frame("<future/>")), async {
            tokio::task::yield_now().await;
            recorder.frame(Direction::Sent, 1, None, "<other/>");
            tokio::task::yield_now().await;
            recorder.frame(Direction::Sent, 1, None, "<future/>");
        });
        assert!(found.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_in_vain_says_what_was_seen_instead() {
        let recorder = Arc::new(Recorder::new(LIMIT));
        recorder.frame(Direction::Sent, 1, None, "<past/>");
        let journal = Journal::new(recorder);
        let error = journal.wait_for(Duration::from_secs(1), is_frame("<never/>")).await;
        assert_eq!(error.unwrap_err().seen, "Sent stream 1: <past/>");
    }

    #[test]
    fn a_cleared_journal_is_empty() {
        let recorder = Arc::new(Recorder::new(LIMIT));
        recorder.frame(Direction::Sent, 1, Some("alice".into()), "<a/>");
        let journal = Journal::new(recorder);
        assert_eq!(journal.frames_to("alice").len(), 1);
        journal.clear();
        assert!(journal.entries().is_empty());
    }
}
