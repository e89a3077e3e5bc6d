//! Escaping of names for local parts (XEP-0106).
//!
//! `d'artagnan` is no local part, `d\27artagnan` is. Gateways use this form for users of other
//! networks, and apps show the name without escapes. Addresses are compared, stored and sent in the
//! escaped form; only what a person types or reads is escaped or unescaped.

use super::syntax::EXCLUDED;
use crate::argument::InvalidArgument;
use std::borrow::Cow;

/// Digits after the backslash, and the character that they stand for (XEP-0106 §4).
const ESCAPES: [(&str, char); 10] = [
    ("20", ' '),
    ("22", '"'),
    ("26", '&'),
    ("27", '\''),
    ("2f", '/'),
    ("3a", ':'),
    ("3c", '<'),
    ("3e", '>'),
    ("40", '@'),
    ("5c", '\\'),
];

/// The character of the escape after a backslash, and the text after its digits, which may be in
/// either case.
fn escaped(after_backslash: &str) -> Option<(char, &str)> {
    let (digits, rest) = after_backslash.split_at_checked(2)?;
    let known = |(code, _): &&(&str, char)| code.eq_ignore_ascii_case(digits);
    ESCAPES.iter().find(known).map(|&(_, character)| (character, rest))
}

/// Escapes a name for a local part: `d'artagnan` becomes `d\27artagnan`. A backslash is escaped
/// only where it would begin an escape.
///
/// ```
/// use mfly_proto::jid::{Jid, escape_local};
/// let local = escape_local("juliet@example.com")?;
/// assert_eq!(local, r"juliet\40example.com");
/// assert!(Jid::new(&format!("{local}@gateway.test")).is_ok());
/// # Ok::<(), mfly_proto::argument::InvalidArgument>(())
/// ```
///
/// # Errors
/// When the name is empty, or begins or ends with a space (XEP-0106 §4.2). Other forbidden
/// characters, such as control characters, are refused by [`Jid::new`](super::Jid::new).
pub fn escape_local(name: &str) -> Result<Cow<'_, str>, InvalidArgument> {
    if name.is_empty() || name.starts_with(' ') || name.ends_with(' ') {
        return Err(InvalidArgument::new(
            "name",
            "must not be empty, nor begin or end with a space",
        ));
    }
    let needs_escape = |at: usize, character: char| match character {
        '\\' => escaped(&name[at + 1..]).is_some(),
        _ => character == ' ' || EXCLUDED.contains(&character),
    };
    if !name.char_indices().any(|(at, c)| needs_escape(at, c)) {
        return Ok(Cow::Borrowed(name));
    }
    let mut local = String::with_capacity(name.len() + 8);
    for (at, character) in name.char_indices() {
        let code = ESCAPES.iter().find(|(_, known)| *known == character);
        match code.filter(|_| needs_escape(at, character)) {
            Some((digits, _)) => {
                local.push('\\');
                local.push_str(digits);
            }
            None => local.push(character),
        }
    }
    Ok(Cow::Owned(local))
}

/// The name of a local part: `d\27artagnan` becomes `d'artagnan`. Other backslashes are unchanged,
/// as is `\20` at the beginning or end, which no escaped name has.
#[must_use]
pub fn unescape_local(local: &str) -> Cow<'_, str> {
    if !local.contains('\\') {
        return Cow::Borrowed(local);
    }
    let mut name = String::with_capacity(local.len());
    let mut rest = local;
    while let Some((before, after)) = rest.split_once('\\') {
        name.push_str(before);
        match escaped(after) {
            Some((' ', behind)) if name.is_empty() || behind.is_empty() => {
                name.push('\\');
                rest = after;
            }
            Some((character, behind)) => {
                name.push(character);
                rest = behind;
            }
            None => {
                name.push('\\');
                rest = after;
            }
        }
    }
    name.push_str(rest);
    Cow::Owned(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jid::Jid;
    use crate::testing::rows;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_specification_are_escaped_and_unescaped() {
        for (name, local) in rows(include_str!("../../fixtures/text/escaped_names.txt")) {
            assert_eq!(escape_local(&name).unwrap(), local);
            assert_eq!(unescape_local(&local), name);
            let address = format!("{local}@host.test");
            assert_eq!(Jid::new(&address).unwrap().local(), Some(&*local));
        }
    }

    #[test]
    fn a_space_at_either_end_is_refused_and_its_escape_there_is_none() {
        for name in ["", " ", " a", "a "] {
            assert_eq!(escape_local(name).unwrap_err().name, "name", "{name:?}");
        }
        for local in [r"\20a", r"a\20", r"\20"] {
            assert_eq!(unescape_local(local), local);
        }
    }

    #[test]
    fn digits_of_either_case_are_an_escape_and_half_of_one_is_not() {
        assert_eq!(unescape_local(r"\3Aa\2Fb"), ":a/b");
        for local in [r"\", r"\2", r"\é", r"\2é", r"\21"] {
            assert_eq!(unescape_local(local), local);
        }
    }

    proptest! {
        #![proptest_config(crate::seeded::seeded())]

        #[test]
        fn any_name_comes_back_from_its_escaped_form(name in r#"[a-zé"&'/:<>@\\ 0-9(){}2-5c]{1,24}"#) {
            prop_assume!(!name.starts_with(' ') && !name.ends_with(' '));
            let local = escape_local(&name).unwrap();
            prop_assert!(!local.contains(EXCLUDED) && !local.contains(' '), "{}", local);
            prop_assert_eq!(unescape_local(&local), name.as_str());
        }

        #[test]
        fn unescaping_takes_any_text(local in r"(\\|2|0|5|c|é|.){0,16}") {
            prop_assert!(unescape_local(&local).len() <= local.len());
        }
    }
}
