//! Whatever a client sends, the server stays up and bounded.

use super::testing::{HOST, PRESENCE, Server, bind};
use crate::core::world::{Settings, StreamId};
use mfly_proto::framing::Framing;
use mfly_proto::sasl::ChannelBindings;
use mfly_proto::secret::Password;
use proptest::prelude::*;

/// Frames that mean something, to be cut, joined and reordered.
fn frames() -> Vec<String> {
    let mut frames: Vec<String> =
        include_str!("hostile.txt").lines().chain(["", " ", PRESENCE]).map(str::to_owned).collect();
    frames.push(format!(
        "<open to='{HOST}' version='1.0' xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"
    ));
    frames.push(format!(
        "<?xml version='1.0'?><stream:stream to='{HOST}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
    ));
    frames.push(bind("a"));
    frames
}

fn frame() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => proptest::sample::select(frames()),
        2 => (proptest::sample::select(frames()), any::<proptest::sample::Index>()).prop_map(
            |(text, index)| text.chars().take(index.index(text.chars().count() + 1)).collect()
        ),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_frames_makes_the_core_panic_or_forget_to_close(
        start in 0..6_u8,
        is_tcp in any::<bool>(),
        frames in proptest::collection::vec(frame(), 0..40),
    ) {
        let settings = Settings {
            scram: true,
            scram_iterations: 1,
            sasl2: true,
            anonymous: true,
            ..super::testing::settings()
        };
        let mut server = Server::with(settings);
        if is_tcp {
            server.meta.framing = Framing::Tcp;
        }
        let witness = match start % 2 {
            0 => server.connect("u2", "w"),
            _ => server.connect_standard("u2", "w"),
        };
        server.meta.must_secure = is_tcp && start == 0;
        let stream = match start {
            0 => server.open(),
            1 => server.opened(),
            2 => server.authenticated("u1"),
            3 => server.connect("u1", "a"),
            4 => server.bound_standard("u1", "a"),
            _ => server.connect_standard("u1", "a"),
        };
        for frame in frames {
            server.send(stream, &frame);
            if server.secured.contains(&stream) {
                server.secure(stream, ChannelBindings::NONE);
            }
        }
        server.lose(stream);
        server.received(witness);
        // The other user is served as if nothing had happened.
        let answer = server.ask(witness, "get", None, "<ping xmlns='urn:xmpp:ping'/>");
        prop_assert!(answer.contains(r#"type="result""#));
        prop_assert_eq!(server.core.streams.len(), 1);
        prop_assert_eq!(server.core.deadlines.len(), 1);
    }
}

#[test]
fn a_stream_means_the_same_however_its_bytes_arrive() {
    let said = |pieces: usize| {
        let [_, mut server] = Server::every();
        server.standard("u1");
        let stream = server.open();
        let auth = Server::auth("u1", &Password::new("secret").unwrap());
        let own = server.opening();
        let whole = format!("{own}{auth}{own}{}{PRESENCE} </stream:stream>", bind("a"));
        for piece in whole.as_bytes().chunks(pieces) {
            server.send(stream, std::str::from_utf8(piece).unwrap());
        }
        assert!(server.is_closed(stream));
        server.received(stream)
    };
    let at_once = said(usize::MAX);
    assert!(at_once.iter().any(|frame| frame.contains("<jid>u1@xmpp.example.test/a</jid>")));
    for pieces in [1, 7, 100] {
        assert_eq!(said(pieces), at_once, "{pieces}");
    }
}

#[test]
fn frames_for_a_stream_that_never_was_are_ignored() {
    let mut server = Server::new();
    server.send(StreamId(99), &server.opening());
    assert_eq!(server.received(StreamId(99)), Vec::<String>::new());
}
