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

    fn document(xml: &str) -> Document {
        Document::parse(xml.to_owned(), &Limits::default()).unwrap()
    }

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
        let mut buffer = Vec::new();
        write(&mut Writer::new(&mut buffer));
        String::from_utf8(buffer).unwrap()
    }

    fn sasl(name: &str, content: &str) -> String {
        match content {
            "" => format!(r#"<{name} xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#),
            _ => format!(r#"<{name} xmlns="urn:ietf:params:xml:ns:xmpp-sasl">{content}</{name}>"#),
        }
    }

    #[test]
    fn an_authentication_reads_as_recorded_and_is_written_the_same() {
        let recorded = r#"<auth mechanism="PLAIN" xmlns="urn:ietf:params:xml:ns:xmpp-sasl">AHUxAHB3MTIzNA==</auth>"#;
        let document = document(recorded);
        let auth = Auth::read(document.root()).unwrap();
        assert_eq!(auth, Auth::new("PLAIN", b"\0u1\0pw1234".to_vec()));
        assert_eq!(written(|w| auth.write(w)), recorded);
    }

    #[test]
    fn no_initial_response_differs_from_an_empty_one() {
        let start = r#"<auth mechanism="X" xmlns="urn:ietf:params:xml:ns:xmpp-sasl""#;
        let absent = Auth { mechanism: "X".to_owned(), initial: None };
        let empty = Auth::new("X", Vec::new());
        for (auth, end) in [(absent, "/>"), (empty, ">=</auth>")] {
            let xml = format!("{start}{end}");
            assert_eq!(written(|w| auth.write(w)), xml);
            assert_eq!(Auth::read(document(&xml).root()).unwrap(), auth);
        }
    }

    #[test]
    fn success_may_carry_data_none_or_empty_ones() {
        let cases = [("", None), ("=", Some("")), ("dj14", Some("v=x"))];
        for (content, data) in cases {
            let data = data.map(|data| Zeroizing::new(data.as_bytes().to_vec()));
            let xml = sasl("success", content);
            let success = Success::read(document(&xml).root()).unwrap();
            assert_eq!(success, Success { data });
            assert_eq!(written(|w| success.write(w)), xml);
        }
    }

    #[test]
    fn a_challenge_and_a_response_come_back_as_they_were_written() {
        for data in [&b""[..], b"r=nonce", &[0, 255]] {
            let challenge = Challenge::new(data.to_vec());
            let xml = written(|w| challenge.write(w));
            assert_eq!(Challenge::read(document(&xml).root()).unwrap(), challenge);
            let response = Response::new(data.to_vec());
            let xml = written(|w| response.write(w));
            assert_eq!(Response::read(document(&xml).root()).unwrap(), response);
        }
        assert_eq!(written(|w| Challenge::default().write(w)), sasl("challenge", ""));
        let equals_sign = document(&sasl("response", "="));
        assert_eq!(Response::read(equals_sign.root()).unwrap(), Response::default());
    }

    #[test]
    fn data_that_are_not_strict_base64_are_refused() {
        let refused = DecodeError::InvalidValue { element: "challenge", field: "base64" };
        for content in ["dj1", "dj14 ", "dj\n14", "d===", "dj-4", "=="] {
            let document = document(&sasl("challenge", content));
            assert_eq!(Challenge::read(document.root()).unwrap_err(), refused, "{content:?}");
        }
    }

    #[test]
    fn another_element_or_a_missing_mechanism_is_refused() {
        let other = document(&sasl("abort", ""));
        assert!(Abort::is(other.root()));
        assert_eq!(written(|w| Abort.write(w)), sasl("abort", ""));
        let refused = DecodeError::UnexpectedElement { expected: "success" };
        assert_eq!(Success::read(other.root()).unwrap_err(), refused);
        let no_mechanism = document(&sasl("auth", "="));
        assert_eq!(
            Auth::read(no_mechanism.root()).unwrap_err(),
            DecodeError::MissingAttribute { element: "auth", attribute: "mechanism" }
        );
        assert!(!Success::is(document("<success xmlns=\"urn:other\"/>").root()));
    }

    #[test]
    fn debug_output_does_not_show_the_data() {
        let shown = format!(
            "{:?} {:?} {:?}",
            Auth::new("PLAIN", b"secret".to_vec()),
            Response::new(b"secret".to_vec()),
            Success::default()
        );
        assert_eq!(shown, r#"Auth { mechanism: "PLAIN", .. } Response { .. } Success { .. }"#);
    }
}
