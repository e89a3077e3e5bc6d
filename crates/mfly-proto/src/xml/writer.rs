//! Elements to text.

/// Appends XML to a caller's buffer and allocates nothing else.
pub struct Writer<'b> {
    buffer: &'b mut Vec<u8>,
    /// A start tag is open: attributes may still be written.
    tag_open: bool,
}

impl<'b> Writer<'b> {
    /// A writer that appends to `buffer`.
    pub fn new(buffer: &'b mut Vec<u8>) -> Self {
        Self { buffer, tag_open: false }
    }
    /// Writes an element; `content` adds attributes first, then text and children.
    /// Without content the element is self-closed.
    pub fn element(&mut self, _name: &str, _content: impl FnOnce(&mut Self)) {
        let _ = (&mut self.buffer, self.tag_open);
        todo!()
    }
    /// Writes an attribute, escaped. Only before any text or child of the element.
    pub fn attr(&mut self, _name: &str, _value: &str) {
        todo!()
    }
    /// Writes an attribute if there is a value.
    pub fn attr_opt(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.attr(name, value);
        }
    }
    /// Writes character data, escaped. An empty text forces `<a></a>` instead of `<a/>`.
    pub fn text(&mut self, _text: &str) {
        todo!()
    }
    /// Writes `<name>text</name>`.
    pub fn text_element(&mut self, name: &str, text: &str) {
        self.element(name, |w| w.text(text));
    }
}
