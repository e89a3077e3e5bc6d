//! The parts of a card that have parts themselves. Source: XEP-0054 §3.

use super::{text, write_text};
use crate::ns;
use crate::xml::{Element, Writer, is_name};

/// A name in its parts; an empty text stands for none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// `FAMILY`
    pub family: String,
    /// `GIVEN`
    pub given: String,
    /// `MIDDLE`
    pub middle: String,
    /// `PREFIX`, such as a title.
    pub prefix: String,
    /// `SUFFIX`
    pub suffix: String,
}

impl Name {
    pub(super) fn read(element: Element<'_>) -> Self {
        Self {
            family: text(element, "FAMILY"),
            given: text(element, "GIVEN"),
            middle: text(element, "MIDDLE"),
            prefix: text(element, "PREFIX"),
            suffix: text(element, "SUFFIX"),
        }
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        if *self == Self::default() {
            return;
        }
        writer.element("N", |w| {
            write_text(w, "FAMILY", &self.family);
            write_text(w, "GIVEN", &self.given);
            write_text(w, "MIDDLE", &self.middle);
            write_text(w, "PREFIX", &self.prefix);
            write_text(w, "SUFFIX", &self.suffix);
        });
    }
}

/// Where somebody works; an empty text stands for none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Organization {
    /// `ORGNAME`
    pub name: String,
    /// `ORGUNIT`, the largest first.
    pub units: Vec<String>,
}

impl Organization {
    pub(super) fn read(element: Element<'_>) -> Self {
        let units = element.children().filter(|child| child.is(ns::VCARD, "ORGUNIT"));
        Self {
            name: text(element, "ORGNAME"),
            units: units.map(|unit| unit.text().into_owned()).collect(),
        }
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        if *self == Self::default() {
            return;
        }
        writer.element("ORG", |w| {
            write_text(w, "ORGNAME", &self.name);
            for unit in &self.units {
                w.text_element("ORGUNIT", unit);
            }
        });
    }
}

/// A telephone number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Telephone {
    /// What it is for, in upper case: `HOME`, `WORK`, `CELL`, `VOICE`, …
    pub kinds: Vec<String>,
    /// `NUMBER`
    pub number: String,
}

impl Telephone {
    pub(super) fn read(element: Element<'_>) -> Self {
        Self { kinds: kinds(element, "NUMBER"), number: text(element, "NUMBER") }
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.element("TEL", |w| {
            write_kinds(w, &self.kinds, "NUMBER");
            w.text_element("NUMBER", &self.number);
        });
    }
}

/// An e-mail address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Email {
    /// What it is for, in upper case: `HOME`, `WORK`, `INTERNET`, `PREF`, …
    pub kinds: Vec<String>,
    /// `USERID`
    pub address: String,
}

impl Email {
    pub(super) fn read(element: Element<'_>) -> Self {
        Self { kinds: kinds(element, "USERID"), address: text(element, "USERID") }
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.element("EMAIL", |w| {
            write_kinds(w, &self.kinds, "USERID");
            w.text_element("USERID", &self.address);
        });
    }
}

/// The names of the empty elements beside the value.
fn kinds(element: Element<'_>, value: &str) -> Vec<String> {
    let kinds = element.children().filter(|child| child.ns() == ns::VCARD && child.name() != value);
    kinds.map(|kind| kind.name().to_owned()).collect()
}

/// Writes one empty element a kind; what is no element's name is left out.
fn write_kinds(writer: &mut Writer<'_>, kinds: &[String], value: &str) {
    for kind in kinds.iter().filter(|kind| is_name(kind) && *kind != value) {
        writer.other_element("kinds", kind, |_| {});
    }
}
