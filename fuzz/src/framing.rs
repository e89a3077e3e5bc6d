//! Any bytes as one WebSocket message, and as the elements that set up a stream.

use mfly_proto::framing::websocket::{Incoming, Open};
use mfly_proto::framing::{Frame, FrameReader, Framing, ReceiveLimits};
use mfly_proto::sasl;
use mfly_proto::stream::{Features, StreamError};
use mfly_proto::xml::{Limits, Parser};

/// What can be read within some limits is read or skipped within smaller ones, never refused.
fn skipping(data: &[u8]) {
    let limits = ReceiveLimits {
        stanza: Limits { bytes: 256, depth: 3, attributes: 3, children: 2, elements: 6 },
        ..ReceiveLimits::default()
    };
    let frame = Frame::from_utf8(data.to_vec().into()).expect("it was read");
    let received = FrameReader::skipping(Framing::WebSocket, limits).read(frame);
    assert!(received.is_ok(), "{received:?}");
}

/// Reading never panics, and what was read survives being written.
pub fn framing(data: &[u8]) {
    let mut parser = Parser::new(Limits::default());
    let Ok(element) = parser.parse(data) else {
        return;
    };
    skipping(data);
    if let Ok(Incoming::Open(open)) = Incoming::read(element) {
        let mut buffer = Vec::new();
        open.write(&mut buffer);
        let mut parser = Parser::new(Limits::default());
        let again = parser.parse(&buffer).expect("an opening is written well-formed");
        assert_eq!(Open::read(again).expect("and is read again"), open);
    }
    if let Ok(features) = Features::read(element) {
        let mut buffer = Vec::new();
        features.write(&mut buffer);
        let mut parser = Parser::new(Limits::default());
        let again = parser.parse(&buffer).expect("features are written well-formed");
        assert_eq!(Features::read(again).expect("and are read again"), features);
    }
    if StreamError::is(element) {
        let error = StreamError::read(element);
        let mut buffer = Vec::new();
        error.write(&mut buffer);
        let mut parser = Parser::new(Limits::default());
        let again = parser.parse(&buffer).expect("errors are written well-formed");
        assert_eq!(StreamError::read(again).condition, error.condition);
        if let Ok(Some(host)) = error.redirect() {
            assert_eq!(host.to_string().parse(), Ok(host));
        }
    }
    let _ = sasl::Auth::read(element);
    let _ = sasl::Success::read(element);
    let _ = sasl::Failure::read(element);
}
