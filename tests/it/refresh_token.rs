//! Expired REST tokens and their renewal.

use futures_util::future::join_all;
use mfly_client::{ErrorKind, Event};
use mfly_tests::{TestEnv, kind, within};
use mfly_testserver::TestServer;
use std::time::Duration;

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
async fn requests_at_the_same_time_share_one_renewal() {
    let (env, session) = TestEnv::alice_settled().await;
    env.server.user("alice").expire_tokens().unwrap();
    let requests = (0..8).map(|_| session.own_profile());
    for outcome in within("eight requests", join_all(requests)).await {
        outcome.unwrap();
    }
    let (logins, profiles) = counts(&env);
    assert_eq!(logins, 1);
    assert!(profiles <= 16, "{profiles}");
}

#[tokio::test]
async fn a_token_that_is_refused_again_ends_the_trying() {
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
async fn tokens_that_never_work_do_not_loop() {
    // Registration brings the configuration, so that connecting needs no token.
    let builder = TestServer::builder().token_lifetime(Duration::ZERO);
    let (env, session) = TestEnv::alice_with(builder).await;
    env.settle(&session).await;
    assert_eq!(kind(session.own_profile().await), ErrorKind::Unauthorized);
    assert_eq!(counts(&env), (1, 2));
}

#[tokio::test]
async fn a_refused_renewal_says_why_and_is_not_repeated() {
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
