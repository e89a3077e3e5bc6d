//! Stanzas that exceed a limit: they are told and skipped, and what follows them is read.

use crate::generated::{fragment, seeded, soup};
use crate::streams::{LIMIT, header, split_by};
use mfly_proto::framing::tcp::{SplitError, Splitter};
use mfly_proto::framing::{
    ExceededLimit, Frame, FrameReader, Framing, ReceiveLimits, Received, Skipped,
};
use mfly_proto::xml::{Limits, XmlErrorKind};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Limits that short texts reach.
fn small() -> ReceiveLimits {
    let stanza = Limits { bytes: 256, depth: 4, attributes: 6, children: 5, elements: 12 };
    ReceiveLimits { stanza, iq: Limits { bytes: 512, ..stanza }, hard_bytes: LIMIT }
}

/// A stanza of this name with an envelope and this content.
fn stanza(name: &str, content: &str) -> String {
    format!(
        "<{name} from='julia@capulet.test/balcony' to='romeo@montague.test' id='m&amp;1' type='t'>{content}</{name}>"
    )
}

/// The stanzas that exceed one limit each.
fn excessive() -> Vec<(String, ExceededLimit)> {
    let declarations = (0..65).map(|n| format!(" xmlns:n{n}='u'")).collect::<String>();
    vec![
        (stanza("message", &"x".repeat(300)), ExceededLimit::Bytes(256)),
        (stanza("iq", &"x".repeat(600)), ExceededLimit::Bytes(512)),
        (stanza("message", "<a><b><c><d/></c></b></a>"), ExceededLimit::Depth(4)),
        (
            stanza("presence", "<a b='' c='' d='' e='' f='' g='' h=''/>"),
            ExceededLimit::Attributes(6),
        ),
        (stanza("message", &"<a/>".repeat(6)), ExceededLimit::Children(5)),
        (stanza("iq", &"<a><b/><b/><b/></a>".repeat(3)), ExceededLimit::Elements(12)),
        (stanza("iq", &format!("<a{declarations}/>")), ExceededLimit::Bytes(512)),
    ]
}

fn check(skipped: &Skipped, text: &str, limit: ExceededLimit) {
    assert_eq!(skipped.limit, limit, "{text}");
    assert!(text.starts_with(&format!("<{} ", skipped.name)), "{text}");
    let sender = skipped.sender().map(|sender| sender.to_string());
    assert_eq!(sender.as_deref(), Some("julia@capulet.test/balcony"));
    assert_eq!(skipped.to.as_deref(), Some("romeo@montague.test"));
    assert_eq!(skipped.id.as_deref(), Some("m&1"));
    assert_eq!(skipped.kind.as_deref(), Some("t"));
}

#[test]
fn over_tcp_a_stanza_that_exceeds_a_limit_is_told_and_the_next_one_is_read() {
    for (text, limit) in excessive() {
        let stream = format!("{}{text}<presence/>", header());
        for size in [1, 7, 100, stream.len()] {
            let chunks = stream.as_bytes().chunks(size);
            let (frames, error) = split_by(Splitter::skipping(small()), chunks);
            assert_eq!(error, None, "{text}");
            let mut reader = FrameReader::skipping(Framing::Tcp, small());
            let frames = frames.into_iter().filter(|frame| frame.as_str() != " ");
            let received: Vec<_> = frames.map(|frame| reader.read(frame).unwrap()).collect();
            let [Received::Open(_), Received::Skipped(skipped), Received::Element(next)] =
                received.as_slice()
            else {
                panic!("{text}: {received:?}");
            };
            check(skipped, &text, limit);
            assert_eq!(next.root().name(), "presence");
        }
    }
}

#[test]
fn over_websocket_a_stanza_that_exceeds_a_limit_is_told_and_the_next_one_is_read() {
    for (text, limit) in excessive() {
        let mut reader = FrameReader::skipping(Framing::WebSocket, small());
        match reader.read(Frame::from(format!(" {text}\n"))).unwrap() {
            Received::Skipped(skipped) => check(&skipped, &text, limit),
            other => panic!("{text}: {other:?}"),
        }
        let next = reader.read(Frame::from("<presence/>")).unwrap();
        assert!(matches!(next, Received::Element(_)), "{next:?}");
    }
}

#[test]
fn more_namespaces_than_can_be_resolved_are_a_limit_as_well() {
    let limits = ReceiveLimits::default();
    let outer: String = (0..40).map(|n| format!(" xmlns:a{n}='u'")).collect();
    let inner: String = (0..40).map(|n| format!(" xmlns:b{n}='u'")).collect();
    let text = stanza("message", &format!("<a{outer}><b{inner}/></a>"));
    let mut reader = FrameReader::skipping(Framing::WebSocket, limits);
    let received = reader.read(Frame::from(text)).unwrap();
    let Received::Skipped(skipped) = received else {
        panic!("{received:?}");
    };
    assert_eq!(skipped.limit, ExceededLimit::Namespaces(64));
    assert_eq!(skipped.setting(), None);
}

