//! Lenient reading of numbers and flags that deviate from their specification.
//!
//! It is used only where nothing depends on the exact value. Lengths of frames, iteration counts,
//! ports and similar values are read strictly.

use serde_json::Value;

/// Reads a whole number that is not negative. White space around it is ignored, a fraction is cut
/// off, and a value out of range is clamped. `None` for a text that is no number.
///
/// ```
/// use mfly_proto::lenient::whole;
/// assert_eq!(whole(" 32335.0 "), Some(32_335));
/// assert_eq!(whole("-1"), Some(0));
/// assert_eq!(whole("soon"), None);
/// ```
#[must_use]
pub fn whole(text: &str) -> Option<u64> {
    let (is_negative, digits) = number(text)?;
    Some(if is_negative { 0 } else { digits })
}

/// Reads a whole number of either sign like [`whole`], clamped to the range of the type.
#[must_use]
pub fn whole_signed(text: &str) -> Option<i64> {
    let (is_negative, digits) = number(text)?;
    Some(if is_negative {
        0_i64.checked_sub_unsigned(digits).unwrap_or(i64::MIN)
    } else {
        i64::try_from(digits).unwrap_or(i64::MAX)
    })
}

/// Reads a whole number in JSON like [`whole`]: a number of any kind, or a text that holds one.
#[must_use]
pub fn json_whole(value: &Value) -> Option<u64> {
    match value {
        // A conversion from a float saturates, and cuts the fraction off.
        Value::Number(number) => number.as_u64().or_else(|| Some(number.as_f64()? as u64)),
        Value::String(text) => whole(text),
        _ => None,
    }
}

/// Whether the number is negative, and its value before the decimal point.
fn number(text: &str) -> Option<(bool, u64)> {
    let text = text.trim();
    let (is_negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (digits, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(digits) || !are_digits(fraction) || digits.is_empty() && fraction.is_empty() {
        return None;
    }
    let value = digits
        .bytes()
        .fold(0_u64, |value, byte| value.saturating_mul(10).saturating_add(u64::from(byte - b'0')));
    Some((is_negative, value))
}

/// Reads a flag: `1` or `true`, `0` or `false`, in any case, with white space around it. `None` for
/// any other text.
#[must_use]
pub fn flag(text: &str) -> Option<bool> {
    let text = text.trim();
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("1") || is("true") {
        Some(true)
    } else if is("0") || is("false") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;
    use proptest::prelude::*;

    #[test]
    fn texts_are_numbers_or_none() {
        let shown = |number: Option<String>| number.unwrap_or("none".to_owned());
        for (text, expected) in rows(include_str!("../fixtures/text/numbers.txt")) {
            let unsigned = shown(whole(&text).map(|number| number.to_string()));
            let signed = shown(whole_signed(&text).map(|number| number.to_string()));
            assert_eq!(format!("{unsigned} {signed}"), expected, "{text:?}");
        }
    }

    #[test]
    fn a_number_in_json_may_be_any_number_or_a_text() {
        for (json, expected) in [
            ("5", Some(5)),
            ("-5", Some(0)),
            ("5.9", Some(5)),
            ("-0.1", Some(0)),
            ("1e3", Some(1_000)),
            ("1e300", Some(u64::MAX)),
            ("18446744073709551615", Some(u64::MAX)),
            (r#"" 7 ""#, Some(7)),
            (r#""x""#, None),
            ("true", None),
            ("null", None),
            ("[1]", None),
        ] {
            let value: Value = serde_json::from_str(json).unwrap();
            assert_eq!(json_whole(&value), expected, "{json}");
        }
    }

    #[test]
    fn yes_and_no_have_two_words_each() {
        for (text, expected) in [
            ("1", Some(true)),
            (" TRUE\n", Some(true)),
            ("0", Some(false)),
            ("False", Some(false)),
            ("", None),
            ("2", None),
            ("yes", None),
        ] {
            assert_eq!(flag(text), expected, "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(crate::seeded::seeded())]

        #[test]
        fn every_number_is_read_as_it_is_written(signed in any::<i64>(), unsigned in any::<u64>()) {
            prop_assert_eq!(whole_signed(&signed.to_string()), Some(signed));
            prop_assert_eq!(whole(&unsigned.to_string()), Some(unsigned));
        }

        #[test]
        fn any_text_is_a_number_or_none(text in "[-+0-9., xé]{0,30}") {
            let of_either_sign = whole_signed(&text);
            prop_assert_eq!(whole(&text).is_some(), of_either_sign.is_some());
        }
    }
}
