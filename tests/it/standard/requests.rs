//! Requests, events and limits of a session.
//!
//! The suite (`tests/suite`) checks every operation over every transport; here is what it leaves
//! out.

use super::*;
use mfly_client::standard::{Photo, VCard};
use mfly_client::{ErrorKind, PresenceKind, ReceiveLimits};

const WAY: Way = Way::Memory(Framing::Tcp);

#[tokio::test]
async fn concurrent_changes_of_a_card_are_all_stored() {
    let server = start(|builder| builder).await;
    let alice = connect(&account(&server, "alice", WAY)).await;
    let photo = Photo::Inline { media_type: "image/png".to_owned(), data: vec![0, 255, 7] };
    let card = VCard { photo: Some(photo), ..VCard::default() };
    alice.set_vcard(card.clone()).await.unwrap();
    let (one, two) = tokio::join!(
        alice.update_vcard(|card| card.nickname = "Al".to_owned()),
        alice.update_vcard(|card| card.title = "Dr".to_owned()),
    );
    one.unwrap();
    two.unwrap();
    let stored = alice.vcard(None).await.unwrap();
    assert_eq!(stored.photo, card.photo);
    assert_eq!((stored.nickname.as_str(), stored.title.as_str()), ("Al", "Dr"));
}

#[tokio::test]
async fn an_account_without_carbons_gets_copies_only_after_it_asks_for_them() {
    let server = start(|builder| builder).await;
    let alice = connect(&account(&server, "alice", WAY)).await;
    let quiet = connect(&account(&server, "alice", WAY).carbons(false)).await;
    let bob = connect(&account(&server, "bob", WAY)).await;
    let mut events = quiet.events();
    alice.send_message(&bob.account(), "before").await.unwrap();
    alice.ping(None).await.unwrap();
    quiet.enable_carbons().await.unwrap();
    alice.send_message(&bob.account(), "after").await.unwrap();
    let first = wait_for_message(&mut events).await;
    assert_eq!(first.body.as_deref(), Some("after"));
}

#[tokio::test]
async fn a_refused_subscription_ends_the_one_that_was_allowed() {
    let server = start(|builder| builder).await;
    let alice = connect(&account(&server, "alice", WAY)).await;
    let bob = connect(&account(&server, "bob", WAY)).await;
    let (mut alices, mut bobs) = (alice.events(), bob.events());
    alice.subscribe(&bob.account()).await.unwrap();
    wait_for_presence(&mut bobs, PresenceKind::Subscribe).await;
    bob.allow_subscription(&alice.account()).await.unwrap();
    wait_for_presence(&mut alices, PresenceKind::Available).await;
    bob.refuse_subscription(&alice.account()).await.unwrap();
    wait_for_presence(&mut alices, PresenceKind::Unsubscribed).await;
}

#[tokio::test]
async fn a_refusal_is_an_error_with_the_servers_condition() {
    let server = start(|builder| builder).await;
    let alice = connect(&account(&server, "alice", WAY)).await;
    let stranger = jid(&server, "nobody");
    let error = alice.last_seen(&stranger).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RequestRefused(_)), "{error:?}");
    let error = alice.unblock(&[]).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidArgument(_)), "{error:?}");
    alice.close().await;
    let error = alice.ping(None).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Ended(_)), "{error:?}");
}

#[tokio::test]
async fn a_stanza_below_the_hard_limit_is_skipped_and_one_above_ends_the_connection() {
    let server = start(|builder| builder).await;
    for way in [Way::DirectTls, Way::WebSocket] {
        let mut limits = ReceiveLimits::default();
        limits.iq.bytes = 256 * 1024;
        limits.hard_bytes = 6 * 1024 * 1024;
        let alice = connect(&account(&server, "alice", way).limits(limits)).await;
        let mut events = alice.events();
        let send = |mebibytes: usize| {
            let text = "x".repeat(mebibytes * 1024 * 1024);
            let from = "m@evil.example.test";
            let stanza = format!("<message xmlns='jabber:client' from='{from}'>{text}</message>");
            assert_eq!(server.fault().connections_of("alice").send(stanza), 1);
        };
        send(5);
        expect_event!(&mut events, Event::StanzaSkipped(_) => ());
        send(7);
        expect_event!(&mut events, Event::Disconnected { .. } => ());
        expect_event!(&mut events, Event::Connected { .. } => ());
        alice.close().await;
    }
}
