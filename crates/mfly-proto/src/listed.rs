//! Lists from a peer, in which an unreadable entry does not affect the others.
//!
//! A list is read entry by entry. Entries that cannot be read are left out and counted, and the
//! first of them are kept with the reason and a part of their text, so that the caller knows what
//! is missing.

use crate::decode::DecodeError;
use crate::text::excerpt;
use crate::xml::Element;
use std::fmt;
use std::ops::Deref;

/// Number of left-out entries that are kept with reason and text; further ones are only counted.
pub const KEPT: usize = 16;

/// The readable entries of a list, and those that were left out.
///
/// It dereferences to a slice of its entries and can be compared with one, ignoring left-out
/// entries. Two lists are equal when their left-out entries are equal as well.
///
/// ```
/// use mfly_proto::listed::{Listed, SkipReason, Skipped};
/// let mut list = Listed::from(vec!["ann", "bob"]);
/// list.skip(Skipped::new(SkipReason::Invalid("jid"), "c d@x"));
/// assert_eq!(list, ["ann", "bob"]);
/// assert_eq!(list.skipped_count(), 1);
/// assert_eq!(list.skipped()[0].to_string(), "its jid is invalid: c d@x");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    entries: Vec<T>,
    /// Boxed because it is nearly always absent.
    left_out: Option<Box<LeftOut>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct LeftOut {
    count: usize,
    first: Vec<Skipped>,
}

/// An entry that was left out of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The reason why it was left out.
    pub reason: SkipReason,
    /// The text of the entry, escaped and shortened.
    pub text: String,
}

/// The reason why an entry was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// The entry lacks this part.
    Missing(&'static str),
    /// This part of the entry is invalid.
    Invalid(&'static str),
    /// The value is no entry of the list.
    NoEntry,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(part) => write!(f, "it has no {part}"),
            Self::Invalid(part) => write!(f, "its {part} is invalid"),
            Self::NoEntry => f.write_str("it is no entry"),
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.text)
    }
}

impl Skipped {
    /// A left-out entry with an excerpt of its text.
    #[must_use]
    pub fn new(reason: SkipReason, text: &str) -> Self {
        Self { reason, text: excerpt(text) }
    }

    /// A left-out element with the error of reading it.
    pub(crate) fn element(element: Element<'_>, error: &DecodeError) -> Self {
        let reason = match *error {
            DecodeError::MissingAttribute { attribute, .. } => SkipReason::Missing(attribute),
            DecodeError::MissingChild { child, .. } => SkipReason::Missing(child),
            DecodeError::InvalidValue { field, .. } => SkipReason::Invalid(field),
            DecodeError::UnexpectedElement { .. } => SkipReason::NoEntry,
        };
        Self::new(reason, element.source())
    }
}

impl<T> Listed<T> {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new(), left_out: None }
    }

    /// Adds an entry.
    pub fn push(&mut self, entry: T) {
        self.entries.push(entry);
    }

    /// Adds a left-out entry; it is kept if it is one of the first [`KEPT`].
    pub fn skip(&mut self, skipped: Skipped) {
        let left_out = self.left_out.get_or_insert_default();
        left_out.count += 1;
        if left_out.first.len() < KEPT {
            left_out.first.push(skipped);
        }
    }

    /// Reads the elements one by one.
    pub(crate) fn read<'a>(
        elements: impl Iterator<Item = Element<'a>> + Clone,
        read: impl Fn(Element<'a>) -> Result<T, DecodeError>,
    ) -> Self {
        let mut list =
            Self { entries: Vec::with_capacity(elements.clone().count()), left_out: None };
        for element in elements {
            match read(element) {
                Ok(entry) => list.push(entry),
                Err(error) => list.skip(Skipped::element(element, &error)),
            }
        }
        list
    }

    /// Reads all entries or fails: for requests, which are carried out as a whole or not at all.
    pub(crate) fn read_all<'a>(
        elements: impl Iterator<Item = Element<'a>>,
        read: impl Fn(Element<'a>) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        elements.map(read).collect()
    }

    /// Converts each entry or leaves it out.
    pub fn try_map<U>(self, mut map: impl FnMut(T) -> Result<U, Skipped>) -> Listed<U> {
        let mut list =
            Listed { entries: Vec::with_capacity(self.entries.len()), left_out: self.left_out };
        for entry in self.entries {
            match map(entry) {
                Ok(entry) => list.push(entry),
                Err(skipped) => list.skip(skipped),
            }
        }
        list
    }

    /// Converts each entry.
    pub fn map<U>(self, map: impl FnMut(T) -> U) -> Listed<U> {
        Listed { entries: self.entries.into_iter().map(map).collect(), left_out: self.left_out }
    }

    /// Number of entries that were left out.
    #[must_use]
    pub fn skipped_count(&self) -> usize {
        self.left_out.as_ref().map_or(0, |left_out| left_out.count)
    }

    /// The first [`KEPT`] entries that were left out, in the order of the list.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        self.left_out.as_ref().map_or(&[], |left_out| &left_out.first)
    }

    /// Whether the list from the peer had no entries, readable or not.
    #[must_use]
    pub fn was_empty(&self) -> bool {
        self.entries.is_empty() && self.left_out.is_none()
    }

    /// Takes the readable entries.
    #[must_use]
    pub fn into_entries(self) -> Vec<T> {
        self.entries
    }
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<Vec<T>> for Listed<T> {
    fn from(entries: Vec<T>) -> Self {
        Self { entries, left_out: None }
    }
}

impl<T> FromIterator<T> for Listed<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        Vec::from_iter(entries).into()
    }
}

impl<T> Deref for Listed<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.entries
    }
}

impl<T> IntoIterator for Listed<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Listed<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

macro_rules! compared_with {
    ($($other:ty $(, const $n:ident)?;)*) => {$(
        impl<T: PartialEq<U>, U $(, const $n: usize)?> PartialEq<$other> for Listed<T> {
            fn eq(&self, other: &$other) -> bool {
                self.entries[..] == other[..]
            }
        }
    )*};
}
compared_with! {
    [U];
    [U; N], const N;
    Vec<U>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SHOWN_BYTES;

    #[test]
    fn left_out_entries_are_counted_and_the_first_are_kept() {
        let mut list = Listed::from(vec![1]);
        assert!(!list.was_empty() && list.skipped().is_empty());
        for n in 0..1_000 {
            let text = format!("{n}\n{}", "x".repeat(1_000));
            list.skip(Skipped::new(SkipReason::NoEntry, &text));
        }
        assert_eq!((list.skipped_count(), list.skipped().len()), (1_000, KEPT));
        let first = &list.skipped()[0].text;
        assert!(first.starts_with(r"0\nxxx") && first.len() < SHOWN_BYTES + 4);
        assert_eq!(list, [1]);
        assert_ne!(list, Listed::from(vec![1]));
    }

    #[test]
    fn entries_can_be_converted_or_left_out() {
        let mut list = Listed::from(vec!["1", "x", "3"]);
        list.skip(Skipped::new(SkipReason::Missing("jid"), "<item/>"));
        let numbers = list.try_map(|text| {
            let skipped = |_| Skipped::new(SkipReason::Invalid("number"), text);
            text.parse::<u8>().map_err(skipped)
        });
        assert_eq!(numbers, [1, 3]);
        assert_eq!(numbers.skipped_count(), 2);
        let doubled = numbers.map(|number| number * 2);
        assert_eq!(doubled, vec![2, 6]);
        let told: Vec<_> = doubled.skipped().iter().map(ToString::to_string).collect();
        assert_eq!(told, ["it has no jid: <item/>", "its number is invalid: x"]);
    }
}
