//! `Retry-After`: how long a server asks to wait (RFC 9110 §10.2.3).

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};
use httpdate::parse_http_date;
use std::time::{Duration, SystemTime};

/// The longest delay that [`retry_after`] gives: one day.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the server of an HTTP answer asks to wait before the next request, at most
/// [`MAX_RETRY_AFTER`].
///
/// `headers` are those of the answer, whatever its status. `now` is the time of its arrival; it is
/// used only where the server names a moment and does not tell its own clock by `Date`.
/// A moment that has passed is no delay: zero. `None` when the header is missing, stands there more
/// than once with different values, or is neither a number of seconds nor a date.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
/// use std::time::{Duration, SystemTime};
/// let mut headers = HeaderMap::new();
/// headers.insert(RETRY_AFTER, HeaderValue::from_static("120"));
/// let delay = mfly_transport::retry_after(&headers, SystemTime::now());
/// assert_eq!(delay, Some(Duration::from_secs(120)));
/// ```
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = only_text(headers, &RETRY_AFTER)?;
    let delay = match seconds(text) {
        Some(delay) => delay,
        None => {
            let moment = parse_http_date(text).ok()?;
            let server_clock =
                only_text(headers, &DATE).and_then(|date| parse_http_date(date).ok());
            moment.duration_since(server_clock.unwrap_or(now)).unwrap_or_default()
        }
    };
    Some(delay.min(MAX_RETRY_AFTER))
}

/// A number of seconds. Some servers write a fraction; it counts as a whole second.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !fraction.is_none_or(is_digits) {
        return None;
    }
    // More digits than fit are a longer delay than any that is given.
    let whole: u64 = whole.parse().unwrap_or(u64::MAX);
    let has_rest = fraction.is_some_and(|digits| digits.bytes().any(|b| b != b'0'));
    Some(Duration::from_secs(whole.saturating_add(u64::from(has_rest))))
}

/// The text of a header that has one value, however often it stands there.
fn only_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.any(|value| value != first) {
        return None;
    }
    first.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const NOW: &str = "Wed, 21 Oct 2026 07:28:00 GMT";

    fn delay(value: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        let now = parse_http_date(NOW).unwrap();
        retry_after(&headers, now).map(|delay| delay.as_secs())
    }

    #[test]
    fn a_number_is_that_many_seconds() {
        assert_eq!(delay("0"), Some(0));
        assert_eq!(delay("120"), Some(120));
        assert_eq!(delay("  7 "), Some(7));
        assert_eq!(delay("1.5"), Some(2));
        assert_eq!(delay("3.0"), Some(3));
    }

    #[test]
    fn a_date_in_any_of_its_three_forms_is_the_time_until_then() {
        assert_eq!(delay("Wed, 21 Oct 2026 07:30:00 GMT"), Some(120));
        assert_eq!(delay("Wednesday, 21-Oct-26 07:30:00 GMT"), Some(120));
        assert_eq!(delay("Wed Oct 21 07:30:00 2026"), Some(120));
    }

    #[test]
    fn a_date_is_measured_by_the_clock_of_the_server_that_named_it() {
        let mut headers = HeaderMap::new();
        let moment = HeaderValue::from_static("Wed, 21 Oct 2026 07:30:00 GMT");
        headers.insert(RETRY_AFTER, moment);
        headers.insert(DATE, HeaderValue::from_static(NOW));
        let wrong_clock = SystemTime::UNIX_EPOCH;
        let delay = retry_after(&headers, wrong_clock);
        assert_eq!(delay, Some(Duration::from_secs(120)));
    }

    #[test]
    fn a_moment_that_has_passed_is_no_delay() {
        assert_eq!(delay("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0));
    }

    #[test]
    fn no_server_can_ask_for_more_than_a_day() {
        let day = MAX_RETRY_AFTER.as_secs();
        for value in ["86401", "99999999999999999999999999", "Thu, 21 Oct 9999 07:28:00 GMT"] {
            assert_eq!(delay(value), Some(day), "{value}");
        }
    }

    #[test]
    fn what_is_neither_a_number_nor_a_date_is_no_delay() {
        for value in ["", "soon", "-1", "+5", "1e3", "0x10", ".5", "5.", "1.2.3"] {
            assert_eq!(delay(value), None, "{value:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), SystemTime::now()), None);
    }

    #[test]
    fn a_header_that_stands_there_twice_counts_if_both_agree() {
        let both = |second| {
            let mut headers = HeaderMap::new();
            headers.append(RETRY_AFTER, HeaderValue::from_static("5"));
            headers.append(RETRY_AFTER, HeaderValue::from_static(second));
            retry_after(&headers, SystemTime::UNIX_EPOCH)
        };
        assert_eq!(both("5"), Some(Duration::from_secs(5)));
        assert_eq!(both("6"), None);
    }
}
