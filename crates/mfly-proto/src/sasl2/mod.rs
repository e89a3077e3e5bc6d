//! SASL2 (XEP-0388): an authentication that says more in one message, and needs no new stream after
//! it.
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
//! "data of length zero" differ, the former has no element. What else an element holds is passed
//! over.

mod authenticate;
mod exchange;
mod outcome;

pub use authenticate::{Authenticate, UserAgent};
pub use exchange::{Abort, Challenge, Response};
pub use outcome::{Continue, Failure, Success};

use crate::decode::DecodeError;
use crate::ns;
use crate::xml::{Element, Writer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Bytes of a mechanism.
type Data = Zeroizing<Vec<u8>>;

fn expect(element: Element<'_>, name: &'static str) -> Result<(), DecodeError> {
    if element.is(ns::SASL2, name) {
        Ok(())
    } else {
        Err(DecodeError::UnexpectedElement { expected: name })
    }
}

/// The child of this name, which must not be there twice.
fn only_child<'a>(
    element: Element<'a>,
    of: &'static str,
    name: &'static str,
) -> Result<Option<Element<'a>>, DecodeError> {
    let mut found = element.children().filter(|child| child.is(ns::SASL2, name));
    let first = found.next();
    if found.next().is_some() {
        return Err(DecodeError::InvalidValue { element: of, field: name });
    }
    Ok(first)
}

fn text_child(
    element: Element<'_>,
    of: &'static str,
    name: &'static str,
) -> Result<Option<String>, DecodeError> {
    let child = only_child(element, of, name)?;
    Ok(child.map(|child| child.text().into_owned()))
}

fn data_child(
    element: Element<'_>,
    of: &'static str,
    name: &'static str,
) -> Result<Option<Data>, DecodeError> {
    let child = only_child(element, of, name)?;
    child.map(|child| data(child, name)).transpose()
}

fn data(element: Element<'_>, name: &'static str) -> Result<Data, DecodeError> {
    let decoded = STANDARD.decode(element.text().as_ref());
    decoded
        .map(Zeroizing::new)
        .map_err(|_| DecodeError::InvalidValue { element: name, field: "base64" })
}

fn write_data(writer: &mut Writer<'_>, data: &Data) {
    if !data.is_empty() {
        writer.text(&Zeroizing::new(STANDARD.encode(&**data)));
    }
}

fn write_data_child(writer: &mut Writer<'_>, name: &'static str, data: Option<&Data>) {
    if let Some(data) = data {
        writer.element(name, |w| write_data(w, data));
    }
}
