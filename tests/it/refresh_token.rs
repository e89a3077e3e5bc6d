//! Tokens that expire.

use futures_util::future::join_all;
use mfly_client::{ErrorKind, Event, Session};
use mfly_tests::{TestEnv, kind, within};
use mfly_testserver::TestServer;
use std::time::Duration;

async fn start() -> (TestEnv, Session) {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.settle(&session).await;
    (env, session)
}

fn logins(env: &TestEnv) -> usize {
    env.server.journal().requests_to("/login").len()
}

fn profiles(env: &TestEnv) -> usize {
    env.server.journal().requests_to("/contacts/vcard").len()
}

#[tokio::test]
async fn an_expired_token_is_renewed_and_the_request_repeated_once() {
    let (env, session) = start().await;
    let old = session.user_token().await.unwrap();
    env.server.user("alice").expire_tokens().unwrap();
    session.own_profile().await.unwrap();
    assert_eq!((logins(&env), profiles(&env)), (1, 2));
    assert_ne!(session.user_token().await.unwrap(), old);
    session.own_profile().await.unwrap();
    assert_eq!((logins(&env), profiles(&env)), (1, 3));
}

#[tokio::test]
async fn a_refusal_inside_the_answer_counts_as_well() {
    let (env, session) = start().await;
    env.server.fault().request("/contacts/vcard").refuse(401, "Token Expired");
    session.own_profile().await.unwrap();
    assert_eq!((logins(&env), profiles(&env)), (1, 2));
}

#[tokio::test]
async fn requests_at_the_same_time_share_one_renewal() {
    let (env, session) = start().await;
    env.server.user("alice").expire_tokens().unwrap();
    let requests = (0..8).map(|_| session.own_profile());
    for outcome in within("eight requests", join_all(requests)).await {
        outcome.unwrap();
    }
    assert_eq!(logins(&env), 1);
    assert!(profiles(&env) <= 16);
}

#[tokio::test]
async fn a_token_that_is_refused_again_ends_the_trying() {
    let (env, session) = start().await;
    env.server.fault().request("/contacts/vcard").times(2).expired_token();
    let error = session.own_profile().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.status_code(), 401);
    assert!(!error.is_retryable());
    assert_eq!((logins(&env), profiles(&env)), (1, 2));
    session.own_profile().await.unwrap();
}

#[tokio::test]
async fn tokens_that_never_work_do_not_loop() {
    let env = TestEnv::with(TestServer::builder().token_lifetime(Duration::ZERO)).await;
    // Registration brings the configuration, so that connecting needs no token.
    let session = env.connect("alice").await;
    env.settle(&session).await;
    assert_eq!(kind(session.own_profile().await), ErrorKind::Unauthorized);
    assert_eq!((logins(&env), profiles(&env)), (1, 2));
}

#[tokio::test]
async fn a_refused_renewal_says_why_and_is_not_repeated() {
    let (env, session) = start().await;
    env.server.user("alice").expire_tokens().unwrap();
    env.server.fault().request("/login").refuse(403, "Blocked by admin");
    assert_eq!(kind(session.own_profile().await), ErrorKind::AdminBlocked);
    env.server.fault().request("/login").refuse(400, "Invalid Credentials");
    let error = kind(session.own_profile().await);
    assert_eq!(error, ErrorKind::InvalidCredentials { status: 400 });
    assert_eq!((logins(&env), profiles(&env)), (2, 2));
    session.own_profile().await.unwrap();
}

#[tokio::test]
async fn a_dropped_request_does_not_take_the_renewal_away_from_the_others() {
    let (env, session) = start().await;
    env.server.user("alice").expire_tokens().unwrap();
    env.server.fault().request("/login").delay(Duration::from_millis(100));
    let impatient = session.with_timeout(Duration::from_millis(20));
    let (gone, stayed) =
        within("both", async { tokio::join!(impatient.own_profile(), session.own_profile()) })
            .await;
    assert_eq!(kind(gone), ErrorKind::Timeout);
    stayed.unwrap();
}

#[tokio::test]
async fn a_renewal_does_not_touch_the_xmpp_connection() {
    let (env, session) = start().await;
    let mut events = session.events();
    let jid = session.jid();
    env.server.user("alice").expire_tokens().unwrap();
    session.own_profile().await.unwrap();
    let told = env.told("alice", &mut events).await;
    assert!(matches!(*told, [Event::ProfileRead { .. }]), "only the read itself is told: {told:?}");
    assert_eq!(session.jid(), jid);
}
