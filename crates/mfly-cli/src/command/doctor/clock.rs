//! The step `clock`: the difference between the server's clock and this machine's.

use super::finding::{Finding, Step};
use crate::output::rounded;
use serde_json::json;
use std::time::SystemTime;

/// With a greater difference, tokens and certificates may be valid on one side only.
const TOO_MANY_SECONDS: i64 = 60;

/// The difference by the header `Date` of an HTTP answer (whole seconds) and its arrival.
pub(super) fn by_http(date: Option<&(String, SystemTime)>) -> Finding {
    let read = date.and_then(|(text, now)| Some((httpdate::parse_http_date(text).ok()?, *now)));
    match read {
        Some((theirs, ours)) => compared(seconds_ahead(theirs, ours), "HTTP header Date"),
        None => Finding::skipped(Step::Clock, "the answer has no header Date that can be read"),
    }
}

/// The finding for a difference in seconds.
pub(super) fn compared(seconds_ahead: i64, source: &str) -> Finding {
    let direction = if seconds_ahead < 0 { "behind" } else { "ahead" };
    let what = match seconds_ahead.unsigned_abs() {
        0 => format!("the same here and there ({source})"),
        seconds => format!("the server's is {} {direction} ({source})", rounded(seconds)),
    };
    let result = json!({"secondsAhead": seconds_ahead, "source": source});
    let finding = Finding::ok(Step::Clock, what, result);
    if seconds_ahead.unsigned_abs() > TOO_MANY_SECONDS.unsigned_abs() {
        return finding.warn(
            "set both clocks by NTP: tokens seem to expire too early or too late, and certificates \
             may be refused",
        );
    }
    finding
}

/// How far `theirs` is ahead of `ours`, in whole seconds.
fn seconds_ahead(theirs: SystemTime, ours: SystemTime) -> i64 {
    let seconds = match theirs.duration_since(ours) {
        Ok(ahead) => ahead.as_secs_f64(),
        Err(behind) => -behind.duration().as_secs_f64(),
    };
    // Half a second is what the header has lost on average.
    (seconds + 0.5) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::finding::Status;
    use std::time::{Duration, UNIX_EPOCH};

    const NEW_YEAR: &str = "Thu, 01 Jan 2026 00:00:00 GMT";

    fn at(seconds: f64) -> Finding {
        let start = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let now = if seconds < 0.0 {
            start - Duration::from_secs_f64(-seconds)
        } else {
            start + Duration::from_secs_f64(seconds)
        };
        by_http(Some(&(NEW_YEAR.to_owned(), now)))
    }

    #[test]
    fn more_than_a_minute_is_a_warning() {
        for (here, ahead, is_warning) in [
            (0.0, 0, false),
            (0.5, 0, false),
            (0.999, 0, false),
            (60.5, -60, false),
            (61.6, -61, true),
            (-59.5, 60, false),
            (-3_600.5, 3_601, true),
        ] {
            let finding = at(here);
            assert_eq!(finding.result["secondsAhead"], ahead, "{here}");
            assert_eq!(finding.status == Status::Warning, is_warning, "{here}");
        }
        assert!(at(3_661.0).what.contains("61 min behind"));
        assert!(at(-400_000.0).what.contains("4 days ahead"));
    }

    #[test]
    fn an_answer_without_a_date_tells_nothing() {
        let garbage = ("tomorrow".to_owned(), UNIX_EPOCH);
        for date in [None, Some(&garbage)] {
            assert_eq!(by_http(date).status, Status::Skipped);
        }
    }
}
