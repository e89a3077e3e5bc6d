//! The bounded store of the journal.

use super::{Direction, Entry, FrameEntry, RequestEntry};
use super::{log, redact};
use crate::clock::Clock;
use crate::lock::lock;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// Largest number of entries.
const ENTRIES: usize = 4096;

/// Longest text of a body or frame, in bytes.
pub(crate) const TEXT_BYTES: usize = 16 * 1024;

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Entry>,
    /// The memory of the entries.
    bytes: usize,
    /// The number of entries that were removed since the start.
    forgotten: u64,
}

/// Removes secrets from entries, and keeps the newest ones.
#[derive(Debug)]
pub(crate) struct Recorder {
    ring: Mutex<Ring>,
    /// The limit of the entries' memory, in bytes.
    limit: usize,
    /// The number of entries since the start. Changes wake waiting tasks.
    recorded: watch::Sender<u64>,
    clock: Arc<Clock>,
}

/// A part of the journal.
#[derive(Debug)]
pub(crate) struct Page {
    /// The entries with their numbers, oldest first.
    pub(crate) entries: Vec<(u64, Entry)>,
    /// The number after which the next page begins.
    pub(crate) next: u64,
    /// The number of wanted entries that may have been removed before they could be read.
    pub(crate) missed: u64,
}

impl Recorder {
    pub(crate) fn new(limit: usize, clock: Arc<Clock>) -> Self {
        Self { ring: Mutex::default(), limit, recorded: watch::Sender::new(0), clock }
    }

    /// Records a request with the bodies of request and response.
    pub(crate) fn request(&self, mut entry: RequestEntry, body: &[u8], answer: &[u8]) {
        entry.opened = shortened(entry.opened);
        entry.at_ms = self.clock.now().0;
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
        // Cut before secrets are removed, to save work. A secret without its end is removed, too.
        let (text, _) = text.split_at(boundary(text, TEXT_BYTES + '…'.len_utf8()));
        let text = shortened(redact::frame(text));
        let entry = FrameEntry { direction, stream, user, text, at_ms: self.clock.now().0 };
        log::frame(&entry);
        self.push(Entry::Frame(entry));
    }

    fn push(&self, entry: Entry) {
        let mut ring = lock(&self.ring);
        if ring.entries.len() == ENTRIES {
            ring.forget_oldest();
        }
        ring.bytes += entry.cost();
        ring.entries.push_back(entry);
        // The newest entry always stays: its size has a limit.
        while ring.bytes > self.limit && ring.entries.len() > 1 {
            ring.forget_oldest();
        }
        drop(ring);
        self.recorded.send_modify(|recorded| *recorded += 1);
    }

