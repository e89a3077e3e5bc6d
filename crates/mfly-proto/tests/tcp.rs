//! Streams over TCP: cutting them into frames, and reading the frames.
#![expect(clippy::panic, reason = "helpers of tests: what must not happen fails the test")]

mod streams;

use mfly_proto::framing::tcp::{FOOTER, SplitError, Splitter, write_header};
use mfly_proto::framing::{Frame, FrameReader, Framing, Open, Received};
use mfly_proto::ns;
use mfly_proto::testing::{Bindings, Line, recorded_traces};
use mfly_proto::xml::{Document, Limits, XmlErrorKind};
use streams::{LIMIT, Outcome, content, header, split};

/// A header whose prefix for streams is the default one.
const OTHER_HEADER: &str = "<stream xmlns='http://etherx.jabber.org/streams' xmlns:c='jabber:client' \
    from='xmpp.example.test' id='s1' xml:lang='en' version='1.0'>";

/// Splits the stream as a whole, and checks that the outcome is the same for any two chunks and
/// byte by byte.
fn split_everywhere(stream: &[u8]) -> Outcome {
    let whole = content(split([stream]));
    for at in 0..=stream.len() {
        let (before, after) = stream.split_at(at);
        assert_eq!(
            content(split([before, after])),
            whole,
            "cut at byte {at} of {}",
            String::from_utf8_lossy(stream)
        );
    }
    assert_eq!(content(split(stream.chunks(1))), whole);
    whole
}

fn reader() -> FrameReader {
    FrameReader::new(Framing::Tcp, Limits::default())
}

fn received(reader: &mut FrameReader, frame: &str) -> Received {
    match reader.read(Frame::from(frame.to_owned())) {
        Ok(received) => received,
        Err(error) => panic!("{frame}: {error}"),
    }
}

fn opened(reader: &mut FrameReader, frame: &str) -> Open {
    match received(reader, frame) {
        Received::Open(open) => open,
        other => panic!("{frame} is no header: {other:?}"),
    }
}

fn element(reader: &mut FrameReader, frame: &str) -> Document {
    match received(reader, frame) {
        Received::Element(document) => document,
        other => panic!("{frame} is no element: {other:?}"),
    }
}

fn refusal(reader: &mut FrameReader, frame: &str) -> XmlErrorKind {
    match reader.read(Frame::from(frame.to_owned())) {
        Ok(received) => panic!("{frame} was accepted: {received:?}"),
        Err(error) => error.kind,
    }
}

fn with_header(rest: &[u8]) -> Vec<u8> {
    [header().as_bytes(), rest].concat()
}

// Cutting.

#[test]
fn a_stream_is_cut_into_its_header_its_elements_and_its_footer() {
    let elements = [
        "<iq id='1'><a>></a></iq>",
        "<presence/>",
        "<message to=\"a>b'\" from='/>\"'><body>\u{1F600} /> ]]&gt; </body></message >",
        "<a><![CDATA[</a><![CDATA[ > ]] ]]]></a>",
        "<a:b xmlns:a='u'/>",
        "<a\n/>",
        "<\u{E9}t\u{E9}></\u{E9}t\u{E9}>",
    ];
    let stream = format!("{}\n{}{FOOTER}\n", header(), elements.join(" \r\n\t"));
    let (frames, error) = split_everywhere(stream.as_bytes());
    assert_eq!(error, None);
    assert!(frames[0].starts_with("<stream:stream xmlns=\"jabber:client\""));
    assert_eq!(frames[1..=elements.len()], elements);
    assert_eq!(frames[elements.len() + 1..], [FOOTER]);
}

#[test]
fn every_line_of_every_trace_is_cut_the_same_wherever_it_is_cut() {
    let mut lines = 0;
    for (name, trace) in recorded_traces().unwrap() {
        let mut bindings = Bindings::new();
        for line in &trace.lines {
            let (Line::Client(line) | Line::Server(line)) = line else {
                continue;
            };
            let text = bindings.fill(line);
            let (frames, error) = split_everywhere(&with_header(text.as_bytes()));
            assert_eq!((&frames[1..], error), ([text].as_slice(), None), "{name}");
            lines += 1;
        }
    }
    assert!(lines > 50, "only {lines} lines were found");
}

