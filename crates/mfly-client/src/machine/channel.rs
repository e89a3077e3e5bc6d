//! The connection below the stream, as far as the session has to know it.

use super::reason::DisconnectReason;
use mfly_proto::framing::websocket::Open;
use mfly_proto::framing::{Frame, FrameReader, Framing, ReceiveLimits, Received};
use mfly_proto::sasl::ChannelBindings;

/// A connection that stands, or the last one that did.
#[derive(Debug)]
pub(super) struct Channel {
    reader: FrameReader,
    /// Fit to carry a password.
    pub(super) confidential: bool,
    /// What an authentication can be tied to.
    pub(super) bindings: ChannelBindings,
    /// Whether the stream was opened from this side: nothing may be sent before, not even its end.
    is_open: bool,
}

impl Channel {
    pub(super) const fn new(
        framing: Framing,
        limits: ReceiveLimits,
        confidential: bool,
        bindings: ChannelBindings,
    ) -> Self {
        Self {
            reader: FrameReader::skipping(framing, limits),
            confidential,
            bindings,
            is_open: false,
        }
    }

    /// Before the first connection.
    pub(super) const fn nothing(limits: ReceiveLimits) -> Self {
        Self::new(Framing::WebSocket, limits, false, ChannelBindings::NONE)
    }

    /// Tells what a frame is to the stream.
    pub(super) fn read(&mut self, frame: Frame) -> Result<Received, DisconnectReason> {
        self.reader.read(frame).map_err(DisconnectReason::MalformedXml)
    }

    /// What opens the stream to `host`, now or again.
    pub(super) fn open(&mut self, host: &str) -> Vec<u8> {
        self.is_open = true;
        let mut buffer = Vec::new();
        self.reader.framing().write_open(&Open::to_host(host), &mut buffer);
        buffer
    }

    /// What ends the stream, if it was opened.
    pub(super) fn close(&self) -> Option<Frame> {
        self.is_open.then(|| self.reader.framing().client_close())
    }
}
