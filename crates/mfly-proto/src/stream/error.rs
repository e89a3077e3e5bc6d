//! Stream errors (RFC 6120 §4.9), with which a peer ends the stream.
//!
//! `<stream:error xmlns:stream="…"><conflict
//! xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>`

use super::SeeOtherHost;
use crate::decode::DecodeError;
use crate::ns;
use crate::text::escaped;
use crate::xml::{Element, Writer, XmlErrorKind};
use std::fmt;

named! {
    /// The reason for the end of a stream (RFC 6120 §4.9.3).
    #[derive(Default)]
    #[non_exhaustive]
    pub enum StreamCondition {
        /// The XML cannot be processed.
        BadFormat = "bad-format",
        /// A namespace prefix is wrong.
        BadNamespacePrefix = "bad-namespace-prefix",
        /// Another session took this resource.
        Conflict = "conflict",
        /// The peer was silent for too long.
        ConnectionTimeout = "connection-timeout",
        /// The server no longer serves this host.
        HostGone = "host-gone",
        /// The server does not know this host.
        HostUnknown = "host-unknown",
        /// An address is missing or wrong.
        ImproperAddressing = "improper-addressing",
        /// The server failed.
        InternalServerError = "internal-server-error",
        /// The `from` is not the sender's address.
        InvalidFrom = "invalid-from",
        /// A namespace is wrong.
        InvalidNamespace = "invalid-namespace",
        /// The XML is invalid.
        InvalidXml = "invalid-xml",
        /// The peer must authenticate first.
        NotAuthorized = "not-authorized",
        /// The XML is not well-formed.
        NotWellFormed = "not-well-formed",
        /// A local policy was broken.
        PolicyViolation = "policy-violation",
        /// Another server could not be reached.
        RemoteConnectionFailed = "remote-connection-failed",
        /// The stream must be opened again.
        Reset = "reset",
        /// The server is out of resources.
        ResourceConstraint = "resource-constraint",
        /// XML that RFC 6120 §11 forbids.
        RestrictedXml = "restricted-xml",
        /// The peer must connect to another host.
        SeeOtherHost = "see-other-host",
        /// The server shuts down.
        SystemShutdown = "system-shutdown",
        /// The encoding is not UTF-8.
        UnsupportedEncoding = "unsupported-encoding",
        /// A required feature is missing.
        UnsupportedFeature = "unsupported-feature",
        /// The element is not a stanza.
        UnsupportedStanzaType = "unsupported-stanza-type",
        /// The stream version is wrong.
        UnsupportedVersion = "unsupported-version",
        /// A condition that the RFC does not define, or no condition at all.
        #[default]
        UndefinedCondition = "undefined-condition",
    }
}

/// The stream error for a peer that sent such a text (RFC 6120 §4.9.3).
impl From<XmlErrorKind> for StreamCondition {
    fn from(kind: XmlErrorKind) -> Self {
        match kind {
            XmlErrorKind::Comment
            | XmlErrorKind::Doctype
            | XmlErrorKind::ProcessingInstruction
            | XmlErrorKind::UndeclaredEntity => Self::RestrictedXml,
            XmlErrorKind::TooDeep
            | XmlErrorKind::TooLarge
            | XmlErrorKind::TooManyAttributes
            | XmlErrorKind::TooManyChildren
            | XmlErrorKind::TooManyElements
            | XmlErrorKind::TooManyNamespaces => Self::PolicyViolation,
            XmlErrorKind::UnboundPrefix | XmlErrorKind::ReservedPrefix => Self::BadNamespacePrefix,
            XmlErrorKind::InvalidUtf8 => Self::UnsupportedEncoding,
            XmlErrorKind::WrongStreamNamespace => Self::InvalidNamespace,
            XmlErrorKind::WrongStreamVersion => Self::UnsupportedVersion,
            _ => Self::NotWellFormed,
        }
    }
}

/// A stream error: the peer's reason for ending the stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamError {
    /// The defined condition.
    pub condition: StreamCondition,
    /// The peer's explanation, if any.
    pub text: Option<String>,
    /// For `see-other-host`, the host to connect to instead, unparsed; see
    /// [`redirect`](Self::redirect).
    pub see_other_host: Option<String>,
}

impl StreamError {
    /// An error without text.
    #[must_use]
    pub const fn new(condition: StreamCondition) -> Self {
        Self { condition, text: None, see_other_host: None }
    }

    /// Whether the element is a stream error.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::STREAM, "error")
    }

    /// Reads a stream error; an unknown or missing condition is `undefined-condition`.
    #[must_use]
    pub fn read(element: Element<'_>) -> Self {
        let mut error = Self::default();
        for child in element.children().filter(|child| child.ns() == ns::STREAM_ERRORS) {
            if child.name() == "text" {
                error.text = Some(child.text().into_owned());
            } else if let Some(condition) = StreamCondition::from_name(child.name()) {
                error.condition = condition;
                if condition == StreamCondition::SeeOtherHost {
                    error.see_other_host = Some(child.text().trim().to_owned());
                }
            }
        }
        error
    }

    /// The host to connect to instead, for `see-other-host`.
    ///
    /// # Errors
    /// When it names no valid host.
    pub fn redirect(&self) -> Result<Option<SeeOtherHost>, DecodeError> {
        if self.condition != StreamCondition::SeeOtherHost {
            return Ok(None);
        }
        let host = self.see_other_host.as_deref().unwrap_or_default();
        host.parse().map(Some)
    }

    /// Writes the error with the declaration of its prefix.
    pub fn write(&self, buffer: &mut Vec<u8>) {
        Writer::new(buffer).element("stream:error", |w| {
            w.attr("xmlns:stream", ns::STREAM);
            w.element(self.condition.as_str(), |w| {
                w.attr("xmlns", ns::STREAM_ERRORS);
                if let Some(host) = &self.see_other_host {
                    w.text(host);
                }
            });
            if let Some(text) = &self.text {
                w.element("text", |w| {
                    w.attr("xmlns", ns::STREAM_ERRORS);
                    w.text(text);
                });
            }
        });
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.condition.as_str())?;
        if let Some(text) = &self.text {
            write!(f, ": {}", escaped(text))?;
        }
        Ok(())
    }
}