#[test]
fn whatever_is_cut_off_is_waited_for() {
    let stream =
        with_header(b"<iq a=\"b'>\" c='\"'><d>&amp;\xF0\x9F\x98\x80<![CDATA[x]]></d></iq>");
    for length in 0..stream.len() {
        let (frames, error) = split([&stream[..length]]);
        assert_eq!(error, None, "{length} bytes");
        assert!(frames.len() <= 1, "{length} bytes");
    }
}

#[test]
fn a_declaration_and_a_header_start_the_stream_again_at_any_time() {
    let declared =
        format!("<?xml version='1.0' encoding=\"utf-8\" standalone='yes' ?>\n{OTHER_HEADER}");
    let stream = format!("{declared}<a/>{declared}<b/>{OTHER_HEADER}<c/></stream>");
    let (frames, error) = split_everywhere(stream.as_bytes());
    assert_eq!(error, None);
    assert_eq!(
        frames,
        [OTHER_HEADER, "<a/>", OTHER_HEADER, "<b/>", OTHER_HEADER, "<c/>", "</stream>"]
    );
}

#[test]
fn white_space_at_the_end_of_a_chunk_is_a_sign_of_life_and_no_other_is() {
    let start = header();
    let chunks = ["\n", &start, " ", "\r\n\t ", "\n<a/>", "<b/>\n", "  <c> ", "</c>", FOOTER, " "];
    let (frames, error) = split(chunks.map(str::as_bytes));
    assert_eq!(error, None);
    assert_eq!(frames[1..], [" ", " ", "<a/>", "<b/>", " ", "<c> </c>", FOOTER]);
    let mut reader = reader();
    assert!(matches!(received(&mut reader, " "), Received::WhiteSpace));
}

#[test]
fn nothing_is_left_behind_a_frame_unless_more_bytes_came_with_it() {
    let mut splitter = Splitter::new(LIMIT);
    splitter.push(&with_header(b"<proceed/>"));
    assert!(splitter.next().unwrap().is_some());
    assert_eq!(splitter.next().unwrap().unwrap().as_str(), "<proceed/>");
    assert_eq!(splitter.buffered(), 0);
    for injected in ["\n", "<", "<iq/>", "\u{16}"] {
        let mut splitter = Splitter::new(LIMIT);
        splitter.push(&with_header(b"<proceed/>"));
        splitter.push(injected.as_bytes());
        assert!(splitter.next().unwrap().is_some());
        assert_eq!(splitter.next().unwrap().unwrap().as_str(), "<proceed/>");
        assert_eq!(splitter.buffered(), injected.len());
    }
}

/// The rows `text => outcome` of a section of `fixtures/framing/refusals.txt`.
fn rows(section: &str) -> impl Iterator<Item = (&str, &str)> {
    const FILE: &str = include_str!("../fixtures/framing/refusals.txt");
    let heading = format!("# {section}\n");
    let Some((_, rows)) = FILE.split_once(&heading) else { panic!("no section {section}") };
    rows.lines().map_while(|row| row.rsplit_once(" => "))
}

#[test]
fn what_restricted_xml_does_not_have_is_refused_wherever_it_is_cut() {
    for (rest, error) in rows("Behind a stream header") {
        let (frames, found) = split_everywhere(&with_header(rest.as_bytes()));
        assert_eq!(format!("{:?}", found.unwrap()), error, "{rest}");
        assert!(frames.len() <= 2, "{rest}: {frames:?}");
    }
}

