//! Limits of a stream: which stanzas are read, skipped, or end it.

use crate::argument::InvalidArgument;
use crate::xml::{Limits, XmlErrorKind};
use std::fmt;

/// Limits on the input from a peer on one stream.
///
/// There are two kinds of limit. A stanza that exceeds [`stanza`](Self::stanza) or [`iq`](Self::iq)
/// is skipped: the stream continues, and [`Skipped`](super::Skipped) describes the stanza. A stanza
/// of more than [`hard_bytes`](Self::hard_bytes) ends the stream, as bytes that are not restricted
/// XML do.
///
/// Higher limits read more and take more memory. A stanza is held as a whole while it is read, with
/// about 50 bytes for each element and 30 for each attribute. Any sender can send a message or a
/// presence, so their limits are low. Results of requests are `<iq/>` and may be long lists: the
/// defaults allow 10,000 contacts of 600 bytes, as many blocked addresses, and a vCard with a photo
/// of a megabyte. The worst accepted `<iq/>` takes about 80 MB for a moment. A skipped stanza takes
/// no memory over TCP; over WebSocket one message is held up to the hard limit.
///
/// ```
/// use mfly_proto::framing::ReceiveLimits;
/// let mut limits = ReceiveLimits::default();
/// limits.iq.bytes = 1024 * 1024;
/// limits.hard_bytes = 2 * 1024 * 1024;
/// assert!(limits.check().is_ok());
/// limits.hard_bytes = 1024;
/// assert!(limits.check().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveLimits {
    /// Limits on every top-level element except `<iq/>`. Default: [`Limits::default`].
    pub stanza: Limits,
    /// Limits on an `<iq/>`. Default: 8 MiB, 65,536 children of one element, 262,144 elements;
    /// otherwise [`Limits::default`].
    pub iq: Limits,
    /// Bytes of one stanza, read or skipped, above which the stream ends. Default 16 MiB.
    pub hard_bytes: usize,
}

/// The lowest allowed limit on the length of a stanza (RFC 6120 §13.12).
const LEAST_BYTES: usize = 10_000;

impl ReceiveLimits {
    /// Refuses limits that no server can meet.
    ///
    /// # Errors
    /// When stanzas of 10,000 bytes are not accepted (RFC 6120 §13.12), or the hard limit is below
    /// another one.
    pub fn check(&self) -> Result<(), InvalidArgument> {
        let refused = |reason| Err(InvalidArgument::new("limits", reason));
        let longest = self.stanza.bytes.max(self.iq.bytes);
        if self.stanza.bytes.min(self.iq.bytes) < LEAST_BYTES {
            return refused("stanzas of 10,000 bytes must be accepted");
        }
        if self.hard_bytes < longest {
            return refused("the hard limit must not be below the limits on stanzas");
        }
        let counts =
            |limits: Limits| [limits.depth, limits.attributes, limits.children, limits.elements];
        if counts(self.stanza).into_iter().chain(counts(self.iq)).any(|count| count < 8) {
            return refused("depth, attributes, children and elements must be at least 8");
        }
        Ok(())
    }

    /// The limits on a top-level element with this local name.
    pub(super) const fn of(&self, local_name: &[u8]) -> Limits {
        let mut limits = match local_name {
            b"iq" => self.iq,
            _ => self.stanza,
        };
        if limits.bytes > self.hard_bytes {
            limits.bytes = self.hard_bytes;
        }
        limits
    }
}

impl Default for ReceiveLimits {
    fn default() -> Self {
        Self {
            stanza: Limits::default(),
            iq: Limits {
                bytes: 8 * 1024 * 1024,
                children: 65_536,
                elements: 262_144,
                ..Limits::default()
            },
            hard_bytes: 16 * 1024 * 1024,
        }
    }
}

