//! Well-formed XML that does not say what it should.

use thiserror::Error;

/// An element that cannot be read as the type asked for.
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
        /// The parent.
        element: &'static str,
        /// The child that must be there.
        child: &'static str,
    },
    /// A required attribute is missing.
    #[error("<{element}/> lacks its attribute '{attribute}'")]
    MissingAttribute {
        /// The element.
        element: &'static str,
        /// The attribute that must be there.
        attribute: &'static str,
    },
    /// A value has the wrong form. The value itself is not kept: it may be private.
    #[error("<{element}/> has an invalid value for '{field}'")]
    InvalidValue {
        /// The element.
        element: &'static str,
        /// The attribute or child whose value is wrong.
        field: &'static str,
    },
}
