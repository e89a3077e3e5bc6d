//! Stanza errors (RFC 6120 §8.3).
//!
//! `<error type="cancel"><service-unavailable
//! xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`

use crate::ns;
use crate::text::escaped;
use crate::xml::{Element, Writer};
use std::fmt;

named! {
    /// The reaction that the error allows its recipient (RFC 6120 §8.3.2).
    pub enum ErrorKind {
        /// Retry after authenticating or authorising.
        Auth = "auth",
        /// Do not retry.
        Cancel = "cancel",
        /// Proceed: it was only a warning.
        Continue = "continue",
        /// Retry after changing the data.
        Modify = "modify",
        /// Retry after waiting.
        Wait = "wait",
    }
}

named! {
    /// The defined condition of a stanza error (RFC 6120 §8.3.3).
    #[non_exhaustive]
    pub enum ErrorCondition {
        /// The request is malformed.
        BadRequest = "bad-request",
        /// Another resource or session has this name.
        Conflict = "conflict",
        /// The feature is not implemented.
        FeatureNotImplemented = "feature-not-implemented",
        /// The requester may not do this.
        Forbidden = "forbidden",
        /// The addressed entity is gone.
        Gone = "gone",
        /// The server failed.
        InternalServerError = "internal-server-error",
        /// The addressed item does not exist.
        ItemNotFound = "item-not-found",
        /// An address is malformed.
        JidMalformed = "jid-malformed",
        /// The request breaks a policy of the recipient.
        NotAcceptable = "not-acceptable",
        /// No entity may do this.
        NotAllowed = "not-allowed",
        /// Credentials are needed.
        NotAuthorized = "not-authorized",
        /// The request breaks a policy of the server.
        PolicyViolation = "policy-violation",
        /// The recipient is not reachable now.
        RecipientUnavailable = "recipient-unavailable",
        /// The service is available at another address.
        Redirect = "redirect",
        /// Registration is needed first.
        RegistrationRequired = "registration-required",
        /// The other server does not exist.
        RemoteServerNotFound = "remote-server-not-found",
        /// The other server did not answer.
        RemoteServerTimeout = "remote-server-timeout",
        /// The server is out of resources.
        ResourceConstraint = "resource-constraint",
        /// The service is not offered.
        ServiceUnavailable = "service-unavailable",
        /// A presence subscription is needed.
        SubscriptionRequired = "subscription-required",
        /// None of the defined conditions.
        UndefinedCondition = "undefined-condition",
        /// Understood, but not at this time.
        UnexpectedRequest = "unexpected-request",
    }
}

impl ErrorCondition {
    /// The error type that the RFC recommends for this condition.
    #[must_use]
    pub const fn default_kind(self) -> ErrorKind {
        match self {
            Self::Forbidden
            | Self::NotAuthorized
            | Self::RegistrationRequired
            | Self::SubscriptionRequired => ErrorKind::Auth,
            Self::BadRequest
            | Self::JidMalformed
            | Self::NotAcceptable
            | Self::PolicyViolation
            | Self::Redirect => ErrorKind::Modify,
            Self::RecipientUnavailable
            | Self::RemoteServerTimeout
            | Self::ResourceConstraint
            | Self::UnexpectedRequest => ErrorKind::Wait,
            _ => ErrorKind::Cancel,
        }
    }
}

/// A stanza error: type, condition and explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StanzaError {
    /// The reaction that the error allows.
    pub kind: ErrorKind,
    /// The defined condition.
    pub condition: ErrorCondition,
    /// The peer's explanation, if any.
    pub text: Option<String>,
}

impl StanzaError {
    /// An error with the recommended type and no text.
    #[must_use]
    pub const fn new(condition: ErrorCondition) -> Self {
        Self { kind: condition.default_kind(), condition, text: None }
    }

    /// Adds an explanation.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Reads an `<error/>`. An unknown or missing condition becomes `undefined-condition`, so that
    /// a malformed error is still an error. A condition in the namespace of stanza errors takes
    /// precedence over one that only has the right name: applications may add conditions (RFC 6120
    /// §8.3.4).
    #[must_use]
    pub fn read(element: Element<'_>) -> Self {
        let mut error = Self::default();
        let is_defined = |child: &Element<'_>| child.ns() == ns::STANZA_ERRORS;
        let others = element.children().filter(|child| !is_defined(child));
        for child in others.chain(element.children().filter(is_defined)) {
            match child.name() {
                "text" => error.text = Some(child.text().into_owned()),
                name => {
                    if let Some(condition) = ErrorCondition::from_name(name) {
                        error = Self { text: error.text, ..Self::new(condition) };
                    }
                }
            }
        }
        if let Some(kind) = element.attr("type").and_then(|v| ErrorKind::from_name(&v)) {
            error.kind = kind;
        }
        error
    }

    /// Writes the `<error/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("error", |w| {
            w.attr("type", self.kind.as_str());
            w.element(self.condition.as_str(), |w| w.attr("xmlns", ns::STANZA_ERRORS));
            if let Some(text) = &self.text {
                w.element("text", |w| {
                    w.attr("xmlns", ns::STANZA_ERRORS);
                    w.text(text);
                });
            }
        });
    }
}

impl Default for StanzaError {
    fn default() -> Self {
        Self::new(ErrorCondition::UndefinedCondition)
    }
}

impl fmt::Display for StanzaError {
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

    #[test]
    fn the_explanation_is_shown_on_one_line_and_cut() {
        let shown =
            |text: &str| StanzaError::new(ErrorCondition::Forbidden).with_text(text).to_string();
        assert_eq!(shown("no\nINFO forged \u{1b}[31m"), r"forbidden: no\nINFO forged \u{1b}[31m");
        assert!(shown(&"x".repeat(100_000)).len() < 1_000);
    }
}
