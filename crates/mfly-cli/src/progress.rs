//! The progress of an upload or download: a line on standard error, only on a terminal.

use mfly_client::Progress;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The shortest interval between two updates of the line.
const INTERVAL: Duration = Duration::from_millis(100);

/// A progress line, which is erased on drop.
#[derive(Clone)]
pub(crate) struct ProgressLine {
    shared: Arc<Shared>,
}

struct Shared {
    label: String,
    visible: bool,
    drawn: Mutex<Option<Instant>>,
    /// The number of characters of the line.
    width: AtomicUsize,
}

impl ProgressLine {
    /// A line that is drawn only on a terminal.
    pub(crate) fn new(label: &str) -> Self {
        let shared = Shared {
            label: crate::output::printable(label),
            visible: io::stderr().is_terminal(),
            drawn: Mutex::new(None),
            width: AtomicUsize::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The receiver of an upload's or download's reports.
    pub(crate) fn progress(&self) -> Progress {
        let shared = Arc::clone(&self.shared);
        Progress::new(move |done, total| shared.draw(Instant::now(), done, total))
    }
}

impl Shared {
    fn draw(&self, now: Instant, done: u64, total: u64) {
        if !self.visible || !self.is_due(now, done >= total) {
            return;
        }
        let text = text(&self.label, done, total);
        let width = text.chars().count();
        let before = self.width.swap(width, Ordering::Relaxed);
        // A terminal that cannot be written to is no reason to stop the transfer.
        let _ = write!(io::stderr().lock(), "\r{}", over(&text, before));
    }

    fn is_due(&self, now: Instant, finished: bool) -> bool {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let due = finished || drawn.is_none_or(|last| now.duration_since(last) >= INTERVAL);
        if due {
            *drawn = Some(now);
        }
        due
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let drawn = self.drawn.get_mut().unwrap_or_else(PoisonError::into_inner);
        if self.visible && drawn.is_some() {
            let wiped = over("", *self.width.get_mut());
            let _ = write!(io::stderr().lock(), "\r{wiped}\r");
        }
    }
}

/// The text, with spaces that cover a line of `before` characters.
fn over(text: &str, before: usize) -> String {
    format!("{text:<before$}")
}

fn text(label: &str, done: u64, total: u64) -> String {
    let percent = done.min(total).saturating_mul(100).checked_div(total).unwrap_or(100);
    format!("{label}  {percent:>3} %  {} of {}", size(done), size(total))
}

/// A size in the largest fitting unit.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS.get(unit).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_redrawn_a_few_times_a_second_and_at_the_end() {
        let shared = Shared {
            label: String::new(),
            visible: false,
            drawn: Mutex::new(None),
            width: AtomicUsize::new(0),
        };
        let start = Instant::now();
        assert!(shared.is_due(start, false));
        assert!(!shared.is_due(start + INTERVAL / 2, false));
        assert!(shared.is_due(start + INTERVAL / 2, true));
        assert!(shared.is_due(start + INTERVAL * 2, false));
    }

    #[test]
    fn a_shorter_line_covers_a_longer_one() {
        assert_eq!(over("ab", 4), "ab  ");
        assert_eq!(over("abcd", 2), "abcd");
    }

    #[test]
    fn the_line_shows_the_transferred_and_the_total_size() {
        assert_eq!(text("photo.png", 512, 2048), "photo.png   25 %  512 B of 2.0 KiB");
        assert_eq!(text("empty", 0, 0), "empty  100 %  0 B of 0 B");
    }

    #[test]
    fn sizes_are_shown_in_the_largest_fitting_unit() {
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(5 * 1024 * 1024), "5.0 MiB");
        assert_eq!(size(u64::MAX), "16777216.0 TiB");
    }
}
