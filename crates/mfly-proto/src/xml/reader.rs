//! Text to element table.
use super::{Element, Limits, XmlError};

/// A reusable parser: it keeps its table, so that the steady state allocates nothing.
pub struct Parser {
    _limits: Limits,
}

impl Parser {
    /// A parser with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { _limits: limits }
    }
    /// Parses one complete top-level element; the view lives as long as parser and text.
    ///
    /// # Errors
    /// When the text is not restricted XML or exceeds the limits.
    pub fn parse<'a>(&'a mut self, _text: &'a [u8]) -> Result<Element<'a>, XmlError> {
        todo!()
    }
}
