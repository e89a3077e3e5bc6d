//! Frames sent before closing.

use super::channel::Channel;
use super::reason::DisconnectReason;
use mfly_proto::framing::Frame;
use mfly_proto::stream::StreamError;
use mfly_proto::xml::XmlErrorKind;

/// The last frames on a connection that is closed for this reason.
pub(super) fn closing_frames(reason: &DisconnectReason, channel: &Channel) -> Vec<Frame> {
    let Some(close) = channel.close() else {
        return Vec::new();
    };
    match reason {
        DisconnectReason::PeerSilent => Vec::new(),
        DisconnectReason::MalformedXml(error) => vec![stream_error(error.kind), close],
        _ => vec![close],
    }
}

/// The stream error for a frame that is not restricted XML.
fn stream_error(kind: XmlErrorKind) -> Frame {
    let mut buffer = Vec::new();
    StreamError::new(kind.into()).write(&mut buffer);
    String::from_utf8(buffer).unwrap_or_default().into()
}
