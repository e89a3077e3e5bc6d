//! Searches eight bytes at a time, which is fastest for short values.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks bytes that equal `byte`. Only the lowest mark is reliable.
#[inline]
pub(super) const fn equal(word: u64, byte: u8) -> u64 {
    let word = word ^ (ONES * byte as u64);
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// Marks bytes below `bound`, which is at most 128. Only the lowest mark is reliable.
#[inline]
pub(super) const fn below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(ONES * bound as u64) & !word & HIGHS
}

/// The first matching byte from `start` on: `mark` finds it in eight bytes, `matches` in one.
#[inline]
pub(super) fn find(
    bytes: &[u8],
    start: usize,
    mark: impl Fn(u64) -> u64,
    matches: impl Fn(u8) -> bool,
) -> Option<usize> {
    let rest = bytes.get(start..)?;
    let (words, tail) = rest.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let marks = mark(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(start + 8 * index + (marks.trailing_zeros() / 8) as usize);
        }
    }
    let index = tail.iter().position(|&byte| matches(byte))?;
    Some(bytes.len() - tail.len() + index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_match_is_found_whatever_stands_before_and_behind_it() {
        for before in 0..20 {
            for filler in [b'a', b'&' + 1, b'&' - 1, 0x00, 0x80, 0xA6, 0xFF] {
                let mut bytes = vec![filler; 40];
                bytes[before] = b'&';
                bytes[before + 1] = b'\'';
                let found = find(&bytes, 0, |word| equal(word, b'&'), |byte| byte == b'&');
                assert_eq!(found, Some(before), "{filler:#x}");
            }
        }
    }

    #[test]
    fn bytes_below_a_bound_are_found_and_others_are_not() {
        let search = |bytes: &[u8]| find(bytes, 0, |word| below(word, b' '), |byte| byte < b' ');
        for byte in 0..=0xFF_u8 {
            for offset in 0..10 {
                let mut bytes = [b'x'; 10];
                bytes[offset] = byte;
                assert_eq!(search(&bytes), (byte < b' ').then_some(offset), "{byte:#x}");
            }
        }
    }
}
