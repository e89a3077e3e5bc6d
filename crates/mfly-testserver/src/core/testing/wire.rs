//! One stream over TCP.

use mfly_proto::framing::tcp::Splitter;
use mfly_proto::framing::{Frame, FrameReader, Framing};
use mfly_proto::xml::Limits;

/// A stream over TCP, in both directions.
pub(super) struct Wire {
    /// Cuts what the client says.
    pub(super) splitter: Splitter,
    client: Splitter,
    reader: FrameReader,
}

impl Wire {
    pub(super) fn new() -> Self {
        Self {
            splitter: Splitter::new(256 * 1024),
            client: Splitter::new(256 * 1024),
            reader: FrameReader::new(Framing::Tcp, Limits::default()),
        }
    }

    /// Panics when a client could not read what the server says.
    pub(super) fn check(&mut self, frame: &Frame) {
        self.client.push(frame.as_bytes());
        while let Some(frame) = self.client.next().unwrap() {
            self.reader.read(frame).unwrap();
        }
        assert_eq!(self.client.buffered(), 0, "half a frame was sent");
    }
}
