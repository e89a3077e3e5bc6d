//! Failed authentication (RFC 6120 §6.4.5, §6.5).
//!
//! `<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><not-authorized/></failure>`

use crate::decode::{DecodeError, expect};
use crate::ns;
use crate::text::escaped;
use crate::xml::{Element, Writer};
use std::fmt;

named! {
    /// The reason why an authentication failed (RFC 6120 §6.5).
    #[non_exhaustive]
    pub enum FailureCondition {
        /// The client gave up.
        Aborted = "aborted",
        /// The account is disabled.
        AccountDisabled = "account-disabled",
        /// The credentials have expired.
        CredentialsExpired = "credentials-expired",
        /// The mechanism needs an encrypted stream.
        EncryptionRequired = "encryption-required",
        /// The data were not base64.
        IncorrectEncoding = "incorrect-encoding",
        /// The user may not act as the identity asked for.
        InvalidAuthzid = "invalid-authzid",
        /// The server does not offer the mechanism.
        InvalidMechanism = "invalid-mechanism",
        /// The message was malformed.
        MalformedRequest = "malformed-request",
        /// The server wants a stronger mechanism.
        MechanismTooWeak = "mechanism-too-weak",
        /// The credentials are wrong, or the server does not say more.
        NotAuthorized = "not-authorized",
        /// The server failed for now.
        TemporaryAuthFailure = "temporary-auth-failure",
    }
}

impl FailureCondition {
    /// Whether the same credentials will fail again.
    #[must_use]
    pub const fn is_credentials_fault(self) -> bool {
        matches!(
            self,
            Self::AccountDisabled
                | Self::CredentialsExpired
                | Self::InvalidAuthzid
                | Self::NotAuthorized
        )
    }
}

/// A failed authentication: the server's condition and explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The reason of the failure.
    pub condition: FailureCondition,
    /// The server's explanation, if any.
    pub text: Option<String>,
}

impl Failure {
    /// A failure without text.
    #[must_use]
    pub const fn new(condition: FailureCondition) -> Self {
        Self { condition, text: None }
    }

    /// Whether the element is a `<failure/>`.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::SASL, "failure")
    }

    /// Reads a `<failure/>`. A condition that is missing or not understood is `not-authorized`, as
    /// RFC 6120 §6.5 asks.
    ///
    /// # Errors
    /// When the element has another name or namespace.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        expect(element, ns::SASL, "failure")?;
        let mut failure = Self::new(FailureCondition::NotAuthorized);
        for child in element.children().filter(|child| child.ns() == ns::SASL) {
            if child.name() == "text" {
                failure.text = Some(child.text().into_owned());
            } else if let Some(condition) = FailureCondition::from_name(child.name()) {
                failure.condition = condition;
            }
        }
        Ok(failure)
    }

    /// Writes the `<failure/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("failure", |w| {
            w.attr("xmlns", ns::SASL);
            w.element(self.condition.as_str(), |_| {});
            if let Some(text) = &self.text {
                w.text_element("text", text);
            }
        });
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => write!(f, "{}: {}", self.condition, escaped(text)),
            None => write!(f, "{}", self.condition),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Document, Limits};

    #[test]
    fn every_condition_comes_back_as_it_was_written() {
        assert_eq!(FailureCondition::ALL.len(), 11);
        for &condition in FailureCondition::ALL {
            let failure = Failure { condition, text: Some("a < b".to_owned()) };
            let mut buffer = Vec::new();
            failure.write(&mut Writer::new(&mut buffer));
            let document = Document::parse(buffer, &Limits::default()).unwrap();
            assert_eq!(Failure::read(document.root()).unwrap(), failure);
        }
    }

    #[test]
    fn a_text_is_shown_behind_the_condition() {
        let mut failure = Failure::new(FailureCondition::AccountDisabled);
        assert_eq!(failure.to_string(), "account-disabled");
        failure.text = Some("Call\nthe desk".to_owned());
        assert_eq!(failure.to_string(), r"account-disabled: Call\nthe desk");
    }

    #[test]
    fn only_conditions_that_other_credentials_would_cure_are_the_credentials_fault() {
        let faults: Vec<_> = FailureCondition::ALL
            .iter()
            .filter(|condition| condition.is_credentials_fault())
            .map(|condition| condition.as_str())
            .collect();
        let expected =
            ["account-disabled", "credentials-expired", "invalid-authzid", "not-authorized"];
        assert_eq!(faults, expected);
    }

    #[test]
    fn another_element_is_refused() {
        let document = Document::parse("<failure/>".to_owned(), &Limits::default()).unwrap();
        let refused = DecodeError::UnexpectedElement { expected: "failure" };
        assert_eq!(Failure::read(document.root()).unwrap_err(), refused);
    }
}
