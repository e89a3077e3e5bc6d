//! Any bytes as one direction of a stream over TCP.

use mfly_proto::framing::tcp::{SplitError, Splitter, write_header};
use mfly_proto::framing::{Frame, FrameReader, Framing, Open, ReceiveLimits, Received};
use mfly_proto::xml::{Document, Limits};

/// The longest frame: small, so that inputs reach it.
const LIMIT: usize = 1_024;

/// The outcome does not depend on how the bytes arrive, memory is bounded, and each document can be
/// parsed alone.
///
/// The first two bytes are the sizes of the chunks.
pub fn tcp(data: &[u8]) {
    let Some((&[first, second], bytes)) = data.split_first_chunk() else {
        return;
    };
    let (frames, error) = split([bytes]);
    let sizes = [usize::from(first % 61) + 1, usize::from(second) + 1];
    assert_eq!(split(uneven(bytes, sizes)), (frames.clone(), error));
    assert_eq!(split(bytes.chunks(1)), (frames.clone(), error));

    skipping(bytes, sizes);

    let mut reader = FrameReader::new(Framing::Tcp, Limits::default());
    for frame in frames {
        match reader.read(frame) {
            Ok(Received::Open(open)) => header(&open),
            Ok(Received::Element(document)) => element(&document),
            Ok(Received::Close { see_other_uri }) => assert_eq!(see_other_uri, None),
            Ok(Received::WhiteSpace) => unreachable!("white space was left out"),
            Ok(Received::Skipped(skipped)) => unreachable!("{skipped:?} was to be an error"),
            Err(_) => {}
        }
    }
}

/// Checks that a stanza above a limit is skipped at every chunking, and reported by the reader.
fn skipping(bytes: &[u8], sizes: [usize; 2]) {
    let mut limits = ReceiveLimits::default();
    limits.stanza.bytes = LIMIT / 8;
    limits.stanza.depth = 4;
    limits.iq.bytes = LIMIT / 4;
    limits.hard_bytes = LIMIT;
    let split = |chunks: Vec<&[u8]>| split_by(Splitter::skipping(limits), chunks);
    let (frames, error) = split(vec![bytes]);
    assert_eq!(split(uneven(bytes, sizes)), (frames.clone(), error));
    assert_eq!(split(bytes.chunks(1).collect()), (frames.clone(), error));
    let mut reader = FrameReader::skipping(Framing::Tcp, limits);
    for frame in frames {
        let is_skipped = frame.skipped().is_some();
        let received = reader.read(frame);
        assert!(!is_skipped || matches!(received, Ok(Received::Skipped(_))));
    }
}

/// The frames except keep-alives, which depend on how the bytes arrive, and the error after them.
fn split<'c>(chunks: impl IntoIterator<Item = &'c [u8]>) -> (Vec<Frame>, Option<SplitError>) {
    split_by(Splitter::new(LIMIT), chunks)
}

fn split_by<'c>(
    mut splitter: Splitter,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> (Vec<Frame>, Option<SplitError>) {
    let mut frames = Vec::new();
    for chunk in chunks {
        splitter.push(chunk);
        loop {
            match splitter.next() {
                Ok(Some(frame)) => {
                    assert!(frame.len() <= LIMIT, "a frame exceeds the limit");
                    if frame.as_bytes() != b" " {
                        frames.push(frame);
                    }
                }
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
        assert!(splitter.buffered() <= LIMIT, "more is held than one frame");
    }
    (frames, None)
}

/// Pieces of two sizes in turn.
fn uneven(bytes: &[u8], sizes: [usize; 2]) -> Vec<&[u8]> {
    let mut chunks = Vec::new();
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        let (chunk, after) = rest.split_at((*size).min(rest.len()));
        chunks.push(chunk);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    chunks
}

fn header(open: &Open) {
    let mut buffer = Vec::new();
    write_header(open, &mut buffer);
    let written = String::from_utf8(buffer).expect("a header is text");
    let mut reader = FrameReader::new(Framing::Tcp, Limits::default());
    match reader.read(Frame::from(written)) {
        Ok(Received::Open(again)) => assert_eq!(again, *open),
        other => panic!("a header is not read as it was written: {other:?}"),
    }
}

/// Checks that inherited declarations are part of the text of a document.
fn element(document: &Document) {
    let alone = Document::parse(document.as_str().to_owned(), &Limits::default())
        .expect("a document stands alone");
    assert_eq!(alone.root().ns(), document.root().ns());
    for child in document.root().children() {
        let detached = child.to_document();
        assert_eq!(detached.root().ns(), child.ns());
        assert_eq!(detached.root().text(), child.text());
    }
}
