//! Restricted XML (RFC 6120 §11): the only module that names quick-xml.
//!
//! A [`Parser`] turns one complete top-level element into a flat table and hands out borrowed
//! [`Element`] views of it; [`Document`] owns both; [`Writer`] appends to a caller's buffer.

mod document;
mod element;
mod error;
mod limits;
mod reader;
mod writer;

pub use document::Document;
pub use element::{Attributes, Children, Element};
pub use error::{XmlError, XmlErrorKind};
pub use limits::Limits;
pub use reader::Parser;
pub use writer::Writer;
