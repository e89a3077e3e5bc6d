//! An owned element tree.

use super::detach;
use super::element::Element;
use super::error::{XmlError, XmlErrorKind};
use super::limits::Limits;
use super::reader::Parser;
use super::table::Table;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// One complete element that owns its text; clones share it.
///
/// `Debug` shows the top element's name, namespace and size only.
#[derive(Clone)]
pub struct Document(Arc<Owned>);

struct Owned {
    text: String,
    table: Table,
}

impl Document {
    /// Parses one complete element. The text is copied only if it is shared.
    ///
    /// # Errors
    /// When the text is not restricted XML or exceeds `limits`.
    pub fn parse(text: impl Into<Bytes>, limits: &Limits) -> Result<Self, XmlError> {
        let text: Bytes = text.into();
        let table = Parser::new(*limits).parse_owned(&text)?;
        let text = String::from_utf8(Vec::from(text)).map_err(|error| {
            XmlError::new(XmlErrorKind::InvalidUtf8, error.utf8_error().valid_up_to())
        })?;
        Ok(Self(Arc::new(Owned { text, table })))
    }

    /// The top element.
    #[must_use]
    pub fn root(&self) -> Element<'_> {
        Element::new(&self.0.text, &self.0.table, 0)
    }

    /// The text, with white space around the element if there was any.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    pub(super) fn detached(element: Element<'_>) -> Self {
        let (text, table) = detach::detach(element);
        Self(Arc::new(Owned { text, table }))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({:?})", self.root())
    }
}
