//! Escaping of text from a peer for logs, errors and terminals.
//!
//! A peer chooses its text freely. A line break could forge a line of a log, an escape code could
//! control a terminal, and marks of writing direction could make one text look like another. Values
//! therefore keep the text that arrived, and everything that shows it escapes it.

use std::fmt::{self, Write as _};

/// Maximum bytes of a text that [`escaped`] shows.
pub const SHOWN_BYTES: usize = 512;

/// Shows a text from a peer on one line, without control characters, and at most [`SHOWN_BYTES`] of
/// it.
///
/// ```
/// use mfly_proto::text::escaped;
/// assert_eq!(escaped("a\nb\u{1b}[2J").to_string(), r"a\nb\u{1b}[2J");
/// ```
#[must_use]
pub const fn escaped(text: &str) -> Escaped<'_> {
    Escaped(text)
}

/// A text that is shown escaped; made by [`escaped`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = 0;
        for character in self.0.chars() {
            let width = if is_plain(character) {
                character.len_utf8()
            } else {
                character.escape_default().len()
            };
            shown += width;
            if shown > SHOWN_BYTES {
                return f.write_char('…');
            }
            if is_plain(character) {
                f.write_char(character)?;
            } else {
                fmt::Display::fmt(&character.escape_default(), f)?;
            }
        }
        Ok(())
    }
}

/// The first [`SHOWN_BYTES`] of a text as [`escaped`] shows it, to be kept of a text of any length.
#[must_use]
pub fn excerpt(text: &str) -> String {
    escaped(text).to_string()
}

/// Whether a character can be shown unescaped: not a control character, a line end, or an invisible
/// character that changes the look of its neighbours. Joiners (U+200C, U+200D), which words and
/// emoji contain, can.
const fn is_plain(character: char) -> bool {
    !matches!(
        character,
        '\0'..='\u{1F}'
            | '\u{7F}'..='\u{9F}'
            | '\u{AD}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'
            | '\u{200E}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn line_breaks_escape_codes_and_marks_of_direction_are_spelled_out() {
        for (text, shown) in [
            ("plain — ünï 你好 👩‍🚀", "plain — ünï 你好 👩‍🚀"),
            ("a\r\nb\tc", r"a\r\nb\tc"),
            ("\u{1b}]0;x\u{7}\u{9b}2J", r"\u{1b}]0;x\u{7}\u{9b}2J"),
            ("a\u{2028}b\u{202e}c\u{85}", r"a\u{2028}b\u{202e}c\u{85}"),
            (r"juliet\40example.com", r"juliet\40example.com"),
        ] {
            assert_eq!(escaped(text).to_string(), shown);
        }
    }

    proptest! {
        #![proptest_config(crate::seeded::seeded())]

        #[test]
        fn any_text_is_shown_on_one_line_of_bounded_length(text in "\\PC{0,40}|(.|\n|\u{1b}){0,700}") {
            let shown = excerpt(&text);
            prop_assert!(shown.len() <= SHOWN_BYTES + '…'.len_utf8());
            prop_assert!(!shown.contains(char::is_control));
        }
    }
}
