//! Errors of reading XML.

use thiserror::Error;

/// A text that is not restricted XML, or exceeds the limits.
///
/// The error holds none of the text, which may be private.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind} at byte {position}")]
pub struct XmlError {
    /// The class of the fault.
    pub kind: XmlErrorKind,
    /// Byte offset into the input, near the fault.
    pub position: usize,
}

impl XmlError {
    #[cold]
    pub(crate) const fn new(kind: XmlErrorKind, position: usize) -> Self {
        Self { kind, position }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal;)*) => {
        /// The class of a fault, by the rules of RFC 6120 §11, XML 1.0 and Namespaces in XML 1.0.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
        #[non_exhaustive]
        pub enum XmlErrorKind {
            $($(#[$doc])* #[error($text)] $variant,)*
        }

        impl XmlErrorKind {
            /// Every class of fault.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }
    };
}

kinds! {
    /// A byte-order mark, which XMPP does not allow (RFC 6120 §11.6).
    ByteOrderMark = "byte-order mark";
    /// `]]>` in character data outside a CDATA section (XML 1.0 §2.4).
    CdataEndInText = "']]>' in character data";
    /// A comment (RFC 6120 §11.1).
    Comment = "comment";
    /// A document type declaration (RFC 6120 §11.1).
    Doctype = "document type declaration";
    /// Two attributes with one name, also with different prefixes of one namespace, or a prefix
    /// declared twice (XML 1.0 §3.1, Namespaces §6.3).
    DuplicateAttribute = "duplicate attribute";
    /// White space only.
    Empty = "no element";
    /// A character that XML cannot hold, also by reference (XML 1.0 §2.2).
    IllegalCharacter = "illegal character";
    /// Bytes that are not UTF-8.
    InvalidUtf8 = "invalid UTF-8";
    /// `<` in an attribute's value (XML 1.0 §3.1).
    LessThanInAttribute = "'<' in an attribute value";
    /// `<!` that starts no known markup.
    MalformedMarkup = "malformed markup";
    /// A name outside the productions `Name` and `QName`.
    MalformedName = "malformed name";
    /// `&` that starts no reference, or a numeric reference without a number (XML 1.0 §4.1).
    MalformedReference = "malformed reference";
    /// A tag whose attributes cannot be told apart (XML 1.0 §3.1).
    MalformedTag = "malformed tag";
    /// An end tag that does not match the open element.
    MismatchedTag = "mismatched end tag";
    /// A processing instruction (RFC 6120 §11.1).
    ProcessingInstruction = "processing instruction";
    /// A redefinition of the prefixes `xml` and `xmlns` or of their namespaces, or a prefix bound
    /// to the empty namespace (Namespaces §2.2, §3).
    ReservedPrefix = "misuse of a reserved prefix or namespace";
    /// Character data before the element.
    TextOutsideRoot = "text outside the element";
    /// More nested elements than [`Limits::depth`](super::Limits::depth).
    TooDeep = "nested too deeply";
    /// More bytes than [`Limits::bytes`](super::Limits::bytes).
    TooLarge = "too many bytes";
    /// More attributes than [`Limits::attributes`](super::Limits::attributes).
    TooManyAttributes = "too many attributes";
    /// More child elements than [`Limits::children`](super::Limits::children).
    TooManyChildren = "too many child elements";
    /// More elements altogether than [`Limits::elements`](super::Limits::elements).
    TooManyElements = "too many elements";
    /// More namespace declarations in scope than
    /// [`Limits::NAMESPACES`](super::Limits::NAMESPACES).
    TooManyNamespaces = "too many namespace declarations in scope";
    /// Content after the element.
    TrailingContent = "content after the element";
    /// The text ends before the element: it may be the start of a valid one.
    Truncated = "incomplete";
    /// A prefix that no declaration binds (Namespaces §5).
    UnboundPrefix = "unbound prefix";
    /// An entity other than the five predefined ones (RFC 6120 §11.1).
    UndeclaredEntity = "undeclared entity";
    /// A stream header in a wrong namespace (RFC 6120 §4.8.1).
    WrongStreamNamespace = "stream header in a wrong namespace";
    /// A stream header without version 1 (RFC 6120 §4.7.5): the peer does not support XMPP 1.0.
    WrongStreamVersion = "stream header without version 1.0";
    /// An XML declaration: frames are fragments of a stream, which has its own (RFC 7395 §3.3).
    XmlDeclaration = "XML declaration";
}
