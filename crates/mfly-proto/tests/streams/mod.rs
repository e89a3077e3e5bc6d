//! Streams over TCP, cut in every way.

use mfly_proto::framing::tcp::{SplitError, Splitter, write_header};
use mfly_proto::framing::{Frame, Open};

/// The longest frame in these tests.
pub(crate) const LIMIT: usize = 4_096;

/// The frames of a stream, and the error that ends them.
pub(crate) type Outcome = (Vec<String>, Option<SplitError>);

/// Splits a stream whose bytes arrive in these chunks.
pub(crate) fn split<'c>(chunks: impl IntoIterator<Item = &'c [u8]>) -> Outcome {
    let (frames, error) = split_by(Splitter::new(LIMIT), chunks);
    let text = |frame: &Frame| frame.as_str().to_owned();
    (frames.iter().map(text).collect(), error)
}

/// Splits a stream whose bytes arrive in these chunks with this splitter.
pub(crate) fn split_by<'c>(
    mut splitter: Splitter,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> (Vec<Frame>, Option<SplitError>) {
    let mut frames = Vec::new();
    for chunk in chunks {
        splitter.push(chunk);
        loop {
            match splitter.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(splitter.next(), Err(error), "an error does not stay");
                    assert_eq!(splitter.buffered(), 0, "memory is held after an error");
                    return (frames, Some(error));
                }
            }
        }
        assert!(splitter.buffered() <= LIMIT);
    }
    (frames, None)
}

/// The outcome without keep-alives, which depend on how the bytes arrive.
pub(crate) fn content((mut frames, error): Outcome) -> Outcome {
    frames.retain(|frame| frame != " ");
    (frames, error)
}

/// A header as clients and servers of this workspace write it.
pub(crate) fn header() -> String {
    let mut buffer = Vec::new();
    write_header(&Open::to_host("xmpp.example.test"), &mut buffer);
    String::from_utf8_lossy(&buffer).into_owned()
}
