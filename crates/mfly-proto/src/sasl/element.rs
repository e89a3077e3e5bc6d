//! SASL on the stream (RFC 6120 §6.4).
//!
//! ```text
//! C: <auth mechanism="PLAIN" xmlns="urn:ietf:params:xml:ns:xmpp-sasl">AHUxAHB3MTIzNA==</auth>
//! S: <success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>
//! ```
//!
//! Source: RFC 6120 §6.4; order of attributes observed: Web SDK 4.25.10. Data are base64 (RFC 4648
//! §4) without white space. Where "no data" and "data of length zero" differ, the latter is `=`.

use super::data::{self, Data, data_element};
use crate::decode::{DecodeError, expect};
use crate::ns;
use crate::xml::{Element, Writer};
use zeroize::Zeroizing;

/// Begins an authentication (RFC 6120 §6.4.2).
#[derive(Clone, PartialEq, Eq)]
pub struct Auth {
    /// Name of the chosen mechanism.
    pub mechanism: String,
    /// The initial response, which may be empty.
    pub initial: Option<Zeroizing<Vec<u8>>>,
}

impl Auth {
    /// An authentication with the initial response `initial`.
    #[must_use]
    pub fn new(mechanism: impl Into<String>, initial: Vec<u8>) -> Self {
        Self { mechanism: mechanism.into(), initial: Some(Zeroizing::new(initial)) }
    }

    /// Whether the element is an `<auth/>`.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::SASL, "auth")
    }

    /// Reads an `<auth/>`.
    ///
    /// # Errors
    /// When the element has another name or namespace, lacks its mechanism, or its text is not
    /// base64.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        expect(element, ns::SASL, "auth")?;
        let initial = read_optional_data(element, "auth")?;
        let mechanism = element
            .attr("mechanism")
            .filter(|mechanism| !mechanism.is_empty())
            .ok_or(DecodeError::MissingAttribute { element: "auth", attribute: "mechanism" })?;
        Ok(Self { mechanism: mechanism.into_owned(), initial })
    }

    /// Writes the `<auth/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("auth", |w| {
            w.attr("mechanism", &self.mechanism);
            w.attr("xmlns", ns::SASL);
            write_optional_data(w, self.initial.as_ref());
        });
    }
}
debug_only!(Auth { mechanism });

/// Ends a successful authentication (RFC 6120 §6.4.6).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Success {
    /// Final data of the mechanism, which may be empty.
    pub data: Option<Zeroizing<Vec<u8>>>,
}

impl Success {
    /// Whether the element is a `<success/>`.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::SASL, "success")
    }

    /// Reads a `<success/>`.
    ///
    /// # Errors
    /// When the element has another name or namespace, or its text is not base64.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        expect(element, ns::SASL, "success")?;
        Ok(Self { data: read_optional_data(element, "success")? })
    }

    /// Writes the `<success/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("success", |w| {
            w.attr("xmlns", ns::SASL);
            write_optional_data(w, self.data.as_ref());
        });
    }
}
debug_only!(Success {});

data_element! {
    /// The server's challenge (RFC 6120 §6.4.3).
    Challenge = "challenge" in ns::SASL, read_data
}
data_element! {
    /// The client's response to a challenge (RFC 6120 §6.4.3).
    Response = "response" in ns::SASL, read_data
}
empty_element! {
    /// The client gives up (RFC 6120 §6.4.4).
    Abort = "abort" in ns::SASL
}

fn read_data(element: Element<'_>, name: &'static str) -> Result<Data, DecodeError> {
    read_optional_data(element, name).map(Option::unwrap_or_default)
}

fn read_optional_data(
    element: Element<'_>,
    name: &'static str,
) -> Result<Option<Data>, DecodeError> {
    match element.text().as_ref() {
        "" => Ok(None),
        "=" => Ok(Some(Zeroizing::default())),
        _ => data::read(element, name).map(Some),
    }
}

fn write_optional_data(writer: &mut Writer<'_>, data: Option<&Data>) {
    match data {
        Some(data) if data.is_empty() => writer.text("="),
        Some(data) => data::write(writer, data),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Document, Limits};

    #[test]
    fn another_element_is_refused() {
        let text = r#"<abort xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#;
        let other = Document::parse(text, &Limits::default()).unwrap();
        assert!(Abort::is(other.root()) && !Success::is(other.root()));
        let refused = |expected| Some(DecodeError::UnexpectedElement { expected });
        assert_eq!(Auth::read(other.root()).err(), refused("auth"));
        assert_eq!(Success::read(other.root()).err(), refused("success"));
        assert_eq!(Challenge::read(other.root()).err(), refused("challenge"));
        let mut buffer = Vec::new();
        Abort.write(&mut Writer::new(&mut buffer));
        assert_eq!(buffer, text.as_bytes());
    }

    #[test]
    fn debug_output_does_not_show_the_data() {
        let data = || b"secret".to_vec();
        let success = Success { data: Some(Zeroizing::new(data())) };
        let shown = format!("{:?} {:?} {success:?}", Auth::new("X", data()), Response::new(data()));
        assert_eq!(shown, r#"Auth { mechanism: "X", .. } Response { .. } Success { .. }"#);
    }
}
