//! Fields of a vCard that have parts. Source: XEP-0054 §3.

use super::{text, write_text};
use crate::ns;
use crate::xml::{Element, Writer, is_name};

/// The parts of a name; an empty text means that the part is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// `FAMILY`: the family name.
    pub family: String,
    /// `GIVEN`: the given name.
    pub given: String,
    /// `MIDDLE`: middle names.
    pub middle: String,
    /// `PREFIX`: a prefix such as a title.
    pub prefix: String,
    /// `SUFFIX`: a suffix such as "Jr.".
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

/// An organization; an empty text means that the part is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Organization {
    /// `ORGNAME`: name of the organization.
    pub name: String,
    /// `ORGUNIT`: units, the largest first.
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
    /// Kinds in upper case: `HOME`, `WORK`, `CELL`, `VOICE`, …
    pub kinds: Vec<String>,
    /// `NUMBER`: the number itself.
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
    /// Kinds in upper case: `HOME`, `WORK`, `INTERNET`, `PREF`, …
    pub kinds: Vec<String>,
    /// `USERID`: the address itself.
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

/// The kinds of an entry: the names of the empty elements beside its value.
fn kinds(element: Element<'_>, value: &str) -> Vec<String> {
    let kinds = element.children().filter(|child| child.ns() == ns::VCARD && child.name() != value);
    kinds.map(|kind| kind.name().to_owned()).collect()
}

/// Writes an empty element for each kind that is a possible element name.
fn write_kinds(writer: &mut Writer<'_>, kinds: &[String], value: &str) {
    for kind in kinds.iter().filter(|kind| is_name(kind) && *kind != value) {
        writer.other_element("kinds", kind, |_| {});
    }
}
