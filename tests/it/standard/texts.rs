//! Texts that XML cannot hold.

use super::*;
use mfly_client::Jid;
use mfly_client::standard::VCard;
use mfly_tests::argument;

#[tokio::test]
async fn a_text_that_xml_cannot_hold_is_refused_by_name_and_nothing_is_sent() {
    let server = start(|builder| builder).await;
    let alice = connect(&account(&server, "alice", WAYS[0])).await;
    let bob = connect(&account(&server, "bob", WAYS[0])).await;
    let mut events = bob.events();
    let to = Jid::from(bob.jid());
    let contact = Jid::from(bob.account());
    for text in ["a\u{1b}b", "\0", "a\u{FFFE}", "\u{FFFF}"] {
        let named = [
            argument(alice.send_message(&to, text).await).0,
            argument(alice.set_presence(None, Some(text)).await).0,
            argument(alice.add_contact(&contact, Some(text), &[]).await).0,
            argument(alice.add_contact(&contact, None, &["fine", text]).await).0,
            argument(alice.set_vcard(VCard { title: text.to_owned(), ..VCard::default() }).await).0,
        ];
        assert_eq!(named, ["body", "status", "name", "group", "TITLE"], "{text:?}");
    }
    alice.send_message(&to, "a\tb\r\nc").await.unwrap();
    let first = wait_for_message(&mut events).await;
    assert_eq!(first.body.as_deref(), Some("a\tb\r\nc"));
    assert!(alice.roster().await.unwrap().items.is_empty());
    assert_eq!(alice.vcard(None).await.unwrap(), VCard::default());
}
