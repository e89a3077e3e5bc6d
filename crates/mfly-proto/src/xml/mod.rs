//! Restricted XML (RFC 6120 §11): the only module that names quick-xml.
//!
//! A [`Parser`] turns one complete top-level element into a flat table and returns [`Element`]
//! views of it; a [`Document`] owns text and table; a [`Writer`] appends to the caller's buffer.
//!
//! ```
//! use mfly_proto::xml::{Limits, Parser, XmlErrorKind};
//! let mut parser = Parser::new(Limits::default());
//! let element = parser.parse(b"<query xmlns='jabber:iq:last' seconds='8123'/>")?;
//! assert!(element.is("jabber:iq:last", "query"));
//! assert_eq!(element.attr("seconds").as_deref(), Some("8123"));
//!
//! let error = parser.parse(b"<!DOCTYPE a><a/>").unwrap_err();
//! assert_eq!(error.kind, XmlErrorKind::Doctype);
//! # Ok::<(), mfly_proto::xml::XmlError>(())
//! ```

mod characters;
mod detach;
mod document;
mod element;
mod error;
mod escape;
mod inherited;
mod limits;
mod passer;
mod reader;
mod reference;
mod scan;
mod start;
mod table;
mod tag;
mod writer;

pub(crate) use characters::{is_name, is_space};
pub use document::Document;
pub use element::{Attributes, Children, Element};
pub use error::{XmlError, XmlErrorKind};
pub(crate) use inherited::Inherited;
pub use limits::Limits;
pub(crate) use passer::{Passer, starts_cdata};
pub use reader::Parser;
pub(crate) use start::Start;
pub use writer::Writer;
