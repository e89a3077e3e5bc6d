//! The picture of a vCard. Source: XEP-0054 §3, XEP-0153 §4.1 for its size.

use super::{text, write_text};
use crate::ns;
use crate::xml::{Element, Writer};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::fmt;

/// Base64 that is written with padding and read with or without it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A picture, inline or by URL.
#[derive(Clone, PartialEq, Eq)]
pub enum Photo {
    /// The picture itself: `<PHOTO><TYPE>image/png</TYPE><BINVAL>base64</BINVAL></PHOTO>`. The
    /// recommended size is 96 by 96 pixels and at most 8 kB.
    Inline {
        /// The media type; empty when not given.
        media_type: String,
        /// The bytes of the file.
        data: Vec<u8>,
    },
    /// A URL: `<PHOTO><EXTVAL>url</EXTVAL></PHOTO>`.
    External {
        /// The URL as the user wrote it, which may be unsafe to open.
        url: String,
    },
}

impl Photo {
    /// Reads a `PHOTO`; `None` when it has neither form.
    pub(super) fn read(element: Element<'_>) -> Option<Self> {
        if let Some(url) = element.child(ns::VCARD, "EXTVAL") {
            return Some(Self::External { url: url.text().into_owned() });
        }
        let value = element.child(ns::VCARD, "BINVAL")?.text();
        // The specification has lines of 75 characters.
        let digits: String = value.split_ascii_whitespace().collect();
        Some(Self::Inline { media_type: text(element, "TYPE"), data: BASE64.decode(digits).ok()? })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.element("PHOTO", |w| match self {
            Self::Inline { media_type, data } => {
                write_text(w, "TYPE", media_type);
                w.text_element("BINVAL", &BASE64.encode(data));
            }
            Self::External { url } => w.text_element("EXTVAL", url),
        });
    }
}

/// Shows the size of the picture, not its bytes.
impl fmt::Debug for Photo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline { media_type, data } => {
                write!(f, "Inline({media_type}, {} bytes)", data.len())
            }
            Self::External { url } => write!(f, "External({url})"),
        }
    }
}
