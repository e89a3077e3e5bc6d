//! The refresh of a refused token, shared by concurrent requests.

use crate::script::{Script, json, status, token};
use bytes::Bytes;
use http::Request;
use mfly_api::endpoint::{login, logout};
use mfly_api::token::{FixedToken, StoredCredentials, TokenCallback};
use mfly_api::{Api, ApiError, BaseUrl, Mode};
use mfly_proto::cipher::RequestCipher;
use mfly_proto::cipher::login::open_password;
use mfly_proto::jid::UserId;
use mfly_proto::secret::{LicenceKey, Password, Token};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::{JoinSet, yield_now};

fn licence_key() -> LicenceKey {
    LicenceKey::new("TestLicenceKey0123456789abcdef").unwrap()
}

fn new_token(text: &str) -> Token {
    Token::new(text).unwrap()
}

fn base_url() -> BaseUrl {
    BaseUrl::new("https://api.example.com/api/v1").unwrap()
}

/// An API that logs in as alice, with a stopped clock.
fn api(script: &Arc<Script>) -> Api {
    let password = Password::new("Pw0rd").unwrap();
    let credentials = StoredCredentials::new(
        UserId::new("alice01").unwrap(),
        password,
        licence_key(),
        Mode::Live,
    );
    Api::new(script.clone(), base_url())
        .with_clock(Arc::new(|| 1_732_300_000_000))
        .with_token_source(Arc::new(credentials))
}

fn is_login(request: &Request<Bytes>) -> bool {
    request.uri().path().ends_with("/login")
}

/// An API whose token `old` the server refuses.
fn outdated_api(script: &Arc<Script>) -> Api {
    let api = api(script);
    api.set_token(new_token("old"));
    api
}

/// Sends ten requests at once and returns their results.
async fn ten_requests(api: &Api) -> Vec<Result<(), ApiError>> {
    let mut calls = JoinSet::new();
    for _ in 0..10 {
        let api = api.clone();
        calls.spawn(async move { api.send(&logout::Request).await });
    }
    calls.join_all().await
}

/// A server that refuses every token, and responds to log-ins with `login`.
fn refusing_server(login: &'static str) -> Arc<Script> {
    Script::new(move |request| if is_login(request) { json(login) } else { status(401) })
}

/// The error that made the refresh fail.
fn cause(error: &ApiError) -> &ApiError {
    match error {
        ApiError::TokenRefresh(cause) => cause,
        other => panic!("not about a refresh: {other:?}"),
    }
}

const NEW_TOKEN: &str = r#"{"status":200,"message":"Success","data":{"token":"new"}}"#;

