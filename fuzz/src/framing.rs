//! Any bytes as one WebSocket message, and as the elements that set up a stream.

use mfly_proto::framing::{Frame, FrameReader, Framing, ReceiveLimits};
use mfly_proto::stream::StreamError;
use mfly_proto::xml::{Limits, Parser};

fn skipping(data: &[u8]) {
    let limits = ReceiveLimits {
        stanza: Limits { bytes: 256, depth: 3, attributes: 3, children: 2, elements: 6 },
        ..ReceiveLimits::default()
    };
    let frame = Frame::from_utf8(data.to_vec().into()).expect("it was read");
    let received = FrameReader::skipping(Framing::WebSocket, limits).read(frame);
    assert!(received.is_ok(), "{received:?}");
}

/// A message that is read within some limits is read or skipped within smaller ones, and a
/// redirection is read as it is written. The target `payloads` writes and reads the elements again.
pub fn framing(data: &[u8]) {
    let mut parser = Parser::new(Limits::default());
    let Ok(element) = parser.parse(data) else {
        return;
    };
    skipping(data);
    if StreamError::is(element)
        && let Ok(Some(host)) = StreamError::read(element).redirect()
    {
        assert_eq!(host.to_string().parse(), Ok(host));
    }
}
