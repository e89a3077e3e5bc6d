//! `Range: bytes=…` (RFC 9110 §14.1.2), one range only.

/// A part of a file: `start <= end < length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) start: usize,
    /// The last byte, included.
    pub(crate) end: usize,
}

/// The range lies outside the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unsatisfiable;

impl Range {
    /// Reads a header's value for a file of `length` bytes. `None` means the whole file: a server
    /// must ignore a value that it does not understand (RFC 9110 §14.2).
    pub(crate) fn parse(value: &str, length: usize) -> Result<Option<Self>, Unsatisfiable> {
        let Some((first, last)) = value
            .strip_prefix("bytes=")
            .filter(|ranges| !ranges.contains(','))
            .and_then(|range| range.trim().split_once('-'))
        else {
            return Ok(None);
        };
        let number = |text: &str| text.parse::<usize>().ok();
        let (start, end) = match (first, last) {
            ("", suffix) => match number(suffix) {
                Some(0) => return Err(Unsatisfiable),
                Some(count) => (length.saturating_sub(count), length.saturating_sub(1)),
                None => return Ok(None),
            },
            (first, "") => match number(first) {
                Some(start) => (start, length.saturating_sub(1)),
                None => return Ok(None),
            },
            (first, last) => match (number(first), number(last)) {
                (Some(start), Some(end)) if start <= end => {
                    (start, end.min(length.saturating_sub(1)))
                }
                _ => return Ok(None),
            },
        };
        if start < length { Ok(Some(Self { start, end })) } else { Err(Unsatisfiable) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_file() {
        for (value, expected) in [
            ("bytes=0-4", Some((0, 4))),
            ("bytes=5-99", Some((5, 9))),
            ("bytes=5-", Some((5, 9))),
            ("bytes=-3", Some((7, 9))),
            ("bytes=-99", Some((0, 9))),
            ("bytes=0-1,3-4", None),
            ("bytes=4-2", None),
            ("items=0-1", None),
            ("bytes=a-b", None),
        ] {
            let expected = expected.map(|(start, end)| Range { start, end });
            assert_eq!(Range::parse(value, 10), Ok(expected), "{value}");
        }
    }

    #[test]
    fn a_range_after_the_end_cannot_be_served() {
        for (value, length) in
            [("bytes=10-", 10), ("bytes=0-0", 0), ("bytes=-0", 10), ("bytes=-1", 0)]
        {
            assert_eq!(Range::parse(value, length), Err(Unsatisfiable), "{value}");
        }
    }
}
