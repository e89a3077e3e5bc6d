//! Dates and times in the profile of ISO 8601 that XMPP uses (XEP-0082 §3.2).

use crate::decode::DecodeError;
use std::fmt;
use std::str::FromStr;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

/// A moment with milliseconds, in the years 0 to 9999.
///
/// ```
/// use mfly_proto::date_time::DateTime;
/// let moment: DateTime = "1969-07-20T21:56:15-05:00".parse()?;
/// assert_eq!(moment.to_string(), "1969-07-21T02:56:15Z");
/// assert_eq!(moment.unix_millis(), -14_159_025_000);
/// # Ok::<(), mfly_proto::decode::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime(i64);

impl DateTime {
    /// The first moment: 0000-01-01T00:00:00Z.
    const FIRST: i64 = -719_528 * DAY;
    /// The last moment: 9999-12-31T23:59:59.999Z.
    const LAST: i64 = 2_932_897 * DAY - 1;

    /// The moment `millis` milliseconds after the start of 1970 in UTC; `None` when its year is out
    /// of range.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Option<Self> {
        if millis < Self::FIRST || millis > Self::LAST {
            return None;
        }
        Some(Self(millis))
    }

    /// Milliseconds since the start of 1970 in UTC.
    #[must_use]
    pub const fn unix_millis(self) -> i64 {
        self.0
    }
}

/// Reads `CCYY-MM-DDThh:mm:ss[.sss]TZD`. Digits beyond milliseconds are cut off.
///
/// Deviations from the profile that can mean one moment only are read as well: white space around
/// the text, letters in lower case, a space instead of `T`, a comma before the fraction, an offset
/// without colon or minutes, the end of a day as hour 24, a leap second, and the older form
/// `CCYYMMDDThh:mm:ss`, which is in UTC (XEP-0091). A text without an offset is refused.
impl FromStr for DateTime {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        read(text)
            .and_then(Self::from_unix_millis)
            .ok_or(DecodeError::InvalidValue { element: "date-time", field: "text" })
    }
}

fn read(text: &str) -> Option<i64> {
    let mut rest = text.trim().as_bytes();
    let year = number(&mut rest, 4)?;
    let is_legacy = !rest.starts_with(b"-");
    let (month, day) = if is_legacy {
        (number(&mut rest, 2)?, number(&mut rest, 2)?)
    } else {
        (separated(&mut rest, b"-")?, separated(&mut rest, b"-")?)
    };
    let hour = separated(&mut rest, b"Tt ")?;
    let minute = separated(&mut rest, b":")?;
    let second = separated(&mut rest, b":")?;
    let fraction = fraction(&mut rest)?;
    let ends_day = hour == 24 && (minute, second, fraction) == (0, 0, 0);
    let is_valid = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && (hour < 24 || ends_day)
        && minute < 60
        && second <= 60;
    if !is_valid {
        return None;
    }
    let offset = match rest {
        b"" if is_legacy => 0,
        _ => offset_minutes(std::str::from_utf8(rest).ok()?.trim_start())?,
    };
    let minutes = (days_before(year, month, day) * 24 + hour) * 60 + minute - i64::from(offset);
    Some(minutes * MINUTE + second * SECOND + fraction)
}

/// Reads an offset from UTC in minutes: `Z`, `+hh:mm` or `-hh:mm` (XEP-0082 §3.2); also without
/// colon or minutes.
pub(crate) fn offset_minutes(text: &str) -> Option<i16> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, mut rest) = text.as_bytes().split_first()?;
    let hours = number(&mut rest, 2)?;
    let minutes = match rest.first() {
        None => 0,
        Some(b':') => separated(&mut rest, b":")?,
        Some(_) => number(&mut rest, 2)?,
    };
    if !rest.is_empty() || hours > 23 || minutes > 59 {
        return None;
    }
    let offset = (hours * 60 + minutes) as i16;
    match sign {
        b'+' => Some(offset),
        b'-' => Some(-offset),
        _ => None,
    }
}

/// Takes a number with this number of digits.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (found, after) = rest.split_at_checked(digits)?;
    *rest = after;
    found.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
    })
}

/// Takes one of these separators and two digits.
fn separated(rest: &mut &[u8], separators: &[u8]) -> Option<i64> {
    let (separator, after) = rest.split_first()?;
    *rest = after;
    separators.contains(separator).then(|| number(rest, 2))?
}

/// Takes a fraction of a second, if there is one, as milliseconds.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let Some((b'.' | b',', after)) = rest.split_first() else {
        return Some(0);
    };
    let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let (found, after) = after.split_at(digits);
    *rest = after;
    let digit = |index: usize| found.get(index).map_or(0, |byte| i64::from(byte - b'0'));
    Some(digit(0) * 100 + digit(1) * 10 + digit(2))
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from the start of 1970 to this day. Years start in March here, so that the leap day is the
/// last day.
const fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// Shows the moment in UTC, with milliseconds unless they are 0.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.div_euclid(DAY);
        // The inverse of `days_before`, in eras of 400 years.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (day_of_year * 5 + 2) / 153;
        let day = day_of_year - (shifted_month * 153 + 2) / 5 + 1;
        let month = (shifted_month + 2) % 12 + 1;
        let year = era * 400 + year_of_era + i64::from(month <= 2);

        let millis = self.0.rem_euclid(DAY);
        let (hour, minute) = (millis / (60 * MINUTE), millis / MINUTE % 60);
        let second = millis / SECOND % 60;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match millis % SECOND {
            0 => f.write_str("Z"),
            millis => write!(f, ".{millis:03}Z"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;
    use proptest::prelude::*;

    #[test]
    fn texts_are_read_as_moments_or_refused() {
        for (text, expected) in rows(include_str!("../fixtures/text/date_times.txt")) {
            let found = text.parse().ok().map(DateTime::unix_millis);
            let found = found.map_or("refused".to_owned(), |millis| millis.to_string());
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn every_day_of_a_cycle_of_the_calendar_is_read_as_it_is_written() {
        for day in 0..146_097 {
            let moment = DateTime(day * DAY);
            assert_eq!(moment.to_string().parse(), Ok(moment), "{moment}");
        }
    }

    proptest! {
        #![proptest_config(crate::seeded::seeded())]

        #[test]
        fn every_moment_is_read_as_it_is_written(millis in DateTime::FIRST..=DateTime::LAST) {
            let moment = DateTime(millis);
            prop_assert_eq!(moment.to_string().parse(), Ok(moment));
        }
    }
}
