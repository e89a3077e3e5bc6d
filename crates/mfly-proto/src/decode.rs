//! Errors for well-formed XML that is not of the expected form.

use crate::xml::Element;
use std::borrow::Cow;
use thiserror::Error;

/// An element that cannot be read as the expected type.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The element has another name or namespace.
    #[error("expected element <{expected}/>")]
    UnexpectedElement {
        /// Name of the element that was expected.
        expected: &'static str,
    },
    /// A required child element is missing.
    #[error("<{element}/> lacks its child <{child}/>")]
    MissingChild {
        /// Name of the parent element.
        element: &'static str,
        /// Name of the required child.
        child: &'static str,
    },
    /// A required attribute is missing.
    #[error("<{element}/> lacks its attribute '{attribute}'")]
    MissingAttribute {
        /// Name of the element.
        element: &'static str,
        /// Name of the required attribute.
        attribute: &'static str,
    },
    /// A value has the wrong form. The value itself is not kept: it may be private.
    #[error("<{element}/> has an invalid value for '{field}'")]
    InvalidValue {
        /// Name of the element.
        element: &'static str,
        /// Name of the attribute or child with the wrong value.
        field: &'static str,
    },
}

/// Refuses an element with another name or namespace.
pub(crate) fn expect(
    element: Element<'_>,
    ns: &str,
    name: &'static str,
) -> Result<(), DecodeError> {
    if element.is(ns, name) {
        Ok(())
    } else {
        Err(DecodeError::UnexpectedElement { expected: name })
    }
}

/// The value of a required attribute.
pub(crate) fn require<'a>(
    element: Element<'a>,
    name: &'static str,
    attribute: &'static str,
) -> Result<Cow<'a, str>, DecodeError> {
    element.attr(attribute).ok_or(DecodeError::MissingAttribute { element: name, attribute })
}
