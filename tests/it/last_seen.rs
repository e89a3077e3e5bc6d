//! When users were last online.

use mfly_client::{BareJid, ErrorKind};
use mfly_proto::stanza::ErrorCondition;
use mfly_tests::env::user;
use mfly_tests::{ScriptedServer, TestEnv, argument, kind, within};
use mfly_testserver::TestServer;

fn condition(error: &ErrorKind) -> ErrorCondition {
    match error {
        ErrorKind::RequestRefused(error) => error.condition,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn it_is_zero_while_the_user_is_online() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    let bob = env.connect("bob").await;
    bob.settings().await.unwrap();
    let seen = session.last_seen(&user("bob")).await.unwrap();
    assert_eq!(seen.seconds, 0);
    assert!(seen.is_online());
    assert_eq!(seen.from.unwrap().as_str(), env.address("bob").as_str());
}

#[tokio::test]
async fn it_is_at_least_one_second_afterwards() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    let bob = env.connect("bob").await;
    bob.close().await;
    let seen = session.last_seen(&env.address("bob")).await.unwrap();
    assert!(seen.seconds >= 1 && !seen.is_online(), "{seen:?}");
}

#[tokio::test]
async fn the_servers_number_is_taken_as_it_is() {
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect().await;
    let script = async {
        let id = peer.receive_request(r#"to="u2@xmpp.example.test""#).await;
        let to = peer.jid();
        peer.send(format!(
            r#"<iq xmlns="jabber:client" from="u2@xmpp.example.test" to="{to}" id="{id}" type="result"><query xmlns="jabber:iq:last" seconds="903">gone fishing</query></iq>"#
        ))
        .await;
    };
    let bob = user("u2");
    let (seen, ()) =
        within("an answer", async { tokio::join!(session.last_seen(&bob), script) }).await;
    let seen = seen.unwrap();
    assert_eq!(seen.seconds, 903);
    assert_eq!(seen.status.as_deref(), Some("gone fishing"));
}

#[tokio::test]
async fn an_answer_without_the_number_ends_instead_of_hanging() {
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect().await;
    let script = async {
        let id = peer.receive_request("jabber:iq:last").await;
        peer.send(format!(
            r#"<iq xmlns="jabber:client" from="u2@xmpp.example.test" id="{id}" type="result"/>"#
        ))
        .await;
    };
    let bob = user("u2");
    let (seen, ()) =
        within("an answer", async { tokio::join!(session.last_seen(&bob), script) }).await;
    assert_eq!(kind(seen), ErrorKind::UnexpectedAnswer);
}

#[tokio::test]
async fn an_unknown_user_is_not_found() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    let error = session.last_seen(&user("nobody")).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::UserNotAvailable);
    // The official SDK reports this for every refusal.
    assert_eq!(error.status_code(), 500);
}

#[tokio::test]
async fn a_user_who_blocked_the_asker_hides_it() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    let bob = env.connect("bob").await;
    bob.block(&user("alice")).await.unwrap();
    let error = kind(session.last_seen(&user("bob")).await);
    assert_eq!(condition(&error), ErrorCondition::Forbidden);
    bob.last_seen(&user("alice")).await.unwrap();
}

#[tokio::test]
async fn a_stranger_hides_it_where_contacts_are_explicit() {
    let env = TestEnv::with(TestServer::builder().contacts_explicit()).await;
    let session = env.connect("alice").await;
    env.register("bob").await;
    let error = kind(session.last_seen(&user("bob")).await);
    assert_eq!(condition(&error), ErrorCondition::Forbidden);
    env.server.user("alice").make_contact("bob").unwrap();
    session.last_seen(&user("bob")).await.unwrap();
}

#[tokio::test]
async fn an_address_that_is_no_user_of_this_server_is_refused_and_nothing_is_sent() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.settle(&session).await;
    for address in ["g1@mix.localhost", "localhost", "bob@elsewhere.test"] {
        let address = BareJid::new(address).unwrap();
        assert_eq!(argument(session.last_seen(&address).await).0, "toUserJid", "{address}");
    }
    env.assert_nothing_sent(&session).await;
}
