//! Which characters XML can hold (XML 1.0 §2.2) and which may stand in names (§2.3).

/// Characters in a text that require a closer look at its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unusual {
    /// Tab, line feed or carriage return.
    pub(super) white_space: bool,
    /// `]`, which could be part of `]]>`.
    pub(super) bracket: bool,
}

/// Number of bytes tested together; the compiler turns the test into vector instructions.
const BLOCK: usize = 32;

/// Searches UTF-8 for illegal characters.
///
/// # Errors
/// The offset of the first character outside the production `Char`.
pub(super) fn check(bytes: &[u8]) -> Result<Unusual, usize> {
    let mut unusual = Unusual::default();
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    for (index, block) in blocks.iter().enumerate() {
        if is_unusual(block) {
            check_closely(bytes, index * BLOCK, &mut unusual)?;
        }
    }
    if rest.is_empty() {
        return Ok(unusual);
    }
    // The last block overlaps the one before, which is faster than testing single bytes.
    match bytes.last_chunk::<BLOCK>() {
        Some(block) if !is_unusual(block) => {}
        _ => check_closely(bytes, bytes.len() - rest.len(), &mut unusual)?,
    }
    Ok(unusual)
}

#[inline]
fn is_unusual(block: &[u8; BLOCK]) -> bool {
    // Without short circuits, so that the compiler can vectorise it.
    block.iter().fold(0_u8, |found, &byte| {
        found | u8::from(byte < 0x20) | u8::from(byte == 0xEF) | u8::from(byte == b']')
    }) != 0
}

#[cold]
fn check_closely(bytes: &[u8], start: usize, unusual: &mut Unusual) -> Result<(), usize> {
    for (index, &byte) in bytes.iter().enumerate().skip(start).take(BLOCK) {
        match byte {
            b'\t' | b'\n' | b'\r' => unusual.white_space = true,
            0..0x20 => return Err(index),
            b']' => unusual.bracket = true,
            // U+FFFE and U+FFFF are EF BF BE and EF BF BF; surrogates are no UTF-8 at all.
            0xEF if bytes[index..].starts_with(&[0xEF, 0xBF])
                && bytes.get(index + 2).is_some_and(|&last| last >= 0xBE) =>
            {
                return Err(index);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether the production `Char` contains this character.
pub(super) const fn is_legal(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether the byte is white space of XML (§2.3 `S`).
#[inline]
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Class of bytes that may start a name without colon.
const START: u8 = 1;
/// Class of bytes that may occur in a name without colon.
const NAME: u8 = 2;
/// Class of bytes of characters beyond ASCII, which [`has_name_form`] checks.
const HIGH: u8 = 4;

static CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => START | NAME,
            b'0'..=b'9' | b'-' | b'.' => NAME,
            0x80.. => START | NAME | HIGH,
            _ => 0,
        };
        byte += 1;
    }
    class
};

/// The end of the name without colon (`NCName`) that starts at `start`, if there is one.
#[inline]
pub(super) fn name_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut seen = CLASS[usize::from(*bytes.get(start)?)];
    if seen & START == 0 {
        return None;
    }
    let mut end = start + 1;
    while let Some(&byte) = bytes.get(end) {
        let class = CLASS[usize::from(byte)];
        if class & NAME == 0 {
            break;
        }
        seen |= class;
        end += 1;
    }
    (seen & HIGH == 0 || has_name_form(text.get(start..end)?)).then_some(end)
}

#[cold]
fn has_name_form(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(starts_name) && characters.all(continues_name)
}

const fn starts_name(character: char) -> bool {
    matches!(
        character,
        'A'..='Z' | 'a'..='z' | '_'
            | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
            | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
            | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}'
    )
}

const fn continues_name(character: char) -> bool {
    starts_name(character)
        || matches!(
            character,
            '0'..='9' | '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}'
        )
}

/// Whether the text is a name without prefix.
pub(crate) fn is_name(name: &str) -> bool {
    name_end(name, 0) == Some(name.len())
}

/// Whether the text is a name of an element or attribute: `name` or `prefix:name`.
pub(super) fn is_qualified_name(name: &str) -> bool {
    match name_end(name, 0) {
        Some(end) if end == name.len() => true,
        Some(colon) if name.as_bytes()[colon] == b':' => {
            name_end(name, colon + 1) == Some(name.len())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_illegal_character_is_found_at_every_offset() {
        let illegal = ('\0'..' ')
            .filter(|&c| !matches!(c, '\t' | '\n' | '\r'))
            .chain(['\u{FFFE}', '\u{FFFF}']);
        for character in illegal {
            assert!(!is_legal(character), "{character:?}");
            for offset in [0, 1, 30, 31, 32, 33, 63, 64, 70] {
                for tail in [0, 1, 40] {
                    let text = format!("{}{character}{}", "x".repeat(offset), "y".repeat(tail));
                    assert_eq!(check(text.as_bytes()), Err(offset), "{character:?}");
                }
            }
        }
    }

    #[test]
    fn characters_next_to_the_illegal_ones_pass() {
        let legal = "\t\n\r ~\u{7F}\u{80}\u{D7FF}\u{E000}\u{FEFF}\u{FFFD}\u{10000}\u{10FFFF}";
        assert!(legal.chars().all(is_legal));
        assert_eq!(
            check(legal.repeat(7).as_bytes()),
            Ok(Unusual { white_space: true, bracket: false })
        );
        assert_eq!(check(b"a]"), Ok(Unusual { white_space: false, bracket: true }));
        assert_eq!(check(b""), Ok(Unusual::default()));
    }

    #[test]
    fn the_table_agrees_with_the_productions_of_the_specification() {
        for character in '\0'..='\u{2FFF}' {
            let text = character.to_string();
            let starts = name_end(&text, 0) == Some(text.len());
            assert_eq!(starts, starts_name(character), "{character:?}");
            let text = format!("a{character}");
            let continues = name_end(&text, 0) == Some(text.len());
            assert_eq!(continues, continues_name(character), "{character:?}");
        }
    }

    #[test]
    fn a_qualified_name_has_at_most_one_colon_with_a_name_on_both_sides() {
        for good in ["a", "a:b", "xml:lang", "_-.9", "é:ü"] {
            assert!(is_qualified_name(good), "{good}");
        }
        for bad in ["", ":", "a:", ":a", "a:b:c", "1", "-a", "a b", "a:1", "×"] {
            assert!(!is_qualified_name(bad), "{bad}");
        }
    }
}
