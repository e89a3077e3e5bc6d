//! Forms: bodies of the type `multipart/form-data`.

use bytes::Bytes;
use http::{HeaderMap, header};
use std::convert::Infallible;

/// Most fields that a form may have.
const FIELDS: usize = 16;

/// One field of a form.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// The MIME type, if the field is a file.
    pub(crate) content_type: Option<String>,
    pub(crate) content: Bytes,
}

/// Reads the fields of a form. There are none in a body of another type.
///
/// `None` for a form that cannot be read, or has too many fields.
pub(crate) async fn read(headers: &HeaderMap, body: &Bytes) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form = |value: &&str| value.to_ascii_lowercase().starts_with("multipart/form-data");
    let Some(content_type) = content_type.filter(is_form) else {
        return Some(fields);
    };
    let boundary = multer::parse_boundary(content_type).ok()?;
    let body = body.clone();
    let stream = futures_util::stream::once(async move { Ok::<_, Infallible>(body) });
    let mut form = multer::Multipart::new(stream, boundary);
    while let Some(field) = form.next_field().await.ok()? {
        if fields.len() == FIELDS {
            return None;
        }
        fields.push(Field {
            name: field.name().unwrap_or_default().to_owned(),
            content_type: field.content_type().map(ToString::to_string),
            content: field.bytes().await.ok()?,
        });
    }
    Some(fields)
}
