//! The token of REST requests.

use mfly_client::{ErrorKind, Password, Token};
use mfly_tests::{TestEnv, kind};

#[tokio::test]
async fn a_token_can_be_requested_without_connecting() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let token = env.app.user_token(&credentials).await.unwrap();
    assert_eq!(token.expose().split('.').count(), 3, "not a JWT");
    assert!(env.server.journal().frames().is_empty());
    let session = env.app.connect(&credentials).await.unwrap();
    session.set_user_token(token.clone());
    assert_eq!(session.user_token().await.unwrap(), token);
    session.own_profile().await.unwrap();
}

#[tokio::test]
async fn wrong_credentials_and_blocked_users_get_no_token() {
    let env = TestEnv::start().await;
    let mut credentials = env.register("alice").await;
    env.server.user("alice").admin_block(true).unwrap();
    assert_eq!(kind(env.app.user_token(&credentials).await), ErrorKind::AdminBlocked);
    credentials.password = Password::new("wrong").unwrap();
    env.server.user("alice").admin_block(false).unwrap();
    let error = kind(env.app.user_token(&credentials).await);
    assert_eq!(error, ErrorKind::InvalidCredentials { status: 400 });
}

#[tokio::test]
async fn a_session_keeps_its_token_until_the_server_refuses_it() {
    let (env, session) = TestEnv::alice_settled().await;
    let token = session.user_token().await.unwrap();
    assert_eq!(session.user_token().await.unwrap(), token);
    env.assert_nothing_sent(&session).await;
    session.set_user_token(Token::new("not.a.token").unwrap());
    session.own_profile().await.unwrap();
    assert_eq!((env.request_count("/login"), env.request_count("/contacts/vcard")), (1, 2));
    assert_ne!(session.user_token().await.unwrap().expose(), "not.a.token");
}
