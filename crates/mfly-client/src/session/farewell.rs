//! What is said before a connection is let go.

use super::channel::Channel;
use super::reason::DisconnectReason;
use mfly_proto::framing::Frame;
use mfly_proto::stream::{StreamCondition, StreamError};
use mfly_proto::xml::XmlErrorKind;

/// The last frames on a connection that is let go for this reason.
pub(super) fn farewell(reason: &DisconnectReason, channel: &Channel) -> Vec<Frame> {
    let Some(close) = channel.close() else {
        return Vec::new();
    };
    match reason {
        DisconnectReason::PeerSilent => Vec::new(),
        DisconnectReason::MalformedXml(error) => vec![complaint(error.kind), close],
        _ => vec![close],
    }
}

/// The stream error for a frame that is not restricted XML (RFC 6120 §4.9.3, §11.3).
fn complaint(kind: XmlErrorKind) -> Frame {
    let condition = match kind {
        XmlErrorKind::Comment
        | XmlErrorKind::Doctype
        | XmlErrorKind::ProcessingInstruction
        | XmlErrorKind::UndeclaredEntity => StreamCondition::RestrictedXml,
        XmlErrorKind::TooDeep
        | XmlErrorKind::TooLarge
        | XmlErrorKind::TooManyAttributes
        | XmlErrorKind::TooManyChildren
        | XmlErrorKind::TooManyNamespaces => StreamCondition::PolicyViolation,
        XmlErrorKind::WrongStreamNamespace => StreamCondition::InvalidNamespace,
        XmlErrorKind::WrongStreamVersion => StreamCondition::UnsupportedVersion,
        _ => StreamCondition::NotWellFormed,
    };
    let mut buffer = Vec::new();
    StreamError::new(condition).write(&mut buffer);
    String::from_utf8(buffer).unwrap_or_default().into()
}
