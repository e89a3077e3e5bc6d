//! Streams over TCP: cutting them into frames at any chunking, and reading the frames.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: what must not happen fails the test"
)]

use mfly_proto::framing::tcp::{FOOTER, SplitError, Splitter, write_header};
use mfly_proto::framing::{Frame, FrameReader, Framing, Open, Received};
use mfly_proto::xml::{Limits, XmlErrorKind};

const LIMIT: usize = 4_096;

/// The frames of a stream whose bytes arrive in these chunks, and how it ended.
fn split(chunks: &[&[u8]]) -> (Vec<String>, Option<SplitError>) {
    let mut splitter = Splitter::new(LIMIT);
    let mut frames = Vec::new();
    for chunk in chunks {
        splitter.push(chunk);
        loop {
            match splitter.next() {
                Ok(Some(frame)) => frames.push(frame.as_str().to_owned()),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

fn header() -> String {
    let mut buffer = Vec::new();
    write_header(&Open::to_host("xmpp.example.test"), &mut buffer);
    String::from_utf8(buffer).unwrap()
}

fn received(reader: &mut FrameReader, frame: &str) -> Received {
    match reader.read(Frame::from(frame.to_owned())) {
        Ok(received) => received,
        Err(error) => panic!("{frame}: {error}"),
    }
}

#[test]
fn a_stream_is_cut_into_its_header_its_elements_and_its_footer() {
    let stream = format!("{}<iq id='1'><a>></a></iq>\n<presence/>{FOOTER}", header());
    let (frames, error) = split(&[stream.as_bytes()]);
    assert_eq!(error, None);
    assert_eq!(frames.len(), 4);
    assert!(frames[0].starts_with("<stream:stream xmlns=\"jabber:client\""));
    assert_eq!(
        frames[1..],
        ["<iq id='1'><a>></a></iq>", "<presence/>", FOOTER]
    );
}

#[test]
fn elements_inherit_the_namespaces_of_the_header_and_stand_alone_afterwards() {
    let mut reader = FrameReader::new(Framing::Tcp, Limits::default());
    let Received::Open(open) = received(&mut reader, &header()) else {
        panic!("not a header");
    };
    assert_eq!(open, Open::to_host("xmpp.example.test"));
    let Received::Element(features) =
        received(&mut reader, "<stream:features><a/></stream:features>")
    else {
        panic!("not an element");
    };
    assert!(features.root().is(mfly_proto::ns::STREAM, "features"));
    assert_eq!(
        features.root().children().next().unwrap().ns(),
        "jabber:client"
    );
    assert!(matches!(
        received(&mut reader, FOOTER),
        Received::Close {
            see_other_uri: None
        }
    ));
    let error = reader.read(Frame::from("</stream>")).unwrap_err();
    assert_eq!(error.kind, XmlErrorKind::MismatchedTag);
}
