//! Expired REST tokens and their renewal.

use mfly_client::{ErrorKind, Event};
use mfly_tests::{TestEnv, kind};

/// The number of log-ins and of requests for a profile.
fn counts(env: &TestEnv) -> (usize, usize) {
    (env.request_count("/login"), env.request_count("/contacts/vcard"))
}

#[tokio::test]
async fn an_expired_token_is_renewed_and_the_request_repeated_once() {
    let (env, session) = TestEnv::alice_settled().await;
    let old = session.user_token().await.unwrap();
    env.server.user("alice").expire_tokens().unwrap();
    session.own_profile().await.unwrap();
    assert_eq!(counts(&env), (1, 2));
    assert_ne!(session.user_token().await.unwrap(), old);
    session.own_profile().await.unwrap();
    assert_eq!(counts(&env), (1, 3));
}

#[tokio::test]
async fn a_token_that_is_refused_twice_is_an_error() {
    let (env, session) = TestEnv::alice_settled().await;
    env.server.fault().request("/contacts/vcard").times(2).expired_token();
    let error = session.own_profile().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.status_code(), 401);
    assert!(!error.is_retryable());
    assert_eq!(counts(&env), (1, 2));
    session.own_profile().await.unwrap();
}

#[tokio::test]
async fn a_refused_renewal_is_not_repeated_and_its_error_is_returned() {
    let (env, session) = TestEnv::alice_settled().await;
    env.server.user("alice").expire_tokens().unwrap();
    env.server.fault().request("/login").refuse(403, "Blocked by admin");
    assert_eq!(kind(session.own_profile().await), ErrorKind::AdminBlocked);
    env.server.fault().request("/login").refuse(400, "Invalid Credentials");
    let error = kind(session.own_profile().await);
    assert_eq!(error, ErrorKind::InvalidCredentials { status: 400 });
    assert_eq!(counts(&env), (2, 2));
    session.own_profile().await.unwrap();
}

#[tokio::test]
async fn a_renewal_does_not_touch_the_xmpp_connection() {
    let (env, session) = TestEnv::alice_settled().await;
    let mut events = session.events();
    let jid = session.jid();
    env.server.user("alice").expire_tokens().unwrap();
    session.own_profile().await.unwrap();
    let drained = env.drain("alice", &mut events).await;
    assert!(matches!(*drained, [Event::ProfileRead { .. }]), "{drained:?}");
    assert_eq!(session.jid(), jid);
}
