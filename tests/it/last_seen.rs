//! When users were last online.

use mfly_client::{BareJid, ErrorKind};
use mfly_proto::stanza::ErrorCondition;
use mfly_tests::env::user;
use mfly_tests::{ScriptedServer, TestEnv, argument, both, kind};

#[tokio::test]
async fn it_is_zero_while_the_user_is_online_and_at_least_one_second_afterwards() {
    let (env, alice, bob) = TestEnv::alice_and_bob().await;
    bob.settings().await.unwrap();
    let seen = alice.last_seen(&user("bob")).await.unwrap();
    assert_eq!(seen.seconds, 0);
    assert!(seen.is_online());
    assert_eq!(seen.from.unwrap().as_str(), env.address("bob").as_str());
    bob.close().await;
    let seen = alice.last_seen(&env.address("bob")).await.unwrap();
    assert!(seen.seconds >= 1 && !seen.is_online(), "{seen:?}");
}

#[tokio::test]
async fn the_servers_number_and_status_are_returned_unchanged() {
    let (_server, session, _events, mut peer) = ScriptedServer::connected().await;
    let script = async {
        let id = peer.receive_request(r#"to="u2@xmpp.example.test""#).await;
        let to = peer.jid();
        peer.send(format!(
            r#"<iq xmlns="jabber:client" from="u2@xmpp.example.test" to="{to}" id="{id}" type="result"><query xmlns="jabber:iq:last" seconds="903">gone fishing</query></iq>"#
        ))
        .await;
    };
    let (seen, ()) = both(session.last_seen(&user("u2")), script).await;
    let seen = seen.unwrap();
    assert_eq!((seen.seconds, seen.status.as_deref()), (903, Some("gone fishing")));
}

#[tokio::test]
async fn an_answer_without_the_number_fails_the_request() {
    let (_server, session, _events, mut peer) = ScriptedServer::connected().await;
    let script = async {
        let id = peer.receive_request("jabber:iq:last").await;
        peer.send(format!(
            r#"<iq xmlns="jabber:client" from="u2@xmpp.example.test" id="{id}" type="result"/>"#
        ))
        .await;
    };
    let (seen, ()) = both(session.last_seen(&user("u2")), script).await;
    assert_eq!(kind(seen), ErrorKind::UnexpectedAnswer);
}

#[tokio::test]
async fn an_unknown_user_is_not_available_and_a_blocker_is_forbidden() {
    let (_env, alice, bob) = TestEnv::alice_and_bob().await;
    let error = alice.last_seen(&user("nobody")).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::UserNotAvailable);
    // The official SDK reports this for every refusal.
    assert_eq!(error.status_code(), 500);
    bob.block(&user("alice")).await.unwrap();
    match kind(alice.last_seen(&user("bob")).await) {
        ErrorKind::RequestRefused(error) => assert_eq!(error.condition, ErrorCondition::Forbidden),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn an_address_that_is_no_user_of_this_server_is_refused_and_nothing_is_sent() {
    let (env, session) = TestEnv::alice_settled().await;
    for address in ["g1@mix.localhost", "localhost", "bob@elsewhere.test"] {
        let address = BareJid::new(address).unwrap();
        assert_eq!(argument(session.last_seen(&address).await).0, "toUserJid", "{address}");
    }
    env.assert_nothing_sent(&session).await;
}
