//! The token of REST requests.

use mfly_client::{ErrorKind, Password, Token};
use mfly_tests::{TestEnv, kind};

#[tokio::test]
async fn a_token_can_be_had_without_connecting() {
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
async fn wrong_credentials_get_no_token() {
    let env = TestEnv::start().await;
    let mut credentials = env.register("alice").await;
    credentials.password = Password::new("wrong").unwrap();
    let error = kind(env.app.user_token(&credentials).await);
    assert_eq!(error, ErrorKind::InvalidCredentials { status: 400 });
}

#[tokio::test]
async fn an_admin_blocked_user_gets_no_token() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    env.server.user("alice").admin_block(true).unwrap();
    assert_eq!(kind(env.app.user_token(&credentials).await), ErrorKind::AdminBlocked);
}

#[test]
fn an_empty_token_or_password_cannot_be_made() {
    assert!(Token::new("").is_err());
    assert!(Password::new("").is_err());
}

#[tokio::test]
async fn the_sessions_token_is_that_of_its_log_in() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.settle(&session).await;
    let token = session.user_token().await.unwrap();
    assert_eq!(session.user_token().await.unwrap(), token);
    env.assert_nothing_sent(&session).await;
}

#[tokio::test]
async fn a_token_that_the_server_refuses_is_replaced_once_and_the_request_succeeds() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.settle(&session).await;
    session.set_user_token(Token::new("not.a.token").unwrap());
    session.own_profile().await.unwrap();
    let journal = env.server.journal();
    assert_eq!(journal.requests_to("/login").len(), 1);
    assert_eq!(journal.requests_to("/contacts/vcard").len(), 2);
    assert_ne!(session.user_token().await.unwrap().expose(), "not.a.token");
}