    /// The memory of the entries, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        lock(&self.ring).bytes
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        lock(&self.ring).entries.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let mut ring = lock(&self.ring);
        ring.forgotten += ring.entries.len() as u64;
        ring.entries = VecDeque::new();
        ring.bytes = 0;
    }

    /// The first `limit` entries after number `since` that match; without `since`, the last ones.
    pub(crate) fn page(
        &self,
        since: Option<u64>,
        limit: usize,
        matches: impl Fn(&Entry) -> bool,
    ) -> Page {
        let ring = lock(&self.ring);
        let newest = ring.forgotten + ring.entries.len() as u64;
        let begin = since.unwrap_or_default().clamp(ring.forgotten, newest);
        let skipped = usize::try_from(begin - ring.forgotten).unwrap_or(usize::MAX);
        let numbered = (begin + 1..).zip(ring.entries.iter().skip(skipped));
        let wanted = numbered.filter(|(_, entry)| matches(entry));
        let copied = |(number, entry): (u64, &Entry)| (number, entry.clone());
        let entries: Vec<_> = if since.is_some() {
            wanted.take(limit).map(copied).collect()
        } else {
            let wanted: Vec<_> = wanted.collect();
            let surplus = wanted.len().saturating_sub(limit);
            wanted.into_iter().skip(surplus).map(copied).collect()
        };
        let is_cut = since.is_some() && entries.len() == limit;
        let last = entries.last().map(|(number, _)| *number);
        let missed = since.map_or(0, |since| ring.forgotten.saturating_sub(since));
        Page { next: last.filter(|_| is_cut).unwrap_or(newest), entries, missed }
    }

    /// The entry with a number, if it was not removed.
    pub(crate) fn entry(&self, number: u64) -> Option<Entry> {
        let ring = lock(&self.ring);
        let index = number.checked_sub(ring.forgotten + 1)?;
        ring.entries.get(usize::try_from(index).ok()?).cloned()
    }

    /// The number of entries since the start, to wait for more.
    pub(crate) fn recorded(&self) -> watch::Receiver<u64> {
        self.recorded.subscribe()
    }

    /// The newest entries, one in each line.
    pub(crate) fn newest(&self, count: usize) -> String {
        let ring = lock(&self.ring);
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

    /// Waits for the first entry that matches. Each entry is checked once.
    pub(super) async fn wait_for(&self, matches: &mut impl FnMut(&Entry) -> bool) -> Entry {
        let mut recorded = self.recorded.subscribe();
        let mut next = 0;
        loop {
            recorded.mark_unchanged();
            if let Some(entry) = self.find_from(&mut next, matches) {
                return entry;
            }
            if recorded.changed().await.is_err() {
                // Not reachable: `self` owns the sender.
                std::future::pending::<()>().await;
            }
        }
    }

    fn find_from(&self, next: &mut u64, matches: &mut impl FnMut(&Entry) -> bool) -> Option<Entry> {
        let ring = lock(&self.ring);
        let seen = usize::try_from(next.saturating_sub(ring.forgotten)).unwrap_or(usize::MAX);
        let fresh: Vec<Entry> = ring.entries.iter().skip(seen).cloned().collect();
        *next = ring.forgotten + ring.entries.len() as u64;
        // The condition may read the journal itself.
        drop(ring);
        fresh.into_iter().find(|entry| matches(entry))
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
    /// The memory of the entry, in bytes.
    fn cost(&self) -> usize {
        let (user, texts) = match self {
            Self::Request(request) => {
                let RequestEntry { method, path, query, body, answer, opened, .. } = request;
                (&request.user, vec![method, path, query, body, answer, opened])
            }
            Self::Frame(frame) => (&frame.user, vec![&frame.text]),
        };
        let texts = user.iter().chain(texts).map(String::capacity).sum::<usize>();
        // The store may reserve twice as many slots as it uses.
        2 * size_of::<Self>() + texts
    }
}

/// The last character boundary at or before `end`.
fn boundary(text: &str, end: usize) -> usize {
    let mut places = (0..=end.min(text.len())).rev();
    places.find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Cuts a long text, without spare capacity.
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

    fn request(text: &str) -> RequestEntry {
        let mut entry = RequestEntry::new(&http::Method::POST, text);
        text.clone_into(&mut entry.query);
        entry
    }

    #[test]
    fn the_oldest_entries_make_room_and_the_memory_of_the_rest_is_counted() {
        let recorder = Recorder::new(LIMIT, Arc::default());
        for number in 0..5000 {
            recorder.frame(Direction::Sent, number, None, "<a/>");
        }
        let entries = recorder.entries();
        assert_eq!(entries.len(), ENTRIES);
        assert_eq!(entries[0].frame().unwrap().stream, 5000 - 4096);
        let costs: usize = lock(&recorder.ring).entries.iter().map(Entry::cost).sum();
        assert_eq!(recorder.bytes(), costs);
        recorder.clear();
        assert_eq!((recorder.bytes(), recorder.entries().len()), (0, 0));
    }

    #[test]
    fn huge_texts_are_cut() {
        let recorder = Recorder::new(LIMIT, Arc::default());
        recorder.frame(Direction::Received, 1, None, &"ä".repeat(20_000));
        recorder.request(request(&"x".repeat(60_000)), b"", b"");
        let entries = recorder.entries();
        let (frame, request) = (entries[0].frame().unwrap(), entries[1].request().unwrap());
        for text in [&frame.text, &request.path, &request.query] {
            assert!(text.len() <= TEXT_BYTES + '…'.len_utf8());
        }
    }

    #[test]
    fn a_condition_may_read_the_journal_itself() {
        let recorder = Arc::new(Recorder::new(LIMIT, Arc::default()));
        recorder.frame(Direction::Sent, 1, None, "<a/>");
        let (done, is_done) = std::sync::mpsc::channel();
        // In another thread, so that a deadlock would fail the test.
        std::thread::spawn(move || {
            let found = recorder.find_from(&mut 0, &mut |_| recorder.entries().len() == 1);
            done.send(found.is_some())
        });
        assert_eq!(is_done.recv_timeout(Duration::from_secs(10)), Ok(true));
    }

    #[test]
    fn the_memory_of_the_journal_has_a_limit() {
        let recorder = Recorder::new(LIMIT, Arc::default());
        let huge = "x".repeat(250_000);
        let json = format!(r#"{{"username":"{huge}"}}"#);
        for number in 0..200 {
            recorder.frame(Direction::Received, number, None, &huge);
            recorder.request(request(&huge), json.as_bytes(), json.as_bytes());
        }
        // Computed from the texts, without the journal's own count.
        let reserved = |entry: &Entry| match entry {
            Entry::Request(entry) => [&entry.path, &entry.query, &entry.body, &entry.answer]
                .map(String::capacity)
                .iter()
                .sum(),
            Entry::Frame(entry) => entry.text.capacity(),
        };
        let ring = lock(&recorder.ring);
        let kept: usize = ring.entries.iter().map(reserved).sum();
        assert!(kept <= ring.bytes && ring.bytes <= LIMIT, "{kept}");
        assert!(ring.entries.len() > 100, "{}", ring.entries.len());
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_finds_earlier_and_later_entries_and_fails_with_those_that_it_saw() {
        let recorder = Arc::new(Recorder::new(LIMIT, Arc::default()));
        let journal = Journal::new(Arc::clone(&recorder));
        recorder.frame(Direction::Sent, 1, None, "<past/>");
        let second = Duration::from_secs(1);
        assert!(journal.wait_for(second, is_frame("<past/>")).await.is_ok());
        let error = journal.wait_for(second, is_frame("<never/>")).await.unwrap_err();
        assert_eq!(error.seen, "Sent stream 1: <past/>");
        let (found, ()) = tokio::join!(journal.wait_for(second, is_frame("<future/>")), async {
            for text in ["<other/>", "<future/>"] {
                tokio::task::yield_now().await;
                recorder.frame(Direction::Sent, 1, None, text);
            }
        });
        assert!(found.is_ok());
    }

    #[test]
    fn a_page_begins_after_a_number_and_says_how_many_entries_were_removed_before() {
        let recorder = Recorder::new(LIMIT, Arc::default());
        for number in 1..=ENTRIES + 10 {
            recorder.frame(Direction::Sent, number as u64, None, "<presence/>");
        }
        let all = |_: &Entry| true;
        let numbers = |page: &Page| page.entries.iter().map(|(n, _)| *n).collect::<Vec<_>>();
        let page = recorder.page(Some(0), 2, all);
        assert_eq!((numbers(&page), page.next, page.missed), (vec![11, 12], 12, 10));
        let page = recorder.page(Some(12), 2, all);
        assert_eq!((numbers(&page), page.next, page.missed), (vec![13, 14], 14, 0));
        let newest = ENTRIES as u64 + 10;
        let page = recorder.page(None, 2, all);
        assert_eq!((numbers(&page), page.next), (vec![newest - 1, newest], newest));
        let page = recorder.page(Some(u64::MAX), 2, all);
        assert_eq!((numbers(&page), page.next, page.missed), (vec![], newest, 0));
        assert!(recorder.entry(10).is_none() && recorder.entry(11).is_some());
        assert!(recorder.entry(0).is_none() && recorder.entry(newest + 1).is_none());
    }
}
