//! One spelling for parts of an address that mean the same, so that they can be compared as text.
//!
//! Beyond ASCII this follows the stringprep profiles of RFC 3920, because the servers in use do: an
//! address that was prepared otherwise would not be the one that a server answers from. RFC 7622
//! (PRECIS) agrees for most names. Code points that are younger than stringprep's tables (Unicode
//! 3.2) are taken as they stand, as PRECIS servers may send them.

use super::syntax::is_domain;
use crate::idn::label;
use std::borrow::Cow;
use stringprep::tables::unassigned_code_point;

/// Full stops that separate the labels of a domain (RFC 3490 §3.1).
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{FF0E}', '\u{FF61}'];

/// A local part as servers write it; none when it holds what no local part can hold.
pub(super) fn local(text: &str) -> Option<Cow<'_, str>> {
    if text.is_ascii() || text.contains(unassigned_code_point) {
        return Some(fold(text));
    }
    stringprep::nodeprep(text).ok()
}

/// A domain as servers write it; none when it holds what no domain can hold. Labels in the ASCII
/// form of DNS become what they stand for, and dots at the end are dropped (RFC 7622 §3.2).
pub(super) fn domain(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim_end_matches(DOTS);
    if text.is_ascii() && !label::may_be_encoded(text.as_bytes()) {
        return Some(fold(text));
    }
    let mut prepared = String::with_capacity(text.len());
    for (index, part) in text.split(DOTS).enumerate() {
        if index > 0 {
            prepared.push('.');
        }
        prepared.push_str(&prepared_label(part)?);
    }
    Some(Cow::Owned(prepared))
}

/// One label of a domain, whose direction is its own (RFC 3490 §3.1).
fn prepared_label(text: &str) -> Option<Cow<'_, str>> {
    let prepared = unencoded(text)?;
    let Some(decoded) = label::decoded(&prepared) else {
        return Some(prepared);
    };
    // A label that stands for what would be written otherwise is not its encoding.
    let is_stable = unencoded(&decoded).is_some_and(|again| again == decoded);
    Some(match is_stable && is_domain(&decoded) && !decoded.contains(DOTS) {
        true => Cow::Owned(decoded),
        false => prepared,
    })
}

fn unencoded(text: &str) -> Option<Cow<'_, str>> {
    // Old and new rules for domains (IDNA 2003 and 2008) make two different domains of these.
    const DEVIATIONS: &[char] = &['ß', 'ẞ', 'ς', '\u{200C}', '\u{200D}'];
    if text.is_ascii() || text.contains(unassigned_code_point) {
        return Some(fold(text));
    }
    if text.contains(DEVIATIONS) {
        return Some(text.chars().flat_map(char::to_lowercase).collect());
    }
    stringprep::nameprep(text).ok()
}

/// A resource in the form of servers. A resource that the profile refuses is unchanged, because
/// clients choose resources freely.
pub(super) fn resource(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    stringprep::resourceprep(text).unwrap_or(Cow::Borrowed(text))
}

fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use crate::jid::Jid;
    use crate::testing::rows;
    use proptest::prelude::*;

    fn address(text: &str) -> Option<String> {
        Jid::new(text).ok().map(|jid| jid.as_str().to_owned())
    }

    #[test]
    fn texts_are_addresses_in_their_prepared_form_or_refused() {
        for (text, expected) in rows(include_str!("../../fixtures/text/addresses.txt")) {
            assert_eq!(address(&text).unwrap_or("refused".to_owned()), expected, "{text:?}");
        }
    }

    #[test]
    fn a_part_that_grows_beyond_its_length_is_refused() {
        // One character of three bytes becomes four of them.
        let local = |characters| format!("{}@host.test", "\u{3300}".repeat(characters));
        assert_eq!(address(&local(85)).map(|text| text.len()), Some(1_020 + 10));
        assert_eq!(address(&local(86)), None);
    }

    proptest! {
        #![proptest_config(crate::seeded::seeded())]

        #[test]
        fn an_address_is_its_own_spelling(text in "[a-zA-ZÀ-ÿΑ-ωА-я\u{5D0}-\u{5EA}ａ-ｚ\u{300}-\u{310}ß]{1,8}@(xn--[a-z0-9-]{1,8}|[a-zÀ-ÿß.。\u{5D0}-\u{5EA}ａ-ｚ－]{1,8})(/[ -~À-ÿ\u{300}-\u{310}]{1,8})?") {
            if let Ok(jid) = Jid::new(&text) {
                prop_assert_eq!(Jid::new(jid.as_str()), Ok(jid.clone()));
                let parts = (jid.local(), jid.domain(), jid.resource());
                let again = jid.bare();
                prop_assert_eq!((again.local(), again.domain()), (parts.0, parts.1));
            }
        }
    }
}