#[test]
fn a_peer_that_does_not_start_with_a_stream_header_is_told_from_one_that_does() {
    for (start, error) in rows("At the start of a stream") {
        let (frames, found) = split_everywhere(start.as_bytes());
        assert_eq!(
            (frames.len(), format!("{:?}", found.unwrap())),
            (0, error.to_owned()),
            "{start}"
        );
    }
    use SplitError::{Malformed, NoHeader, NotUtf8};
    for (start, error) in [
        (&b"\x16\x03\x01\x02\x00"[..], NoHeader),
        (b"\xFE\xFF\0<", NotUtf8),
        (b"\xFF\xFE<\0", NotUtf8),
        (b"\xEF\xBB\xBF<?xml version='1.0'?>", Malformed(XmlErrorKind::ByteOrderMark)),
        (b"<\0s\0", Malformed(XmlErrorKind::MalformedName)),
    ] {
        assert_eq!(split_everywhere(start), (Vec::new(), Some(error)));
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_when_their_frame_is_complete() {
    for bytes in [b"\xFF".as_slice(), b"\xC3", b"\xC0\x80", b"\xED\xA0\x80"] {
        let stream = with_header(&[b"<a/><b>", bytes, b"</b><c/>"].concat());
        let (frames, error) = split_everywhere(&stream);
        assert_eq!(
            (frames[1..].to_vec(), error),
            (vec!["<a/>".to_owned()], Some(SplitError::NotUtf8))
        );
    }
}

#[test]
fn a_frame_may_have_as_many_bytes_as_the_limit_and_not_one_more() {
    let too_large = Some(SplitError::TooLarge { limit: LIMIT });
    let whole = |length: usize| format!("<a>{}</a>", "x".repeat(length - "<a></a>".len()));
    for chunk in [1, 7, 4_095, 4_096, 4_097, 10_000] {
        let chunks = |text: String| split(with_header(text.as_bytes()).chunks(chunk));
        let (frames, error) = chunks(whole(LIMIT) + &whole(LIMIT) + "<b/>");
        assert_eq!((frames.len(), error), (4, None));
        let (frames, error) = chunks(whole(LIMIT) + &whole(LIMIT + 1) + "<b/>");
        assert_eq!((frames.len(), error), (2, too_large));
    }
}

#[test]
fn what_is_never_closed_is_refused_when_it_exceeds_the_limit() {
    let fill = "x".repeat(3 * LIMIT);
    for start in ["<a>", "<a b='", "<a ", "</", "<a><![CDATA[", "<?xml version='1.0' "] {
        for chunk in [1, 100, 3 * LIMIT] {
            let stream = with_header(format!("{start}{fill}").as_bytes());
            let (_, error) = split(stream.chunks(chunk));
            assert_eq!(error, Some(SplitError::TooLarge { limit: LIMIT }), "{start}");
        }
    }
}

#[test]
fn more_open_elements_than_the_limit_are_refused_at_once() {
    let limit = Limits::default().depth;
    let nested = |depth| "<a>".repeat(depth) + &"</a>".repeat(depth);
    let (frames, error) = split_everywhere(&with_header(nested(limit).as_bytes()));
    assert_eq!((frames.len(), error), (2, None));
    let too_deep = Some(SplitError::TooDeep { limit });
    for deep in ["<a>".repeat(limit + 1), "<a>".repeat(limit) + "<a/>"] {
        assert_eq!(split_everywhere(&with_header(deep.as_bytes())).1, too_deep);
    }
}

/// Looking at everything again for every byte would take minutes here.
#[test]
fn a_megabyte_that_arrives_byte_by_byte_is_looked_at_once() {
    let fill = "x".repeat(1 << 20);
    for stanza in [
        format!("<a>{fill}</a>"),
        format!("<a b='{fill}'/>"),
        format!("<a><![CDATA[{fill}]]></a>"),
        format!("<a>{}</a>", "<b/>".repeat(1 << 18)),
        format!("<a>{}</a>", " ".repeat(1 << 20)),
        format!("<a{}/>", " ".repeat(1 << 20)),
    ] {
        let mut splitter = Splitter::new(2 << 20);
        splitter.push(header().as_bytes());
        assert!(splitter.next().unwrap().is_some());
        let mut frames = 0;
        for byte in stanza.as_bytes().chunks(1) {
            splitter.push(byte);
            while splitter.next().unwrap().is_some() {
                frames += 1;
            }
        }
        assert_eq!((frames, splitter.buffered()), (1, 0));
    }
}

#[test]
fn debug_output_and_errors_show_no_content() {
    let mut splitter = Splitter::new(LIMIT);
    splitter.push(&with_header(b"<auth>hunter2"));
    assert!(splitter.next().unwrap().is_some());
    assert_eq!(splitter.next(), Ok(None));
    let shown = format!("{splitter:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("13 bytes"), "{shown}");
}

// Reading.

#[test]
fn a_header_says_what_an_opening_over_a_web_socket_says() {
    let open = Open {
        from: Some("xmpp.example.test".to_owned()),
        id: Some("<s&'1\">".to_owned()),
        lang: Some("en".to_owned()),
        to: Some("u1@xmpp.example.test".to_owned()),
        version: Some("1.0".to_owned()),
    };
    let mut buffer = Vec::new();
    write_header(&open, &mut buffer);
    let written = String::from_utf8(buffer).unwrap();
    assert!(written.starts_with(
        "<?xml version='1.0'?><stream:stream xmlns=\"jabber:client\" xmlns:stream=\"http://etherx.jabber.org/streams\""
    ));
    // With the declaration, as it was written, and without it, as a splitter hands it out.
    assert_eq!(opened(&mut reader(), &written), open);
    let (frames, _) = split_everywhere(written.as_bytes());
    assert_eq!(opened(&mut reader(), &frames[0]), open);
    let other = opened(&mut reader(), OTHER_HEADER);
    assert_eq!((other.id.as_deref(), other.lang.as_deref()), (Some("s1"), Some("en")));
}

#[test]
fn elements_inherit_the_namespaces_of_their_header_and_stand_alone_afterwards() {
    let mut reader = reader();
    opened(&mut reader, &header());
    let iq = element(&mut reader, "<iq id='1'><query xmlns='jabber:iq:last'/><ping/></iq>");
    assert!(iq.root().is(ns::CLIENT, "iq"));
    assert_eq!(iq.root().attr("id").as_deref(), Some("1"));
    assert!(iq.root().child("jabber:iq:last", "query").is_some());
    assert!(iq.root().child(ns::CLIENT, "ping").is_some());
    assert_eq!(
        iq.as_str(),
        "<iq xmlns=\"jabber:client\" id='1'><query xmlns='jabber:iq:last'/><ping/></iq>"
    );
    assert_eq!(iq.root().source(), iq.as_str());
    let ping = iq.root().child_named("ping").unwrap().to_document();
    assert_eq!(ping.as_str(), "<ping xmlns=\"jabber:client\"/>");

    let features = element(&mut reader, "<stream:features><a xmlns='u'/></stream:features>");
    assert!(features.root().is(ns::STREAM, "features"));
    let alone = Document::parse(features.as_str().to_owned(), &Limits::default()).unwrap();
    assert!(alone.root().is(ns::STREAM, "features"));
}

#[test]
fn what_an_element_declares_itself_overrides_its_header() {
    let mut reader = reader();
    opened(&mut reader, &header());
    for text in
        ["<iq xmlns='jabber:client'/>", "<iq a='xmlns=\"u\"' xmlns='u'/>", "<iq\n xmlns = \"\" />"]
    {
        assert_eq!(element(&mut reader, text).as_str(), text);
    }
    let features = element(&mut reader, "<stream:features xmlns:stream='u' xmlns='v' xmlnsx='w'/>");
    assert!(features.root().is("u", "features"));
    let outer = element(&mut reader, "<a><stream:b xmlns:stream='u'/><stream:b/></a>");
    let namespaces: Vec<_> = outer.root().children().map(|child| child.ns()).collect();
    assert_eq!(namespaces, ["u", ns::STREAM]);
}

#[test]
fn any_prefix_may_stand_for_the_stream_and_for_its_content() {
    let mut reader = reader();
    opened(&mut reader, OTHER_HEADER);
    assert!(element(&mut reader, "<features/>").root().is(ns::STREAM, "features"));
    let iq = element(&mut reader, "<c:iq c:x='1' xmlns='u'><ping/></c:iq>");
    assert!(iq.root().is(ns::CLIENT, "iq"));
    assert_eq!(iq.root().attr_ns(ns::CLIENT, "x").as_deref(), Some("1"));
    assert_eq!(refusal(&mut reader, "<stream:features/>"), XmlErrorKind::UnboundPrefix);
    assert_eq!(refusal(&mut reader, FOOTER), XmlErrorKind::MismatchedTag);
    assert!(matches!(
        received(&mut reader, "</stream\n>"),
        Received::Close { see_other_uri: None }
    ));
}

#[test]
fn a_header_that_comes_again_replaces_what_the_first_one_declared() {
    let mut reader = reader();
    opened(&mut reader, &header());
    opened(&mut reader, "<s:stream xmlns:s='http://etherx.jabber.org/streams' version='1.0'>");
    assert!(element(&mut reader, "<iq/>").root().is("", "iq"));
    assert_eq!(refusal(&mut reader, "<stream:error/>"), XmlErrorKind::UnboundPrefix);
    assert!(element(&mut reader, "<s:error/>").root().is(ns::STREAM, "error"));
}

#[test]
fn hostile_headers_are_refused_and_change_nothing() {
    let declarations =
        |count: usize| (0..count).map(|index| format!(" xmlns:p{index}='u'")).collect::<String>();
    let many = [63, 1_000].map(|count| {
        let header = header().replace("<?xml version='1.0'?>", "");
        header.replace('>', &format!("{}>", declarations(count)))
    });
    let many = many.iter().map(|header| (header.as_str(), "TooManyAttributes"));
    for (header, kind) in rows("Headers").chain(many) {
        let mut reader = reader();
        opened(&mut reader, OTHER_HEADER);
        assert_eq!(format!("{:?}", refusal(&mut reader, header)), kind, "{header}");
        assert!(element(&mut reader, "<features/>").root().is(ns::STREAM, "features"));
    }
}

#[test]
fn versions_are_compared_as_numbers() {
    for version in ["1.0", "1.1", "01.00"] {
        let header = OTHER_HEADER.replace("1.0", version);
        assert_eq!(opened(&mut reader(), &header).version.as_deref(), Some(version));
    }
}

#[test]
fn limits_hold_for_elements_that_inherit() {
    let limits = Limits { bytes: 300, attributes: 4, ..Limits::default() };
    let mut reader = FrameReader::new(Framing::Tcp, limits);
    opened(
        &mut reader,
        OTHER_HEADER
            .replace("from='xmpp.example.test' ", "")
            .replace(" xml:lang='en'", "")
            .as_str(),
    );
    let sized = |length: usize| format!("<a>{}</a>", "x".repeat(length - "<a></a>".len()));
    // Inherited declarations do not count as bytes …
    element(&mut reader, &sized(300));
    assert_eq!(refusal(&mut reader, &sized(301)), XmlErrorKind::TooLarge);
    // … but count as attributes.
    element(&mut reader, "<a b='' c='' d=''/>");
    assert_eq!(refusal(&mut reader, "<a b='' c='' d='' e=''/>"), XmlErrorKind::TooManyAttributes);
}

#[test]
fn a_reader_reads_on_after_large_elements_and_after_refusals() {
    let mut reader = reader();
    opened(&mut reader, &header());
    let large = format!("<a>{}</a>", "<b c='d'/>".repeat(1_000));
    for _ in 0..2 {
        let document = element(&mut reader, &large);
        assert_eq!(document.root().children().count(), 1_000);
        assert_eq!(refusal(&mut reader, "<a><p:b/></a>"), XmlErrorKind::UnboundPrefix);
        assert!(element(&mut reader, "<a/>").root().is(ns::CLIENT, "a"));
    }
}

#[test]
fn a_refusal_points_into_the_frame_that_was_read() {
    let mut reader = reader();
    opened(&mut reader, &header());
    for (frame, position) in [
        ("<a><b>\u{1}</b></a>", 6),
        ("<a b='c' d='x<y'/>", 13),
        ("<a><b></a>", 6),
        ("<a/>x", 4),
        ("<1/>", 1),
    ] {
        let error = reader.read(Frame::from(frame)).unwrap_err();
        assert_eq!(error.position, position, "{frame}: {error}");
    }
}

#[test]
fn a_closing_tag_without_a_header_closes_nothing() {
    for end in [FOOTER, "</>", "</stream>"] {
        assert_eq!(refusal(&mut reader(), end), XmlErrorKind::MismatchedTag);
    }
}
