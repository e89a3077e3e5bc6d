//! Properties of streams over TCP: how the bytes arrive makes no difference, and neither does
//! reading element by element instead of all at once.

mod generated;
mod skipping;
mod streams;

use generated::{Tree, fragment, read, seeded, soup};
use mfly_proto::framing::{Frame, FrameReader, Framing, Received};
use mfly_proto::xml::{Document, Limits, Parser, XmlErrorKind};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use streams::{LIMIT, content, header, split};

/// Limits that a whole stream of generated elements does not reach.
const WIDE: Limits =
    Limits { bytes: 1 << 20, depth: 64, attributes: 128, children: 4_096, elements: 65_536 };

/// Start and end of a stream. The content's namespace has no prefix, or has one, or there is none.
fn ends() -> impl Strategy<Value = (&'static str, &'static str)> {
    select(vec![
        (
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
             xmlns:p='urn:p' xmlns:q='a&amp;b' version='1.0'>",
            "</stream:stream>",
        ),
        (
            "<stream xmlns='http://etherx.jabber.org/streams' xmlns:p=\"jabber:client\" xmlns:q='jabber:client' version='1.0' >",
            "</stream >",
        ),
        (
            "<p:stream\nversion = '1.0' xmlns:p='http://etherx.jabber.org/streams' xmlns:q='q'>",
            "</p:stream>",
        ),
    ])
}

/// A stream as its parts, with white space between them, and where it is cut.
#[derive(Clone, Debug)]
struct Stream {
    parts: Vec<String>,
    text: String,
    cuts: Vec<Index>,
}

impl Stream {
    fn chunks(&self) -> Vec<&[u8]> {
        chunks(self.text.as_bytes(), &self.cuts)
    }
}

fn chunks<'b>(bytes: &'b [u8], cuts: &[Index]) -> Vec<&'b [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

fn stream() -> impl Strategy<Value = Stream> {
    let space = || select(vec!["", "", " ", "\r\n", "\t \n"]);
    let elements = vec((fragment(), space()), 0..5);
    (ends(), elements, space(), vec(any::<Index>(), 0..12)).prop_map(
        |((start, end), elements, space, cuts)| {
            let mut parts = vec![start.to_owned()];
            let mut text = format!("{start}{space}");
            for (element, space) in elements {
                text += &element;
                text += space;
                parts.push(element);
            }
            parts.push(end.to_owned());
            text += end;
            Stream { parts, text, cuts }
        },
    )
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn however_a_stream_arrives_its_parts_come_out(stream in stream()) {
        prop_assume!(stream.parts.iter().all(|part| part.len() <= LIMIT));
        prop_assert_eq!(content(split(stream.chunks())), (stream.parts.clone(), None));
        prop_assert_eq!(content(split([stream.text.as_bytes()])), (stream.parts, None));
    }

    #[test]
    fn an_element_means_the_same_as_it_does_in_the_whole_stream(stream in stream()) {
        let whole = Document::parse(stream.text.clone(), &WIDE);
        let mut reader = FrameReader::new(Framing::Tcp, WIDE);
        let mut elements: Vec<Tree> = Vec::new();
        for part in &stream.parts {
            match reader.read(Frame::from(part.clone())) {
                Ok(Received::Element(document)) => {
                    elements.push(read(document.root()));
                    // On its own as well.
                    let alone = Document::parse(document.as_str().to_owned(), &WIDE);
                    prop_assert_eq!(alone.ok().map(|alone| read(alone.root())), Some(read(document.root())));
                }
                Ok(_) => {}
                Err(error) => {
                    // Two namespaces may meet.
                    prop_assert_eq!(error.kind, XmlErrorKind::DuplicateAttribute);
                    prop_assert_eq!(whole.err().map(|error| error.kind), Some(error.kind));
                    return Ok(());
                }
            }
        }
        let whole = whole.map(|whole| read(whole.root()).children);
        prop_assert_eq!(whole, Ok(elements));
    }
}

/// Pieces of markup, or a stream with damage, behind a header.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let damaged =
        (stream(), vec((any::<Index>(), any::<u8>()), 1..4)).prop_map(|(stream, damage)| {
            let mut bytes = stream.text.into_bytes();
            for (index, byte) in damage {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
            bytes
        });
    let elements = vec(
        select(vec!["<a>", "</a>", "<a/>", "<b c='>'>", "</b>", "x", " ", "<![CDATA[", "]]>"]),
        0..20,
    )
    .prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![damaged, soup(), elements]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..seeded() })]

    #[test]
    fn however_hostile_bytes_arrive_the_outcome_is_the_same(
        bytes in hostile(),
        has_header in any::<bool>(),
        cuts in vec(any::<Index>(), 0..12),
    ) {
        let start = if has_header { header() } else { String::new() };
        let bytes = [start.as_bytes(), &bytes].concat();
        let whole = content(split([bytes.as_slice()]));
        prop_assert_eq!(content(split(chunks(&bytes, &cuts))), whole.clone());
        prop_assert_eq!(content(split(bytes.chunks(1))), whole);
    }

    #[test]
    fn a_frame_ends_where_the_parser_says_that_its_element_does(bytes in hostile()) {
        let start = header();
        let (frames, error) = content(split([start.as_bytes(), &bytes]));
        let mut parser = Parser::new(Limits::default());
        for frame in frames.iter().skip(1).filter(|frame| !frame.contains("stream")) {
            for length in 0..frame.len() {
                prop_assert!(parser.parse(&frame.as_bytes()[..length]).is_err(), "{} of {}", length, frame);
            }
            let kind = parser.parse(frame.as_bytes()).err().map(|error| error.kind);
            prop_assert_ne!(kind, Some(XmlErrorKind::Truncated), "{}", frame);
        }
        // Refused bytes are no start of an element.
        let is_plain = frames.iter().skip(1).all(|frame| !frame.contains("stream"));
        if error.is_some() && is_plain {
            let rest = frames.iter().skip(1).fold(bytes.as_slice(), |rest, frame| {
                &rest.trim_ascii_start()[frame.len()..]
            });
            if !rest.windows(6).any(|window| window == b"stream" || window == b"<?xml ") {
                prop_assert!(parser.parse(rest).is_err(), "{}", String::from_utf8_lossy(rest));
            }
        }
    }
}
