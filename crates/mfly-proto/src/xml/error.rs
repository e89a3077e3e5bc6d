//! Why a text was refused.

use thiserror::Error;

/// A text that is not restricted XML, or exceeds the limits.
///
/// It never carries any of the text: that may be private.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind} at byte {position}")]
pub struct XmlError {
    /// What is wrong.
    pub kind: XmlErrorKind,
    /// Byte offset into the input, near the fault.
    pub position: usize,
}

impl XmlError {
    #[cold]
    pub(super) const fn new(kind: XmlErrorKind, position: usize) -> Self {
        Self { kind, position }
    }
}

/// The class of a refusal; RFC 6120 §11, XML 1.0 and Namespaces in XML 1.0 name the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum XmlErrorKind {
    /// A byte-order mark: XMPP has no use for it (RFC 6120 §11.6).
    #[error("byte-order mark")]
    ByteOrderMark,
    /// `]]>` in character data outside a CDATA section (XML 1.0 §2.4).
    #[error("']]>' in character data")]
    CdataEndInText,
    /// A comment (RFC 6120 §11.1).
    #[error("comment")]
    Comment,
    /// A document type declaration (RFC 6120 §11.1).
    #[error("document type declaration")]
    Doctype,
    /// Two attributes of one name, also when they differ in prefix only, or one prefix declared
    /// twice (XML 1.0 §3.1, Namespaces §6.3).
    #[error("duplicate attribute")]
    DuplicateAttribute,
    /// Nothing but white space.
    #[error("no element")]
    Empty,
    /// A character that XML cannot hold, also by reference (XML 1.0 §2.2).
    #[error("illegal character")]
    IllegalCharacter,
    /// Bytes that are not UTF-8.
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// `<` in an attribute's value (XML 1.0 §3.1).
    #[error("'<' in an attribute value")]
    LessThanInAttribute,
    /// `<!` that starts nothing known.
    #[error("malformed markup")]
    MalformedMarkup,
    /// A name outside the productions `Name` and `QName`.
    #[error("malformed name")]
    MalformedName,
    /// `&` that starts no reference, or a numeric reference without a number (XML 1.0 §4.1).
    #[error("malformed reference")]
    MalformedReference,
    /// A tag whose attributes cannot be told apart (XML 1.0 §3.1).
    #[error("malformed tag")]
    MalformedTag,
    /// An end tag that closes no open element, or another one.
    #[error("mismatched end tag")]
    MismatchedTag,
    /// A processing instruction (RFC 6120 §11.1).
    #[error("processing instruction")]
    ProcessingInstruction,
    /// The prefixes `xml` and `xmlns` or their namespaces bound otherwise than they are, or a
    /// prefix bound to nothing (Namespaces §2.2, §3).
    #[error("misuse of a reserved prefix or namespace")]
    ReservedPrefix,
    /// Character data before the element.
    #[error("text outside the element")]
    TextOutsideRoot,
    /// More nested elements than [`Limits::depth`](super::Limits::depth).
    #[error("nested too deeply")]
    TooDeep,
    /// More bytes than [`Limits::bytes`](super::Limits::bytes).
    #[error("too many bytes")]
    TooLarge,
    /// More attributes than [`Limits::attributes`](super::Limits::attributes).
    #[error("too many attributes")]
    TooManyAttributes,
    /// More child elements than [`Limits::children`](super::Limits::children).
    #[error("too many child elements")]
    TooManyChildren,
    /// More namespace declarations in scope than
    /// [`Limits::NAMESPACES`](super::Limits::NAMESPACES).
    #[error("too many namespace declarations in scope")]
    TooManyNamespaces,
    /// Something after the element.
    #[error("content after the element")]
    TrailingContent,
    /// The text ends before the element does: what is there may be the start of a valid one.
    #[error("incomplete")]
    Truncated,
    /// A prefix that no declaration binds (Namespaces §5).
    #[error("unbound prefix")]
    UnboundPrefix,
    /// An entity other than the five predefined ones (RFC 6120 §11.1).
    #[error("undeclared entity")]
    UndeclaredEntity,
    /// An XML declaration: frames are fragments of a stream, which has its own (RFC 7395 §3.3).
    #[error("XML declaration")]
    XmlDeclaration,
}