/// A limit that a stanza exceeded, with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExceededLimit {
    /// Number of bytes of the stanza: [`Limits::bytes`].
    Bytes(usize),
    /// Nesting depth: [`Limits::depth`].
    Depth(usize),
    /// Number of attributes of one element: [`Limits::attributes`].
    Attributes(usize),
    /// Number of children of one element: [`Limits::children`].
    Children(usize),
    /// Number of elements altogether: [`Limits::elements`].
    Elements(usize),
    /// Namespace declarations in scope: [`Limits::NAMESPACES`], which is fixed.
    Namespaces(usize),
}

impl ExceededLimit {
    /// The limit that caused a refusal, if one did.
    pub(super) const fn of(kind: XmlErrorKind, limits: &Limits) -> Option<Self> {
        Some(match kind {
            XmlErrorKind::TooLarge => Self::Bytes(limits.bytes),
            XmlErrorKind::TooDeep => Self::Depth(limits.depth),
            XmlErrorKind::TooManyAttributes => Self::Attributes(limits.attributes),
            XmlErrorKind::TooManyChildren => Self::Children(limits.children),
            XmlErrorKind::TooManyElements => Self::Elements(limits.elements),
            XmlErrorKind::TooManyNamespaces => Self::Namespaces(Limits::NAMESPACES),
            _ => return None,
        })
    }

    /// Name of the setting of this limit for a stanza of this name; `None` when it is fixed.
    #[must_use]
    pub fn setting(self, name: &str) -> Option<&'static str> {
        let (iq, stanza) = match self {
            Self::Bytes(_) => ("ReceiveLimits::iq.bytes", "ReceiveLimits::stanza.bytes"),
            Self::Depth(_) => ("ReceiveLimits::iq.depth", "ReceiveLimits::stanza.depth"),
            Self::Attributes(_) => {
                ("ReceiveLimits::iq.attributes", "ReceiveLimits::stanza.attributes")
            }
            Self::Children(_) => ("ReceiveLimits::iq.children", "ReceiveLimits::stanza.children"),
            Self::Elements(_) => ("ReceiveLimits::iq.elements", "ReceiveLimits::stanza.elements"),
            Self::Namespaces(_) => return None,
        };
        Some(if name == "iq" { iq } else { stanza })
    }
}

impl fmt::Display for ExceededLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(limit) => write!(f, "more than {limit} bytes"),
            Self::Depth(limit) => write!(f, "more than {limit} elements nested in each other"),
            Self::Attributes(limit) => write!(f, "more than {limit} attributes at one element"),
            Self::Children(limit) => write!(f, "more than {limit} children of one element"),
            Self::Elements(limit) => write!(f, "more than {limit} elements"),
            Self::Namespaces(limit) => {
                write!(f, "more than {limit} namespace declarations in scope")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_no_server_can_meet_are_refused() {
        let refused = |change: fn(&mut ReceiveLimits)| {
            let mut limits = ReceiveLimits::default();
            change(&mut limits);
            limits.check().is_err_and(|error| error.name == "limits")
        };
        assert!(ReceiveLimits::default().check().is_ok());
        assert!(refused(|limits| limits.stanza.bytes = 9_999));
        assert!(refused(|limits| limits.iq.bytes = 9_999));
        assert!(refused(|limits| limits.hard_bytes = 8 * 1024 * 1024 - 1));
        assert!(refused(|limits| limits.stanza.depth = 1));
        assert!(refused(|limits| limits.iq.children = 0));
    }

    #[test]
    fn a_limit_names_its_value_and_its_setting() {
        assert_eq!(ExceededLimit::Bytes(9).to_string(), "more than 9 bytes");
        let children = ExceededLimit::Children(9);
        assert_eq!(children.setting("iq"), Some("ReceiveLimits::iq.children"));
        assert_eq!(children.setting("presence"), Some("ReceiveLimits::stanza.children"));
        assert_eq!(ExceededLimit::Namespaces(64).setting("iq"), None);
    }
}
