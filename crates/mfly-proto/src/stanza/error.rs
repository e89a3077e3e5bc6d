//! Stanza errors (RFC 6120 §8.3).
//!
//! `<error type="cancel"><service-unavailable
//! xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`

use crate::ns;
use crate::text::escaped;
use crate::xml::{Element, Writer};
use std::fmt;

/// What may be done about it (RFC 6120 §8.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Retry after authenticating or authorising.
    Auth,
    /// Do not retry.
    Cancel,
    /// A warning: proceed.
    Continue,
    /// Retry after changing the data.
    Modify,
    /// Retry after waiting.
    Wait,
}

macro_rules! conditions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $kind:ident;)*) => {
        /// What went wrong (RFC 6120 §8.3.3).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCondition {
            $($(#[$doc])* $variant,)*
        }

        impl ErrorCondition {
            /// Every defined condition.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The element's name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The error type that the RFC recommends for it.
            #[must_use]
            pub const fn default_kind(self) -> ErrorKind {
                match self { $(Self::$variant => ErrorKind::$kind,)* }
            }

            fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

conditions! {
    /// The request is malformed.
    BadRequest = "bad-request", Modify;
    /// Another resource or session has that name.
    Conflict = "conflict", Cancel;
    /// The feature is not implemented.
    FeatureNotImplemented = "feature-not-implemented", Cancel;
    /// The requester may not do this.
    Forbidden = "forbidden", Auth;
    /// The addressed entity is gone.
    Gone = "gone", Cancel;
    /// The server failed.
    InternalServerError = "internal-server-error", Cancel;
    /// The addressed item does not exist.
    ItemNotFound = "item-not-found", Cancel;
    /// An address is malformed.
    JidMalformed = "jid-malformed", Modify;
    /// The request breaks a policy of the recipient.
    NotAcceptable = "not-acceptable", Modify;
    /// Nobody may do this.
    NotAllowed = "not-allowed", Cancel;
    /// Credentials are needed.
    NotAuthorized = "not-authorized", Auth;
    /// The request breaks a policy of the server.
    PolicyViolation = "policy-violation", Modify;
    /// The recipient is not reachable now.
    RecipientUnavailable = "recipient-unavailable", Wait;
    /// Ask elsewhere.
    Redirect = "redirect", Modify;
    /// Register first.
    RegistrationRequired = "registration-required", Auth;
    /// The other server does not exist.
    RemoteServerNotFound = "remote-server-not-found", Cancel;
    /// The other server did not answer.
    RemoteServerTimeout = "remote-server-timeout", Wait;
    /// Out of resources.
    ResourceConstraint = "resource-constraint", Wait;
    /// Nobody offers that service.
    ServiceUnavailable = "service-unavailable", Cancel;
    /// A presence subscription is needed.
    SubscriptionRequired = "subscription-required", Auth;
    /// None of the defined conditions.
    UndefinedCondition = "undefined-condition", Cancel;
    /// Understood, but not at this time.
    UnexpectedRequest = "unexpected-request", Wait;
}

impl fmt::Display for ErrorCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ErrorKind {
    /// The attribute's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Cancel => "cancel",
            Self::Continue => "continue",
            Self::Modify => "modify",
            Self::Wait => "wait",
        }
    }

    fn from_attribute(value: &str) -> Option<Self> {
        [Self::Auth, Self::Cancel, Self::Continue, Self::Modify, Self::Wait]
            .into_iter()
            .find(|kind| kind.as_str() == value)
    }
}

/// A refusal: condition, type, and the peer's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StanzaError {
    /// What may be done about it.
    pub kind: ErrorKind,
    /// What went wrong.
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

    /// The same with an explanation.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Reads an `<error/>`. Whatever cannot be understood becomes `undefined-condition`:
    /// an error is an error, however badly it is written. What is in the namespace of stanza errors
    /// counts for more than what only has the right name: an application may add a condition of its
    /// own (RFC 6120 §8.3.4).
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
        if let Some(kind) = element.attr("type").and_then(|v| ErrorKind::from_attribute(&v)) {
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
    fn a_peers_words_make_no_line_of_their_own_and_are_cut_off() {
        let shown =
            |text: &str| StanzaError::new(ErrorCondition::Forbidden).with_text(text).to_string();
        assert_eq!(shown("no\nINFO forged \u{1b}[31m"), r"forbidden: no\nINFO forged \u{1b}[31m");
        assert!(shown(&"x".repeat(100_000)).len() < 1_000);
    }
}
