//! The characters that parts of an address may hold (RFC 7622).

use crate::idn::label::may_be_encoded;

/// Each part of a JID is at most 1,023 bytes (RFC 7622 §3.1).
const PART_BYTES: usize = 1023;

/// Bytes that are always allowed unchanged in a local part or a domain.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        plain[byte] = matches!(byte as u8, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
        byte += 1;
    }
    plain
};

/// Offsets of `@` and `/` in an address of plain lower-case ASCII, as nearly all are. `None` for
/// other addresses, which need preparation.
pub(super) fn plain_offsets(text: &[u8]) -> Option<(Option<u16>, Option<u16>)> {
    // Not longer than one part: then no part is too long, and every offset fits.
    if text.is_empty() || text.len() > PART_BYTES {
        return None;
    }
    let plain_until = |from: usize| {
        let rest = text[from..].iter();
        let end = rest.take_while(|byte| PLAIN[usize::from(**byte)]).count();
        from + end
    };
    let mut end = plain_until(0);
    let mut at = None;
    if text.get(end) == Some(&b'@') {
        at = Some(end as u16);
        end = plain_until(end + 1);
    }
    let domain = at.map_or(0, |at| usize::from(at) + 1);
    let name = &text[domain..end];
    if at == Some(0) || name.is_empty() || name.ends_with(b".") || may_be_encoded(name) {
        return None;
    }
    match text.get(end) {
        None => Some((at, None)),
        Some(b'/') => {
            let resource = &text[end + 1..];
            let is_valid =
                !resource.is_empty() && resource.iter().all(|byte| matches!(byte, b' '..=b'~'));
            is_valid.then_some((at, Some(end as u16)))
        }
        Some(_) => None,
    }
}

/// Characters that a prepared local part must not hold (RFC 7622 §3.3.1), besides space and control
/// characters.
pub(super) const EXCLUDED: [char; 8] = ['"', '&', '\'', '/', ':', '<', '>', '@'];

pub(super) fn is_local(local: &str) -> bool {
    if local.is_empty() || local.len() > PART_BYTES {
        return false;
    }
    !local.chars().any(|c| c.is_control() || c.is_whitespace() || EXCLUDED.contains(&c))
}

pub(super) fn is_domain(domain: &str) -> bool {
    if domain.is_empty() || domain.len() > PART_BYTES {
        return false;
    }
    // Only a bracketed IPv6 literal may have colons.
    let literal = domain.starts_with('[') && domain.ends_with(']');
    !domain.chars().any(|c| {
        c.is_control()
            || c.is_whitespace()
            || matches!(c, '"' | '\'' | '&' | '\\' | '/' | '<' | '>' | '@')
            || (c == ':' && !literal)
    })
}

pub(super) fn is_resource(resource: &str) -> bool {
    !resource.is_empty()
        && resource.len() <= PART_BYTES
        && !resource.chars().any(|c| c.is_ascii_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}'))
}
