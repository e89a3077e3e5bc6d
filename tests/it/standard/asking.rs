//! What a session can ask and hear.

use super::*;
use mfly_client::standard::{Carbon, Message, Photo, Subscription, VCard};
use mfly_client::{ConnectionState, ErrorKind, Jid, PresenceKind, Show};
use mfly_tests::wait::expect_event;

#[tokio::test]
async fn every_way_leads_to_a_session_that_can_ask_and_hear() {
    let server = start(|builder| builder).await;
    for way in WAYS {
        let alice = connect(&account(&server, "alice", way)).await;
        let other = connect(&account(&server, "alice", way)).await;
        let bob = connect(&account(&server, "bob", way)).await;
        let (mut events, mut others) = (alice.events(), other.events());
        assert_eq!(alice.state(), ConnectionState::Connected);
        assert_eq!(alice.account(), jid(&server, "alice"));

        alice.ping(None).await.unwrap();
        alice.last_seen(&alice.account()).await.unwrap();

        let them = [bob.account().into(), Jid::new("spam.test").unwrap()];
        for session in [&alice, &other] {
            assert!(session.blocked().await.unwrap().is_empty());
        }
        alice.block(&them).await.unwrap();
        for events in [&mut events, &mut others] {
            let jids = expect_event(events, "a block", |event| match event {
                Event::Blocked { jids } => Some(jids.clone()),
                _ => None,
            })
            .await;
            assert_eq!(jids, them, "{way:?}");
        }
        assert_eq!(alice.blocked().await.unwrap(), them);
        alice.unblock(&them[1..]).await.unwrap();
        alice.unblock_all().await.unwrap();
        for expected in [&them[1..], &[]] {
            let jids = expect_event(&mut others, "an end", |event| match event {
                Event::Unblocked { jids } => Some(jids.clone()),
                _ => None,
            })
            .await;
            assert_eq!(*jids, *expected);
        }
        assert!(alice.blocked().await.unwrap().is_empty());

        let card = VCard {
            full_name: "Alice <Liddell>".to_owned(),
            photo: Some(Photo::Inline {
                media_type: "image/png".to_owned(),
                data: vec![0, 255, 7],
            }),
            ..VCard::default()
        };
        assert_eq!(alice.vcard(None).await.unwrap(), VCard::default());
        alice.set_vcard(card.clone()).await.unwrap();
        let (one, two) = tokio::join!(
            alice.update_vcard(|card| card.nickname = "Al".to_owned()),
            alice.update_vcard(|card| card.title = "Dr".to_owned()),
        );
        one.unwrap();
        two.unwrap();
        let seen = bob.vcard(Some(&alice.account())).await.unwrap();
        assert_eq!((seen.full_name, seen.photo), (card.full_name, card.photo));
        assert_eq!((seen.nickname.as_str(), seen.title.as_str()), ("Al", "Dr"));
        alice.set_vcard(VCard::default()).await.unwrap();

        other.roster().await.unwrap();
        alice.add_contact(&bob.account(), Some("Bob & co"), &["Friends"]).await.unwrap();
        alice.remove_contact(&bob.account()).await.unwrap();
        for gone in [false, true] {
            let item = expect_event(&mut others, "a roster push", |event| match event {
                Event::RosterPush { item, .. } => Some(item.clone()),
                _ => None,
            })
            .await;
            assert_eq!(item.jid, *bob.account());
            assert_eq!(item.subscription == Subscription::Remove, gone);
            if !gone {
                assert_eq!(item.name.as_deref(), Some("Bob & co"));
                assert_eq!(item.groups, ["Friends"]);
            }
        }
        assert!(alice.roster().await.unwrap().items.is_empty());

        let host = Jid::new(&server.xmpp_host()).unwrap();
        assert!(alice.entity_time(None).await.unwrap().utc.unix_millis() > 0);
        assert!(alice.info(&host).await.unwrap().has("urn:xmpp:ping"));

        let id = bob.send_message(&alice.jid(), "over <here> & \u{1f600}").await.unwrap();
        let message = expect_event(&mut events, "a message", |event| match event {
            Event::Message(message) => Some(message.clone()),
            _ => None,
        })
        .await;
        assert_eq!(message.body.as_deref(), Some("over <here> & \u{1f600}"));
        assert_eq!(message.id.as_deref(), Some(id.as_str()));
        assert_eq!(message.from.as_ref(), Some(&*bob.jid()));

        for session in [alice, other, bob] {
            session.close().await;
            assert_eq!(session.state(), ConnectionState::Ended);
        }
    }
}

