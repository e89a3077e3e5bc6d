//! Punycode: labels beyond ASCII in ASCII (RFC 3492), with the parameters of §5.

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const FIRST_BIAS: u32 = 72;
const FIRST_CODE_POINT: u32 = 0x80;

/// A label has at most 63 bytes (RFC 1034 §3.1), and each byte of it stands for at most one
/// character. Longer texts are refused before any work: encoding and decoding take more than linear
/// time.
const MOST: usize = 63;

/// The bias after a difference was written or read (RFC 3492 §6.1).
fn adapt(delta: u32, points: u32, is_first: bool) -> u32 {
    let mut delta = delta / if is_first { DAMP } else { 2 };
    delta += delta / points;
    let mut bias = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        bias += BASE;
    }
    bias + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

fn threshold(position: u32, bias: u32) -> u32 {
    position.saturating_sub(bias).clamp(T_MIN, T_MAX)
}

/// Encodes a label: `bücher` becomes `bcher-kva`. `None` when the result is longer than a label can
/// be.
pub(super) fn encode(label: &str) -> Option<String> {
    let points = label.chars().count();
    if points > MOST {
        return None;
    }
    let mut encoded: String = label.chars().filter(char::is_ascii).collect();
    let basic = encoded.len() as u32;
    let mut handled = basic;
    if basic > 0 {
        encoded.push('-');
    }
    let (mut code_point, mut delta, mut bias) = (FIRST_CODE_POINT, 0_u32, FIRST_BIAS);
    while (handled as usize) < points {
        let next = label.chars().map(u32::from).filter(|&c| c >= code_point);
        let next = next.min()?;
        delta = delta.checked_add((next - code_point).checked_mul(handled + 1)?)?;
        code_point = next;
        for character in label.chars().map(u32::from) {
            if character < code_point {
                delta = delta.checked_add(1)?;
            }
            if character == code_point {
                let mut rest = delta;
                let mut position = BASE;
                loop {
                    let threshold = threshold(position, bias);
                    if rest < threshold {
                        break;
                    }
                    let digit = threshold + (rest - threshold) % (BASE - threshold);
                    encoded.push(letter(digit));
                    rest = (rest - threshold) / (BASE - threshold);
                    position += BASE;
                }
                encoded.push(letter(rest));
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta = delta.checked_add(1)?;
        code_point += 1;
    }
    (encoded.len() <= MOST).then_some(encoded)
}

/// Decodes a label: `bcher-kva` becomes `bücher`. `None` when it is malformed.
pub(super) fn decode(encoded: &str) -> Option<String> {
    if encoded.len() > MOST || !encoded.is_ascii() {
        return None;
    }
    let (basic, digits) = encoded.rsplit_once('-').unwrap_or(("", encoded));
    let mut label: Vec<char> = basic.chars().collect();
    let (mut code_point, mut index, mut bias) = (FIRST_CODE_POINT, 0_u32, FIRST_BIAS);
    let mut digits = digits.bytes();
    while let Some(first) = digits.next() {
        let (start, mut weight, mut position) = (index, 1_u32, BASE);
        let mut byte = first;
        loop {
            let digit = value(byte)?;
            index = index.checked_add(digit.checked_mul(weight)?)?;
            let threshold = threshold(position, bias);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            position += BASE;
            byte = digits.next()?;
        }
        let points = label.len() as u32 + 1;
        bias = adapt(index - start, points, start == 0);
        code_point = code_point.checked_add(index / points)?;
        index %= points;
        label.insert(index as usize, char::from_u32(code_point)?);
        index += 1;
    }
    Some(label.into_iter().collect())
}

/// The letter or figure for a digit: letters for 0 to 25, figures for 26 to 35.
fn letter(digit: u32) -> char {
    let byte = if digit < 26 { b'a' + digit as u8 } else { b'0' + (digit - 26) as u8 };
    char::from(byte)
}

fn value(byte: u8) -> Option<u32> {
    match byte {
        b'a'..=b'z' => Some(u32::from(byte - b'a')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 26),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;
    use proptest::prelude::*;

    #[test]
    fn the_samples_of_the_specification_are_encoded_and_decoded() {
        for (label, encoded) in rows(include_str!("../../fixtures/text/punycode.txt")) {
            assert_eq!(encode(&label).as_deref(), Some(&*encoded), "{label}");
            assert_eq!(decode(&encoded).as_deref(), Some(&*label), "{encoded}");
        }
    }

    #[test]
    fn what_is_no_encoding_or_too_long_is_refused() {
        // The last ones grow beyond the last code point.
        for encoded in ["bücher", "a_", "a-9", "99999999", "a-99999999999"] {
            assert_eq!(decode(encoded), None, "{encoded}");
        }
        assert_eq!(decode(&"a".repeat(64)), None);
        assert_eq!(encode(&"ü".repeat(64)), None);
        assert_eq!(encode(&"中国".repeat(30)), None);
    }

    proptest! {
        #![proptest_config(crate::seeded::seeded())]

        #[test]
        fn any_label_comes_back(label in "[a-z0-9-]{0,8}[\u{80}-\u{10FFFF}]{1,10}") {
            if let Some(encoded) = encode(&label) {
                prop_assert_eq!(decode(&encoded), Some(label));
            }
        }

        #[test]
        fn any_text_is_decoded_or_refused(encoded in "[a-zA-Z0-9é-]{0,70}") {
            if let Some(label) = decode(&encoded) {
                prop_assert!(label.chars().count() <= encoded.len());
            }
        }
    }
}
