//! The own profile's image.

use bytes::Bytes;
use std::fmt;

/// An image for a profile.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProfileImage {
    /// A file that is uploaded first. Profile images are never sealed, whatever the media
    /// encryption is set to.
    File {
        /// File name, as others may see it.
        name: String,
        /// Media type such as `image/png`.
        content_type: String,
        /// The content of the file.
        bytes: Bytes,
    },
    /// An image on the web.
    Url(String),
    /// The token of an image that was uploaded earlier.
    Token(String),
}

impl fmt::Debug for ProfileImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, content_type, bytes } => f
                .debug_struct("File")
                .field("name", name)
                .field("content_type", content_type)
                .field("bytes", &bytes.len())
                .finish(),
            Self::Url(url) => f.debug_tuple("Url").field(url).finish(),
            Self::Token(token) => f.debug_tuple("Token").field(token).finish(),
        }
    }
}
