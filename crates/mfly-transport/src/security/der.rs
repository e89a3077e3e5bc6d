//! A reader of DER (X.690) for the parts that certificates use.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const BMP_STRING: u8 = 0x1e;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// The tag `[0] EXPLICIT`.
pub(super) const EXPLICIT_0: u8 = 0xa0;
/// The tag `[3] EXPLICIT`.
pub(super) const EXPLICIT_3: u8 = 0xa3;

/// Splits off a value with the expected tag: its content and the rest.
pub(super) fn read(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = read_any(der)?;
    (found == tag).then_some((content, rest))
}

/// Reads a value with the expected tag that nothing follows.
pub(super) fn read_only(tag: u8, der: &[u8]) -> Option<&[u8]> {
    let (content, rest) = read(tag, der)?;
    rest.is_empty().then_some(content)
}

/// Splits off a value: its tag, its content and the rest (§10.1: only the shortest definite
/// length).
pub(super) fn read_any(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length =
                octets.iter().fold(0, |length: u64, octet| length << 8 | u64::from(*octet));
            let is_shortest = octets.first() != Some(&0) && length > 0x7f;
            (usize::try_from(length).ok().filter(|_| is_shortest)?, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// Writes a value with its tag and length.
#[cfg(test)]
pub(super) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..=0x7f => vec![tag, length as u8],
        0x80..=0xff => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [head.as_slice(), content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_der_forbids_are_refused() {
        assert_eq!(read(SEQUENCE, &[SEQUENCE, 1, 7, 8]), Some((&[7][..], &[8][..])));
        for der in [
            &[][..],
            &[SEQUENCE],
            &[SEQUENCE, 2, 0],
            // Indefinite, longer than needed, longer than anything, another tag.
            &[SEQUENCE, 0x80, 0, 0],
            &[SEQUENCE, 0x81, 1, 0],
            &[SEQUENCE, 0x82, 0, 0x80, 0],
            &[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[SEQUENCE, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x31, 1, 0],
        ] {
            assert_eq!(read(SEQUENCE, der), None, "{der:?}");
        }
    }
}
