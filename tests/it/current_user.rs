//! The session's own user and the addresses of users. Nothing is sent.

use mfly_client::{BareJid, UserReference};
use mfly_tests::env::user;
use mfly_tests::{ScriptedServer, TestEnv, argument};

#[tokio::test]
async fn the_own_user_and_address_are_known_without_a_request() {
    let (env, session) = TestEnv::alice_settled().await;
    assert_eq!(session.user(), &user("alice"));
    assert_eq!(session.current_user(), env.address("alice"));
    assert_eq!(session.jid().bare(), env.address("alice"));
    env.assert_nothing_sent(&session).await;
    session.logout().await.unwrap();
    // The official SDK answers "null@host" here.
    assert_eq!(session.current_user(), env.address("alice"), "after the end");
}

#[tokio::test]
async fn the_domain_is_the_configured_host_and_not_the_dialled_one() {
    let (_server, session, _events, _peer) = ScriptedServer::connected().await;
    assert_eq!(session.current_user().as_str(), "u1@xmpp.example.test");
}

#[tokio::test]
async fn the_address_of_a_user_is_made_from_an_id_or_taken_from_an_address() {
    let (env, session) = TestEnv::alice_settled().await;
    let bob = env.address("bob");
    assert_eq!(session.address_of(&user("bob")).unwrap(), bob);
    assert_eq!(session.address_of(&bob).unwrap(), bob);
    assert_eq!(session.address_of(&bob.with_resource("Web-1").unwrap()).unwrap(), bob);
    assert_eq!(session.address_of(&UserReference::new("bob").unwrap()).unwrap(), bob);
    let elsewhere = BareJid::new("bob@elsewhere.test").unwrap();
    assert_eq!(argument(session.address_of(&elsewhere)).0, "toUserJid");
    env.assert_nothing_sent(&session).await;
}
