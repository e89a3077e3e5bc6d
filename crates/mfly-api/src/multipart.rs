//! Writing `multipart/form-data` (RFC 7578).

use bytes::Bytes;
use std::collections::BTreeSet;
use std::fmt;

/// The beginning of a boundary. A number of [`DIGITS`] digits follows.
const BOUNDARY: &str = "mfly-form-boundary-";
const DIGITS: usize = 8;

/// A form of parts, in the order in which they were added.
#[derive(Clone, Default)]
pub struct Multipart {
    parts: Vec<Part>,
}

#[derive(Clone)]
struct Part {
    head: String,
    content: Bytes,
}

impl Multipart {
    /// A form without parts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text field.
    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        let head = format!("Content-Disposition: form-data; name=\"{}\"\r\n\r\n", quoted(name));
        self.parts.push(Part { head, content: Bytes::copy_from_slice(value.as_bytes()) });
        self
    }

    /// Adds a file. `content_type` must be a MIME type. Control characters in it are dropped.
    #[must_use]
    pub fn file(mut self, name: &str, file_name: &str, content_type: &str, content: Bytes) -> Self {
        let content_type: String = content_type.chars().filter(|c| !c.is_control()).collect();
        let head = format!(
            "Content-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {content_type}\r\n\r\n",
            quoted(name),
            quoted(file_name),
        );
        self.parts.push(Part { head, content });
        self
    }

    /// The `Content-Type` header and the body.
    #[must_use]
    pub fn write(&self) -> (String, Bytes) {
        let boundary = self.boundary();
        let length: usize =
            self.parts.iter().map(|part| part.head.len() + part.content.len()).sum();
        let mut body = Vec::with_capacity(length + (self.parts.len() + 1) * (boundary.len() + 8));
        for part in &self.parts {
            for piece in ["--", &boundary, "\r\n", &part.head] {
                body.extend_from_slice(piece.as_bytes());
            }
            body.extend_from_slice(&part.content);
            body.extend_from_slice(b"\r\n");
        }
        for piece in ["--", &boundary, "--\r\n"] {
            body.extend_from_slice(piece.as_bytes());
        }
        (format!("multipart/form-data; boundary={boundary}"), body.into())
    }

    /// The first of a numbered series of boundaries that no part contains. A delimiter begins a
    /// line, so one pass over the lines finds all numbers in use.
    fn boundary(&self) -> String {
        let mut taken = BTreeSet::new();
        for line in self.parts.iter().flat_map(|part| part.content.split(|byte| *byte == b'\n')) {
            let number = line
                .strip_prefix(b"--")
                .and_then(|line| line.strip_prefix(BOUNDARY.as_bytes()))
                .and_then(|rest| rest.get(..DIGITS))
                .and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
            taken.extend(number);
        }
        let number = (0..=taken.len()).find(|number| !taken.contains(number)).unwrap_or_default();
        format!("{BOUNDARY}{number:0DIGITS$}")
    }
}

impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Multipart({} parts)", self.parts.len())
    }
}

/// Escapes a parameter as browsers do (WHATWG HTML §4.10.21.8).
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_written_in_their_order() {
        let form = Multipart::new()
            .file("file", "a.png", "image/png", Bytes::from_static(b"PNG"))
            .text("type", "profile");
        let (content_type, body) = form.write();
        assert_eq!(content_type, "multipart/form-data; boundary=mfly-form-boundary-00000000");
        assert_eq!(
            body,
            "--mfly-form-boundary-00000000\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
             Content-Type: image/png\r\n\r\nPNG\r\n\
             --mfly-form-boundary-00000000\r\n\
             Content-Disposition: form-data; name=\"type\"\r\n\r\nprofile\r\n\
             --mfly-form-boundary-00000000--\r\n"
        );
    }

    #[test]
    fn a_boundary_in_the_content_is_not_used() {
        let content = Bytes::from_static(
            b"--mfly-form-boundary-00000000\r\nx\r\n--mfly-form-boundary-00000001--",
        );
        let (content_type, _) = Multipart::new().file("file", "a", "text/plain", content).write();
        assert!(content_type.ends_with("boundary-00000002"), "{content_type}");
    }

    #[test]
    fn names_cannot_break_out_of_their_header() {
        let (_, body) = Multipart::new()
            .file("file", "a\"\r\nX: y", "text/plain\r\nX: y", Bytes::new())
            .write();
        let text = std::str::from_utf8(&body).unwrap();
        assert!(text.contains("filename=\"a%22%0D%0AX: y\""), "{text}");
        assert!(!text.contains("\nX: y"), "{text}");
    }
}
