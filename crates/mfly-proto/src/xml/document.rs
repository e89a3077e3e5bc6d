//! An owned element tree.
use super::{Element, Limits, XmlError};
use bytes::Bytes;

/// One complete element that owns its text.
#[derive(Clone)]
pub struct Document {
    _private: (),
}

impl Document {
    /// Parses one complete element.
    ///
    /// # Errors
    /// When the text is not restricted XML or exceeds `limits`.
    pub fn parse(_text: impl Into<Bytes>, _limits: &Limits) -> Result<Self, XmlError> {
        todo!()
    }
    /// The top element.
    #[must_use]
    pub fn root(&self) -> Element<'_> {
        todo!()
    }
}