/// A server that accepts only the token `new`, which every log-in returns.
fn strict_server() -> Arc<Script> {
    Script::new(|request| match (is_login(request), token(request)) {
        (true, _) => json(NEW_TOKEN),
        (false, "new") => json(r#"{"status":200,"message":"Success"}"#),
        (false, _) => status(401),
    })
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_request_sent_once_more() {
    let refusal_in_body = Script::new(|request| match (is_login(request), token(request)) {
        (true, _) => json(NEW_TOKEN),
        (false, "new") => json(r#"{"status":200}"#),
        (false, _) => json(r#"{"status":401,"message":"expired"}"#),
    });
    for script in [strict_server(), refusal_in_body] {
        let api = outdated_api(&script);
        api.send(&logout::Request).await.unwrap();
        assert_eq!(script.tokens("/logout"), ["old", "new"]);
        assert_eq!(api.token(), Some(new_token("new")));
    }
}

#[tokio::test]
async fn the_log_in_of_a_refresh_seals_the_password_with_the_true_time_and_has_no_token() {
    let script = Script::new(|request| {
        if !is_login(request) {
            return json(r#"{"status":200}"#);
        }
        assert_eq!(token(request), "");
        let body: login::RequestBody = serde_json::from_slice(request.body()).unwrap();
        let sealed = body.password.expose();
        let (password, time) = open_password(&RequestCipher::new(&licence_key()), sealed).unwrap();
        assert_eq!((password.expose(), time), ("Pw0rd", 1_732_300_000_000));
        json(r#"{"status":200,"data":{"token":"new"}}"#)
    });
    api(&script).send(&logout::Request).await.unwrap();
    assert_eq!(script.count("/login"), 1);
}

#[tokio::test]
async fn ten_callers_share_one_log_in() {
    let script = strict_server();
    let api = outdated_api(&script);
    for result in ten_requests(&api).await {
        result.unwrap();
    }
    assert_eq!(script.count("/login"), 1);
    assert_eq!(script.count("/logout"), 20);
}

#[tokio::test]
async fn ten_callers_share_one_failure_and_the_next_caller_tries_again() {
    let script = refusing_server(r#"{"status":400,"message":"Invalid Credentials"}"#);
    let api = outdated_api(&script);
    for result in ten_requests(&api).await {
        let error = result.unwrap_err();
        assert!(matches!(error, ApiError::TokenRefresh(_)), "{error:?}");
        assert_eq!(error.status_code(), 400);
    }
    assert_eq!(script.count("/login"), 1);
    assert!(api.send(&logout::Request).await.is_err());
    assert_eq!(script.count("/login"), 2);
}

#[tokio::test]
async fn a_second_401_is_final() {
    let script = refusing_server(NEW_TOKEN);
    let api = outdated_api(&script);
    let error = api.send(&logout::Request).await.unwrap_err();
    assert!(matches!(error, ApiError::Unauthorized { .. }), "{error:?}");
    assert_eq!((script.count("/logout"), script.count("/login")), (2, 1));
}

#[tokio::test]
async fn a_log_in_that_is_refused_with_401_is_not_repeated() {
    let script = Script::new(|_| status(401));
    let api = outdated_api(&script);
    let error = api.send(&logout::Request).await.unwrap_err();
    assert!(matches!(cause(&error), ApiError::Unauthorized { .. }), "{error:?}");
    assert_eq!((script.count("/logout"), script.count("/login")), (1, 1));
}

#[tokio::test]
async fn a_waiting_caller_logs_in_after_the_first_caller_was_cancelled() {
    let script = strict_server();
    script.login_gate.forget_permits(1000);
    let api = outdated_api(&script);
    let log_out = |api: Api| tokio::spawn(async move { api.send(&logout::Request).await });
    let driver = log_out(api.clone());
    while script.count("/login") == 0 {
        yield_now().await;
    }
    let waiter = log_out(api);
    while script.count("/logout") < 2 {
        yield_now().await;
    }
    for _ in 0..5 {
        yield_now().await;
    }
    assert_eq!(script.count("/login"), 1, "the waiter must wait");
    driver.abort();
    assert!(driver.await.unwrap_err().is_cancelled());
    script.login_gate.add_permits(1);
    waiter.await.unwrap().unwrap();
    assert_eq!(script.count("/login"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_log_in_without_response_ends_at_the_time_limit() {
    let script = strict_server();
    script.login_gate.forget_permits(1000);
    let api = api(&script).with_timeout(Duration::from_secs(7));
    let start = tokio::time::Instant::now();
    let error = api.send(&logout::Request).await.unwrap_err();
    assert!(matches!(cause(&error), ApiError::TimedOut), "{error:?}");
    assert_eq!((error.status_code(), start.elapsed().as_secs()), (599, 7));
}

#[tokio::test(start_paused = true)]
async fn a_log_in_that_completed_while_the_process_did_not_run_is_used() {
    let script = strict_server();
    script.login_gate.forget_permits(1000);
    let api = outdated_api(&script);
    let call = tokio::spawn(async move { api.send(&logout::Request).await });
    while script.count("/login") == 0 {
        yield_now().await;
    }
    tokio::time::advance(Duration::from_secs(3600)).await;
    script.login_gate.add_permits(1);
    call.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_never_completes_is_cancelled() {
    let script = strict_server();
    let source = Arc::new(TokenCallback::new(std::future::pending));
    let api = Api::new(script.clone(), base_url()).with_token_source(source);
    let call = tokio::time::timeout(Duration::from_secs(60), api.send(&logout::Request));
    let error = call.await.unwrap().unwrap_err();
    assert_eq!((error.status_code(), script.count("")), (599, 0));
}

#[tokio::test]
async fn without_token_or_source_nothing_is_sent() {
    let script = strict_server();
    let error = Api::new(script.clone(), base_url()).send(&logout::Request).await.unwrap_err();
    assert!(cause(&error).to_string().contains("there is no token"), "{error:?}");
    assert_eq!((error.status_code(), script.count("")), (401, 0));
}

#[tokio::test]
async fn a_refused_token_without_source_is_an_error() {
    let script = strict_server();
    let api = Api::new(script.clone(), base_url());
    api.set_token(new_token("old"));
    let error = api.send(&logout::Request).await.unwrap_err();
    assert!(matches!(error, ApiError::Unauthorized { .. }), "{error:?}");
    assert_eq!(script.count("/logout"), 1);
}

#[tokio::test]
async fn a_fixed_token_is_not_sent_twice() {
    let script = strict_server();
    let source = Arc::new(FixedToken::new(new_token("fixed")));
    let api = Api::new(script.clone(), base_url()).with_token_source(source);
    let error = api.send(&logout::Request).await.unwrap_err();
    assert_eq!(error.status_code(), 401);
    assert_eq!(script.tokens("/logout"), ["fixed"]);
}

#[tokio::test]
async fn a_callback_is_called_only_when_a_token_is_needed() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let source = TokenCallback::new(move || {
        let number = counted.fetch_add(1, Ordering::Relaxed);
        async move { Ok(new_token(if number == 0 { "stale" } else { "new" })) }
    });
    let script = strict_server();
    let api = Api::new(script.clone(), base_url()).with_token_source(Arc::new(source));
    api.send(&logout::Request).await.unwrap();
    api.send(&logout::Request).await.unwrap();
    assert_eq!(script.tokens("/logout"), ["stale", "new", "new"]);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn two_users_of_one_api_do_not_share_a_token() {
    let script = strict_server();
    let alice = api(&script);
    alice.set_token(new_token("new"));
    let bob = alice.with_token_source(Arc::new(FixedToken::new(new_token("bob's"))));
    assert_eq!(bob.token(), None);
    assert_eq!(alice.clone().token(), Some(new_token("new")));
}