#[test]
fn an_iq_has_bounds_of_its_own() {
    let text = "x".repeat(300);
    for (framing, start) in [(Framing::WebSocket, String::new()), (Framing::Tcp, header())] {
        let mut reader = FrameReader::skipping(framing, small());
        if framing == Framing::Tcp {
            reader.read(Frame::from(start)).unwrap();
        }
        let iq = reader.read(Frame::from(stanza("iq", &text))).unwrap();
        assert!(matches!(iq, Received::Element(_)), "{iq:?}");
        let message = reader.read(Frame::from(stanza("message", &text))).unwrap();
        assert!(matches!(message, Received::Skipped(_)), "{message:?}");
    }
}

#[test]
fn a_skipped_stanza_says_which_setting_raises_the_limit() {
    let mut reader = FrameReader::skipping(Framing::WebSocket, small());
    for (name, setting) in
        [("iq", "ReceiveLimits::iq.bytes"), ("message", "ReceiveLimits::stanza.bytes")]
    {
        let frame = Frame::from(stanza(name, &"x".repeat(600)));
        let Ok(Received::Skipped(skipped)) = reader.read(frame) else {
            panic!("{name} was read");
        };
        assert_eq!(skipped.setting(), Some(setting));
    }
}

#[test]
fn what_a_start_tag_says_is_told_within_bounds() {
    let long = |length: usize| "x".repeat(length);
    let start =
        format!("<message id='{}' type='{}' from='{}'", long(1_024), long(1_023), long(3_072));
    let text = format!("{start} to='a@b.test'>{}</message>", long(300_000));
    let mut reader = FrameReader::skipping(Framing::WebSocket, ReceiveLimits::default());
    let Ok(Received::Skipped(skipped)) = reader.read(Frame::from(text)) else {
        panic!("it was read");
    };
    assert_eq!((skipped.id, skipped.from), (None, None));
    assert_eq!(skipped.kind.map(|kind| kind.len()), Some(1_023));
    assert_eq!(skipped.to.as_deref(), Some("a@b.test"));
}

#[test]
fn a_start_tag_without_end_is_skipped_with_what_it_said_so_far() {
    let text = format!("{}<message from='a@b.test' x='{}' id='late'/>", header(), "x".repeat(400));
    let chunks = text.as_bytes().chunks(33);
    let (frames, error) = split_by(Splitter::skipping(small()), chunks);
    assert_eq!(error, None);
    let skipped = frames.iter().find_map(Frame::skipped).unwrap();
    assert_eq!(skipped.from.as_deref(), Some("a@b.test"));
    assert_eq!(skipped.id, None);
}

#[test]
fn twelve_mebibytes_pass_without_being_held() {
    let mut splitter = Splitter::skipping(ReceiveLimits::default());
    splitter.push(header().as_bytes());
    while splitter.next().unwrap().is_some() {}
    splitter.push(b"<message from='a@b.test'><body>");
    let chunk = [b'x'; 16 * 1024];
    let mut most = 0;
    for _ in 0..12 * 64 {
        splitter.push(&chunk);
        assert_eq!(splitter.next().unwrap(), None);
        most = most.max(splitter.buffered());
    }
    assert!(most <= Limits::default().bytes, "{most} bytes were held");
    assert_eq!(splitter.buffered(), 0);
    splitter.push(b"</body></message><presence/>");
    let skipped = splitter.next().unwrap().unwrap();
    let limit = skipped.skipped().map(|skipped| skipped.limit);
    assert_eq!(limit, Some(ExceededLimit::Bytes(256 * 1024)));
    assert_eq!(splitter.next().unwrap().unwrap().as_str(), "<presence/>");
}

#[test]
fn a_stanza_above_the_hard_limit_ends_the_stream() {
    let fits = stanza("message", &"x".repeat(LIMIT - stanza("message", "").len()));
    let longer = fits.replacen('x', "xx", 1);
    for (text, outcome) in [(&fits, None), (&longer, Some(SplitError::TooLarge { limit: LIMIT }))] {
        let stream = header() + text;
        for size in [1, 100, stream.len()] {
            let (_, error) = split_by(Splitter::skipping(small()), stream.as_bytes().chunks(size));
            assert_eq!(error, outcome);
        }
        let mut reader = FrameReader::skipping(Framing::WebSocket, small());
        let kind = reader.read(Frame::from(text.clone())).err().map(|error| error.kind);
        assert_eq!(kind, outcome.map(|_| XmlErrorKind::TooLarge));
    }
}

