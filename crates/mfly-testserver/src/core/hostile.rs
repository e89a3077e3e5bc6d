//! Whatever a client sends, the server stays up and bounded.

use super::testing::{PRESENCE, Server, bind, opening};
use crate::world::{Settings, StreamId};
use proptest::prelude::*;

/// Frames that mean something, to be cut, joined and reordered.
fn frames() -> Vec<String> {
    let mut frames: Vec<String> = [
        "",
        " ",
        "<",
        "</iq>",
        "<iq/>",
        "<message/>",
        "<presence/>",
        PRESENCE,
        "<presence type='unavailable'/>",
        "<presence type='subscribe' to='u2@xmpp.example.test'/>",
        "<iq id='1' type='get'><query xmlns='jabber:iq:roster'/></iq>",
        "<iq id='1' type='get' to='u2@xmpp.example.test'><query xmlns='jabber:iq:last'/></iq>",
        "<iq id='1' type='set'><block xmlns='urn:xmpp:blocking'><item jid='u2@xmpp.example.test'/></block></iq>",
        "<iq id='1' type='set'><unblock xmlns='urn:xmpp:blocking'><item jid='u2@xmpp.example.test'/></unblock></iq>",
        "<iq id='1' type='set'><vCard xmlns='vcard-temp'><nickName>x</nickName><odd/></vCard></iq>",
        "<iq id='1' type='result' to='u2@xmpp.example.test/a'/>",
        "<message to='u2@xmpp.example.test' type='chat'><body>x</body></message>",
        "<message to='nobody@elsewhere.test'><body>x</body></message>",
        "<auth mechanism='PLAIN' xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AHUxAHB3</auth>",
        "<auth mechanism='PLAIN' xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
        "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>!</response>",
        "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
        "<!DOCTYPE x><x/>",
    ]
    .map(str::to_owned)
    .into();
    frames.push(opening());
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
        start in 0..4_u8,
        frames in proptest::collection::vec(frame(), 0..40),
    ) {
        let mut server = Server::new();
        let witness = server.connect("u2", "w");
        let stream = match start {
            0 => server.open(),
            1 => server.opened(),
            2 => server.authenticated("u1"),
            _ => server.connect("u1", "a"),
        };
        for frame in frames {
            server.send(stream, &frame);
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
fn a_connection_over_the_limit_is_turned_away_with_resource_constraint() {
    let mut server = Server::with(Settings {
        max_streams: 1,
        ..super::testing::settings()
    });
    server.open();
    let surplus = server.open();
    let said = server.received(surplus);
    assert!(said[0].starts_with("<open "), "{said:?}");
    assert!(said[1].contains("<resource-constraint "), "{said:?}");
    assert!(server.is_closed(surplus));
}

#[test]
fn frames_for_a_stream_that_never_was_are_ignored() {
    let mut server = Server::new();
    server.send(StreamId(99), &opening());
    assert_eq!(server.received(StreamId(99)), Vec::<String>::new());
}
