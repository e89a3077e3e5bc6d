//! Escaping of text and attribute values.

/// Class of bytes that are always replaced.
const SPECIAL: u8 = 1;
/// Class of bytes that are replaced in attributes, where a reader would turn them into blanks.
const ATTRIBUTE: u8 = 2;
/// Class of the first byte of U+F000 to U+FFFF, the last two of which XML cannot hold.
const LAST_PLANE_ROW: u8 = 4;

static CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'\t' | b'\n' => ATTRIBUTE,
            b'&' | b'<' | b'>' | b'\'' | b'"' | 0..0x20 => SPECIAL,
            0xEF => LAST_PLANE_ROW,
            _ => 0,
        };
        byte += 1;
    }
    class
};

/// Appends a text: `& < > ' "` become the predefined entities as in the official SDK, a carriage
/// return a numeric reference, characters that XML cannot hold U+FFFD.
///
/// Returns `false` if the value held characters that XML cannot hold.
pub(super) fn text(value: &str, buffer: &mut Vec<u8>) -> bool {
    escape(value.as_bytes(), SPECIAL | LAST_PLANE_ROW, buffer)
}

/// Appends an attribute's value: as [`text`], with tabs and line feeds as numeric references.
pub(super) fn attribute(value: &str, buffer: &mut Vec<u8>) -> bool {
    escape(value.as_bytes(), SPECIAL | ATTRIBUTE | LAST_PLANE_ROW, buffer)
}

#[inline]
fn escape(bytes: &[u8], mask: u8, buffer: &mut Vec<u8>) -> bool {
    match find(bytes, mask) {
        None => {
            buffer.extend_from_slice(bytes);
            true
        }
        Some(first) => replace(bytes, first, mask, buffer),
    }
}

fn replace(bytes: &[u8], first: usize, mask: u8, buffer: &mut Vec<u8>) -> bool {
    let mut is_legal = true;
    buffer.reserve(bytes.len() + bytes.len() / 8);
    let mut clean = 0;
    let mut at = first;
    loop {
        let (replacement, length): (&[u8], usize) = match bytes[at] {
            b'&' => (b"&amp;", 1),
            b'<' => (b"&lt;", 1),
            b'>' => (b"&gt;", 1),
            b'\'' => (b"&apos;", 1),
            b'"' => (b"&quot;", 1),
            b'\t' => (b"&#9;", 1),
            b'\n' => (b"&#10;", 1),
            b'\r' => (b"&#13;", 1),
            0xEF => match bytes.get(at + 1..at + 3) {
                Some([0xBF, 0xBE | 0xBF]) => {
                    is_legal = false;
                    ("\u{FFFD}".as_bytes(), 3)
                }
                _ => (&bytes[at..at + 1], 1),
            },
            _ => {
                is_legal = false;
                ("\u{FFFD}".as_bytes(), 1)
            }
        };
        buffer.extend_from_slice(&bytes[clean..at]);
        buffer.extend_from_slice(replacement);
        clean = at + length;
        match find(&bytes[clean..], mask) {
            Some(next) => at = clean + next,
            None => break,
        }
    }
    buffer.extend_from_slice(&bytes[clean..]);
    is_legal
}

/// The first byte of a class in `mask`.
#[inline]
fn find(bytes: &[u8], mask: u8) -> Option<usize> {
    const BLOCK: usize = 16;
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    // Blocks without special bytes are skipped with vector instructions.
    let plain = blocks.iter().take_while(|block| !may_be_special(block)).count() * BLOCK;
    let index = bytes[plain..].iter().position(|&byte| CLASS[usize::from(byte)] & mask != 0)?;
    Some(plain + index)
}

#[inline]
fn may_be_special(block: &[u8; 16]) -> bool {
    block.iter().fold(0_u8, |found, &byte| {
        found
            | u8::from(byte < 0x20)
            | u8::from(byte == b'&')
            | u8::from(byte == b'<')
            | u8::from(byte == b'>')
            | u8::from(byte == b'\'')
            | u8::from(byte == b'"')
            | u8::from(byte == 0xEF)
    }) != 0
}