#[test]
fn what_is_skipped_must_be_restricted_xml_all_the_same() {
    let fill = "x".repeat(300);
    for (damage, kind) in [
        ("</b>", XmlErrorKind::MismatchedTag),
        ("<!-- -->", XmlErrorKind::Comment),
        ("<!DOCTYPE a>", XmlErrorKind::Doctype),
        ("<?a b?>", XmlErrorKind::ProcessingInstruction),
        ("&nbsp;", XmlErrorKind::UndeclaredEntity),
        ("\u{1}", XmlErrorKind::IllegalCharacter),
        ("<a b='<'/>", XmlErrorKind::LessThanInAttribute),
    ] {
        let text = stanza("message", &format!("{fill}{damage}"));
        let stream = header() + &text;
        for size in [1, 100, stream.len()] {
            let (frames, error) =
                split_by(Splitter::skipping(small()), stream.as_bytes().chunks(size));
            assert_eq!(error, Some(SplitError::Malformed(kind)), "{damage}");
            assert!(frames.iter().all(|frame| frame.skipped().is_none()));
        }
        let mut reader = FrameReader::skipping(Framing::WebSocket, small());
        let error = reader.read(Frame::from(text)).unwrap_err();
        assert_eq!(error.kind, kind, "{damage}");
    }
    let mut reader = FrameReader::skipping(Framing::WebSocket, small());
    let two = stanza("message", &fill) + "<presence/>";
    let error = reader.read(Frame::from(two)).unwrap_err();
    assert_eq!(error.kind, XmlErrorKind::TrailingContent);
    let cut = stanza("message", &fill).replace("</message>", "");
    let error = reader.read(Frame::from(cut)).unwrap_err();
    assert_eq!(error.kind, XmlErrorKind::Truncated);
}

#[test]
fn what_opens_or_ends_a_stream_is_not_skipped() {
    let long = "x".repeat(300);
    let too_large = Some(SplitError::TooLarge { limit: 256 });
    let again = format!("{}<stream:stream id='{long}'>", header());
    let ends = format!("{}</stream:stream{}>", header(), " ".repeat(300));
    let first = format!("<stream:stream id='{long}'>");
    for text in [again, ends, first] {
        let (frames, error) = split_by(Splitter::skipping(small()), [text.as_bytes()]);
        assert_eq!(error, too_large, "{text}");
        assert!(frames.iter().all(|frame| frame.skipped().is_none()));
    }
}

/// Pieces of a stream with faults and long elements.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &str = "<message id='1' from='a@b.test'>|</message>|<iq type='get' id=\"2\">|</iq>|\
        <presence/>|<a b='>&lt;' c=\"/\">|</a>|<a/>| |&amp;|&#x20AC;|\u{20ac}|<![CDATA[|]]>|]]|\
        </stream:stream>|0123456789012345678901234567890123456789012345678901234567890123456789";
    let piece = select(PIECES.split('|').collect::<Vec<_>>());
    vec(piece, 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

/// The text of each frame, or what it says of a stanza that was skipped.
fn outcome(bytes: &[u8], chunks: Vec<&[u8]>) -> (Vec<String>, Option<SplitError>) {
    let (frames, error) = split_by(Splitter::skipping(small()), chunks);
    let told = |frame: &Frame| match frame.skipped() {
        Some(skipped) => format!("{skipped:?}"),
        None => frame.as_str().to_owned(),
    };
    let frames = frames.iter().map(told).filter(|frame| frame != " ");
    assert!(bytes.len() <= 1 << 16);
    (frames.collect(), error)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..seeded() })]

    #[test]
    fn however_the_bytes_arrive_the_same_stanzas_are_skipped(
        bytes in prop_oneof![4 => pieces(), 1 => soup()],
        cuts in vec(any::<Index>(), 0..12),
    ) {
        let start = header();
        let bytes = [start.as_bytes(), &bytes].concat();
        let whole = outcome(&bytes, vec![&bytes]);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        prop_assert_eq!(outcome(&bytes, pieces), whole.clone());
        prop_assert_eq!(outcome(&bytes, bytes.chunks(1).collect()), whole);
    }

    #[test]
    fn what_a_larger_limit_reads_a_smaller_one_reads_or_skips(
        stanzas in vec((select(vec!["message", "iq"]), fragment(), 0..20_usize), 0..6),
    ) {
        let mut text = header();
        for (name, content, times) in stanzas {
            text += &stanza(name, &content.repeat(times));
        }
        let (read, error) = split_by(Splitter::skipping(ReceiveLimits::default()), [text.as_bytes()]);
        prop_assert_eq!(error, None);
        let limits = ReceiveLimits { hard_bytes: 1 << 20, ..small() };
        let (skipped, error) = split_by(Splitter::skipping(limits), [text.as_bytes()]);
        prop_assert_eq!(error, None);
        prop_assert_eq!(read.len(), skipped.len());
        for (read, skipped) in read.iter().zip(&skipped) {
            prop_assert!(read == skipped || skipped.skipped().is_some());
        }
    }
}
