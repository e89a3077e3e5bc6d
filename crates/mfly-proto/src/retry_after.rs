//! The HTTP header `Retry-After`: how long a server asks to wait (RFC 9110 §10.2.3).

use httpdate::parse_http_date;
use std::time::{Duration, SystemTime};

/// The longest delay that [`retry_after`] returns: one day.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the server of an HTTP response asks to wait before the next request, at most
/// [`MAX_RETRY_AFTER`].
///
/// `headers` are the names and values of the response's header fields, whatever its status. `now`
/// is the time at which the response arrived. It is used only for a date without a header `Date`,
/// which tells the server's own clock. A date in the past gives zero. Returns `None` when the
/// header is missing, occurs more than once with different values, or is neither a number of
/// seconds nor a date.
///
/// ```
/// use mfly_proto::retry_after::retry_after;
/// use std::time::{Duration, SystemTime};
/// let headers = [("content-length", &b"0"[..]), ("retry-after", b"120")];
/// assert_eq!(retry_after(headers, SystemTime::now()), Some(Duration::from_secs(120)));
/// ```
#[must_use]
pub fn retry_after<'a>(
    headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    now: SystemTime,
) -> Option<Duration> {
    let mut delays = Values::default();
    let mut dates = Values::default();
    for (name, value) in headers {
        if name.eq_ignore_ascii_case("retry-after") {
            delays.add(value);
        } else if name.eq_ignore_ascii_case("date") {
            dates.add(value);
        }
    }
    let text = delays.text()?;
    let delay = match seconds(text) {
        Some(delay) => delay,
        None => {
            let moment = parse_http_date(text).ok()?;
            let server_clock = dates.text().and_then(|date| parse_http_date(date).ok());
            moment.duration_since(server_clock.unwrap_or(now)).unwrap_or_default()
        }
    };
    Some(delay.min(MAX_RETRY_AFTER))
}

/// A number of seconds. Some servers write a fraction, which is rounded up.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !fraction.is_none_or(is_digits) {
        return None;
    }
    // A number that does not fit is longer than the longest delay.
    let whole: u64 = whole.parse().unwrap_or(u64::MAX);
    let has_rest = fraction.is_some_and(|digits| digits.bytes().any(|b| b != b'0'));
    Some(Duration::from_secs(whole.saturating_add(u64::from(has_rest))))
}

/// The values of one header.
#[derive(Default)]
struct Values<'a> {
    first: Option<&'a [u8]>,
    differ: bool,
}

impl<'a> Values<'a> {
    fn add(&mut self, value: &'a [u8]) {
        self.differ |= *self.first.get_or_insert(value) != value;
    }

    /// The text, if all occurrences have the same.
    fn text(&self) -> Option<&'a str> {
        let value = self.first.filter(|value| !self.differ && value.is_ascii())?;
        std::str::from_utf8(value).ok().map(str::trim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "Wed, 21 Oct 2026 07:28:00 GMT";

    fn delay(headers: &[(&str, &str)], now: SystemTime) -> Option<u64> {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
        retry_after(headers, now).map(|delay| delay.as_secs())
    }

    #[test]
    fn a_number_or_a_date_is_read_and_nothing_else() {
        let day = MAX_RETRY_AFTER.as_secs();
        for (value, expected) in [
            ("0", Some(0)),
            ("120", Some(120)),
            ("  7 ", Some(7)),
            ("1.5", Some(2)),
            ("3.0", Some(3)),
            // The three forms of a date (RFC 9110 §5.6.7).
            ("Wed, 21 Oct 2026 07:30:00 GMT", Some(120)),
            ("Wednesday, 21-Oct-26 07:30:00 GMT", Some(120)),
            ("Wed Oct 21 07:30:00 2026", Some(120)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(0)),
            // Longer than a day.
            ("86401", Some(day)),
            ("99999999999999999999999999", Some(day)),
            ("Thu, 21 Oct 9999 07:28:00 GMT", Some(day)),
            // Neither a number nor a date.
            ("", None),
            ("soon", None),
            ("-1", None),
            ("+5", None),
            ("1e3", None),
            ("0x10", None),
            (".5", None),
            ("5.", None),
            ("1.2.3", None),
        ] {
            let now = parse_http_date(NOW).unwrap();
            assert_eq!(delay(&[("Retry-After", value)], now), expected, "{value:?}");
        }
    }

    #[test]
    fn a_date_is_measured_by_the_servers_own_clock() {
        let moment = ("retry-after", "Wed, 21 Oct 2026 07:30:00 GMT");
        let wrong_clock = SystemTime::UNIX_EPOCH;
        assert_eq!(delay(&[moment, ("date", NOW)], wrong_clock), Some(120));
    }

    #[test]
    fn a_repeated_header_counts_if_its_values_agree() {
        let repeated = |second| [("retry-after", "5"), ("retry-after", second)];
        assert_eq!(delay(&repeated("5"), SystemTime::UNIX_EPOCH), Some(5));
        assert_eq!(delay(&repeated("6"), SystemTime::UNIX_EPOCH), None);
        assert_eq!(delay(&[], SystemTime::UNIX_EPOCH), None);
    }
}