#[tokio::test]
async fn another_session_of_the_account_gets_copies() {
    let server = start(|builder| builder).await;
    let way = Way::Memory(Framing::Tcp);
    let alice = connect(&account(&server, "alice", way)).await;
    let other = connect(&account(&server, "alice", way)).await;
    let quiet = connect(&account(&server, "alice", way).carbons(false)).await;
    let bob = connect(&account(&server, "bob", way)).await;
    let (mut events, mut silence) = (other.events(), quiet.events());
    let copy = |event: &Event| match event {
        Event::Message(message @ Message { carbon: Some(_), .. }) => Some(message.clone()),
        _ => None,
    };
    alice.send_message(&bob.account(), "sent").await.unwrap();
    let sent = expect_event(&mut events, "a copy", copy).await;
    assert_eq!((sent.carbon, sent.body.as_deref()), (Some(Carbon::Sent), Some("sent")));
    bob.send_message(&alice.jid(), "received").await.unwrap();
    let received = expect_event(&mut events, "a copy", copy).await;
    assert_eq!(received.carbon, Some(Carbon::Received));
    quiet.enable_carbons().await.unwrap();
    alice.send_message(&bob.account(), "again").await.unwrap();
    let first = expect_event(&mut silence, "a copy", copy).await;
    assert_eq!(first.body.as_deref(), Some("again"), "not before it was asked for");
}

#[tokio::test]
async fn presence_is_seen_after_both_sides_agree() {
    let server = start(|builder| builder).await;
    let way = Way::Memory(Framing::Tcp);
    let alice = connect(&account(&server, "alice", way)).await;
    let bob = connect(&account(&server, "bob", way)).await;
    let (mut alices, mut bobs) = (alice.events(), bob.events());
    let kind = |wanted: PresenceKind| {
        move |event: &Event| match event {
            Event::Presence { kind, own: false, .. } if *kind == wanted => Some(event.clone()),
            _ => None,
        }
    };
    alice.subscribe(&bob.account()).await.unwrap();
    expect_event(&mut bobs, "a question", kind(PresenceKind::Subscribe)).await;
    bob.allow_subscription(&alice.account()).await.unwrap();
    expect_event(&mut alices, "consent", kind(PresenceKind::Subscribed)).await;
    expect_event(&mut alices, "presence", kind(PresenceKind::Available)).await;
    bob.set_presence(Some(Show::DoNotDisturb), Some("busy")).await.unwrap();
    let event = expect_event(&mut alices, "presence", |event| match event {
        Event::Presence { show: Some(_), .. } => Some(event.clone()),
        _ => None,
    })
    .await;
    let Event::Presence { from, show, status, .. } = event else {
        unreachable!("it is a presence");
    };
    assert_eq!(from, bob.jid().into());
    assert_eq!((show, status.as_deref()), (Some(Show::DoNotDisturb), Some("busy")));
    bob.refuse_subscription(&alice.account()).await.unwrap();
    expect_event(&mut alices, "the end", kind(PresenceKind::Unsubscribed)).await;
}

#[tokio::test]
async fn a_refusal_is_an_error_with_the_servers_condition() {
    let server = start(|builder| builder).await;
    let alice = connect(&account(&server, "alice", WAYS[1])).await;
    let stranger = jid(&server, "nobody");
    let error = alice.last_seen(&stranger).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RequestRefused(_)), "{error:?}");
    let error = alice.unblock(&[]).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidArgument(_)), "{error:?}");
    alice.close().await;
    let error = alice.ping(None).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Ended(_)), "{error:?}");
}
