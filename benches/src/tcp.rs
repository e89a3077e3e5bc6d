//! Parsing over TCP: one long document is cut into stanzas as it arrives.
//!
//! A job is a stanza in one chunk on an open stream. As servers do, the stanza leaves out the
//! namespace that the header declares.

use crate::Contender;
use crate::corpus::{Kind, Stanza};
use crate::parse;
use mfly_proto::framing::tcp::{Splitter, write_header};
use mfly_proto::framing::{Frame, FrameReader, Framing, Open, Received};
use mfly_proto::xml::{Document, Limits};
use rxml::Parse as _;
use std::hint::black_box;

/// The baseline: every other time is given as a ratio to its time. It reads a complete stanza and
/// keeps nothing.
pub const BASELINE: &str = parse::BASELINE;

/// The contenders that can read a stanza from a stream.
pub fn contenders(stanza: &Stanza) -> Vec<Contender<'_>> {
    let text = stanza.text.as_str();
    let child = stanza.text.replacen(" xmlns='jabber:client'", "", 1);
    let [alone, documented, typed, peer] = [(); 4].map(|()| child.clone());
    let mut splitter = Stream::open();
    let mut documents = Stream::open();
    let mut types = Stream::open();
    let mut rxml = rxml_stream();
    vec![
        Contender::new(BASELINE, move || parse::quick_xml_ns_reader(black_box(text))),
        Contender::new("mfly split", move || split(&mut splitter, black_box(&alone))),
        Contender::new("mfly split+document", move || {
            document(&mut documents, black_box(&documented))
        }),
        Contender::new("mfly split+typed", move || {
            decode(&mut types, black_box(&typed), stanza.kind)
        }),
        Contender::new("rxml events", move || rxml_events(&mut rxml, black_box(&peer))),
    ]
}

/// An open stream.
struct Stream {
    splitter: Splitter,
    reader: FrameReader,
}

impl Stream {
    fn open() -> Self {
        let mut stream = Self {
            splitter: Splitter::new(Limits::default().bytes),
            reader: FrameReader::new(Framing::Tcp, Limits::default()),
        };
        if let Some(header) = split(&mut stream, &header()) {
            let _ = stream.reader.read(header);
        }
        stream
    }
}

fn header() -> String {
    let mut header = Vec::new();
    write_header(&Open::to_host("xmpp.example.im"), &mut header);
    String::from_utf8(header).unwrap_or_default()
}

#[inline(never)]
fn split(stream: &mut Stream, text: &str) -> Option<Frame> {
    stream.splitter.push(text.as_bytes());
    stream.splitter.next().ok().flatten()
}

#[inline(never)]
fn document(stream: &mut Stream, text: &str) -> Option<Document> {
    let frame = split(stream, text)?;
    match stream.reader.read(frame) {
        Ok(Received::Element(document)) => Some(document),
        _ => None,
    }
}

#[inline(never)]
fn decode(stream: &mut Stream, text: &str, kind: Kind) -> bool {
    document(stream, text).is_some_and(|document| parse::decode(document.root(), kind).is_ok())
}

/// The peer's streaming parser, which needs no splitting; it takes a stanza of any size.
fn rxml_stream() -> rxml::Parser {
    let options = rxml::Options { max_token_length: 1 << 20, ..rxml::Options::default() };
    let mut parser = <rxml::Parser as rxml::WithOptions>::with_options(options);
    rxml_events(&mut parser, &header());
    parser
}

/// Names and attributes resolved; every event is dropped.
#[inline(never)]
fn rxml_events(parser: &mut rxml::Parser, text: &str) -> usize {
    let mut bytes = text.as_bytes();
    let mut events = 0;
    while let Ok(Some(event)) = parser.parse(&mut bytes, false) {
        black_box(&event);
        events += 1;
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::stanzas;

    #[test]
    fn every_stanza_is_taken_off_a_stream_whole_and_decodes_to_its_type() {
        for stanza in stanzas() {
            let text = stanza.text.replacen(" xmlns='jabber:client'", "", 1);
            assert_ne!(text, stanza.text);
            let mut stream = Stream::open();
            for _ in 0..2 {
                let frame = split(&mut stream, &text).unwrap();
                assert_eq!(frame.as_str(), text);
                assert!(decode(&mut stream, &text, stanza.kind), "{}", stanza.name);
            }
        }
    }

    #[test]
    fn the_peer_sees_every_tag() {
        for stanza in stanzas() {
            let mut parser = rxml_stream();
            let tags = stanza.text.matches('<').count();
            assert!(rxml_events(&mut parser, &stanza.text) >= tags, "{}", stanza.name);
        }
    }
}
