//! The connection below the stream: its framing, its security, and whether the stream is open.

use super::reason::DisconnectReason;
use mfly_proto::framing::websocket::Open;
use mfly_proto::framing::{Frame, FrameReader, Framing, ReceiveLimits, Received};
use mfly_proto::sasl::ChannelBindings;

/// The current connection, or the last one.
#[derive(Debug)]
pub(super) struct Channel {
    reader: FrameReader,
    /// Whether a password may be sent over the connection.
    pub(super) confidential: bool,
    /// The channel bindings that SASL can use.
    pub(super) bindings: ChannelBindings,
    /// Whether this side has opened the stream. Nothing may be sent before, not even the closing
    /// frame.
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

    /// A placeholder before the first connection.
    pub(super) const fn nothing(limits: ReceiveLimits) -> Self {
        Self::new(Framing::WebSocket, limits, false, ChannelBindings::NONE)
    }

    /// Reads a frame as the stream's framing defines it.
    pub(super) fn read(&mut self, frame: Frame) -> Result<Received, DisconnectReason> {
        self.reader.read(frame).map_err(DisconnectReason::MalformedXml)
    }

    /// The frame that opens the stream to `host`, for the first time or again.
    pub(super) fn open(&mut self, host: &str) -> Vec<u8> {
        self.is_open = true;
        let mut buffer = Vec::new();
        self.reader.framing().write_open(&Open::to_host(host), &mut buffer);
        buffer
    }

    /// The frame that closes the stream, if this side has opened it.
    pub(super) fn close(&self) -> Option<Frame> {
        self.is_open.then(|| self.reader.framing().client_close())
    }
}
