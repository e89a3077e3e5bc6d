//! SASL2 (XEP-0388): authentication that carries other requests with it and needs no new stream
//! afterwards.
//!
//! ```text
//! C: <authenticate mechanism="SCRAM-SHA-256" xmlns="urn:xmpp:sasl:2"><initial-response>…</initial-response>
//!      <user-agent id="uuid"><software>mfly</software><device>desk</device></user-agent>
//!      <bind xmlns="urn:xmpp:bind:0"/></authenticate>
//! S: <challenge xmlns="urn:xmpp:sasl:2">…</challenge>
//! C: <response xmlns="urn:xmpp:sasl:2">…</response>
//! S: <success xmlns="urn:xmpp:sasl:2"><additional-data>…</additional-data>
//!      <authorization-identifier>u1@host/mfly.42</authorization-identifier><bound xmlns="urn:xmpp:bind:0"/></success>
//! S: <stream:features>…</stream:features>
//! ```
//! Source: XEP-0388 §2. Data are base64 (RFC 4648 §4) without white space; where "no data" and
//! "data of length zero" differ, the former has no element. Other content of the elements is
//! ignored.

mod authenticate;
mod outcome;

pub use authenticate::{Authenticate, UserAgent};
pub use outcome::{Continue, Failure, Success};

use crate::decode::{DecodeError, expect};
use crate::ns;
use crate::sasl::data::{self, Data, data_element};
use crate::xml::{Element, Writer};

data_element! {
    /// The server's challenge (XEP-0388 §2.5).
    Challenge = "challenge" in ns::SASL2, data::read
}
data_element! {
    /// The client's response to a challenge (XEP-0388 §2.5).
    Response = "response" in ns::SASL2, data::read
}
empty_element! {
    /// The client gives up (XEP-0388 §3.5).
    Abort = "abort" in ns::SASL2
}

/// The child with this name, which must not occur twice.
fn only_child<'a>(
    element: Element<'a>,
    parent: &'static str,
    name: &'static str,
) -> Result<Option<Element<'a>>, DecodeError> {
    let mut found = element.children().filter(|child| child.is(ns::SASL2, name));
    let first = found.next();
    if found.next().is_some() {
        return Err(DecodeError::InvalidValue { element: parent, field: name });
    }
    Ok(first)
}

fn text_child(
    element: Element<'_>,
    parent: &'static str,
    name: &'static str,
) -> Result<Option<String>, DecodeError> {
    let child = only_child(element, parent, name)?;
    Ok(child.map(|child| child.text().into_owned()))
}

fn data_child(
    element: Element<'_>,
    parent: &'static str,
    name: &'static str,
) -> Result<Option<Data>, DecodeError> {
    let child = only_child(element, parent, name)?;
    child.map(|child| data::read(child, name)).transpose()
}

fn write_data_child(writer: &mut Writer<'_>, name: &'static str, data: Option<&Data>) {
    if let Some(data) = data {
        writer.element(name, |w| data::write(w, data));
    }
}
