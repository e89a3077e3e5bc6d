//! Redirects and clear text: which are followed, and which headers and bodies they carry.

use crate::script::{Reply, Script, json, status, token};
use bytes::Bytes;
use http::{Method, Request, Response};
use mfly_api::endpoint::{login, media_commit, media_download, media_part};
use mfly_api::http::{Cleartext, MAX_REDIRECTS, RedirectError, RedirectProblem};
use mfly_api::{Api, ApiError, BaseUrl, Endpoint, FileToken};
use mfly_proto::jid::UserId;
use mfly_proto::secret::{Password, Token};
use std::sync::Arc;

const API: &str = "https://api.example/v1";

fn api(script: &Arc<Script>) -> Api {
    let api = Api::new(script.clone(), BaseUrl::new(API).unwrap());
    api.set_token(Token::new("s3cret").unwrap());
    api
}

fn file() -> media_download::Request {
    media_download::Request::new(FileToken::new("FTOK").unwrap())
}

fn log_in() -> login::Request {
    let password = Password::new("pw").unwrap();
    login::Request::refresh(UserId::new("alice").unwrap(), password)
}

fn redirect(status: u16, location: &str) -> Reply {
    let response = Response::builder().status(status).header("location", location);
    Ok(response.body(Bytes::new()).unwrap())
}

/// Redirects the first request and responds to the others.
fn once(status: u16, location: &'static str) -> Arc<Script> {
    Script::new(move |request: &Request<Bytes>| match request.uri().to_string() {
        first if first.starts_with(API) => redirect(status, location),
        _ => json("hi"),
    })
}

async fn problem<E: Endpoint>(script: &Arc<Script>, endpoint: &E) -> RedirectError
where
    E::Response: std::fmt::Debug,
{
    match api(script).send(endpoint).await.unwrap_err() {
        ApiError::Redirect(error) => error,
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_get_follows_every_kind_of_redirect() {
    for status in [301, 302, 303, 307, 308] {
        let script = once(status, "https://store.example/f?signature=x");
        let file = api(&script).send(&file()).await.unwrap();
        assert_eq!((&file[..], script.count("")), (&b"hi"[..], 2), "{status}");
    }
}

#[tokio::test]
async fn another_server_does_not_receive_the_token() {
    for other in ["https://store.example/f", "https://api.example:8443/f"] {
        let script = once(302, other);
        api(&script).send(&file()).await.unwrap();
        assert_eq!(script.tokens("/media/FTOK"), ["s3cret"]);
        assert_eq!(script.header_names("/f"), ["accept", "accept-encoding"], "{other}");
    }
    // A redirect back to the first server does not restore it.
    let script = Script::new(|request: &Request<Bytes>| match request.uri().path() {
        "/v1/media/FTOK" => redirect(302, "https://store.example/f"),
        "/f" => redirect(302, "https://api.example/back"),
        _ => json("hi"),
    });
    api(&script).send(&file()).await.unwrap();
    assert_eq!(script.tokens("/back"), [""]);
}

#[tokio::test]
async fn a_redirect_within_one_server_keeps_the_token() {
    let script = Script::new(|request: &Request<Bytes>| match request.uri().path() {
        "/v1/media/FTOK" => redirect(308, "../files/FTOK?v=2"),
        _ => json("hi"),
    });
    api(&script).send(&file()).await.unwrap();
    assert_eq!(script.tokens("/v1/files/FTOK"), ["s3cret"]);
}

#[tokio::test]
async fn a_redirect_to_clear_text_is_refused_unless_it_is_allowed() {
    for location in ["http://store.example/f?signature=x", "http://127.0.0.1/f"] {
        let script = once(302, location);
        let error = problem(&script, &file()).await;
        assert_eq!(error.problem, RedirectProblem::Cleartext);
        assert!(location.starts_with(&error.to.as_ref().unwrap().to_string()));
        assert!(!error.to_string().contains("signature"), "{error}");
        assert_eq!(script.count(""), 1);
        let open = api(&script).with_cleartext(Cleartext::Allowed);
        open.set_token(Token::new("s3cret").unwrap());
        assert_eq!(open.send(&file()).await.unwrap(), "hi");
        assert_eq!(script.tokens("/f"), [""]);
    }
}

#[tokio::test]
async fn a_redirect_loop_and_an_endless_chain_are_errors() {
    let circle = Script::new(|request: &Request<Bytes>| match request.uri().path() {
        "/a" => redirect(302, "/b"),
        _ => redirect(302, "/a"),
    });
    let error = problem(&circle, &file()).await;
    assert_eq!(error.problem, RedirectProblem::Circle);
    assert_eq!(circle.count(""), 3);
    let chain = Script::new(|request: &Request<Bytes>| {
        let length = request.uri().path().len();
        redirect(302, &format!("/{}", "x".repeat(length)))
    });
    let error = problem(&chain, &file()).await;
    assert_eq!(error.problem, RedirectProblem::TooMany);
    assert_eq!(chain.count(""), MAX_REDIRECTS + 1);
}

#[tokio::test]
async fn a_redirect_without_http_target_is_an_error() {
    let script = Script::new(|_| status(302));
    let error = problem(&script, &file()).await;
    assert_eq!(error.problem, RedirectProblem::NoLocation);
    for location in ["ftp://store.example/f", "https://u:p@store.example/f", "https://"] {
        let error = problem(&once(302, location), &file()).await;
        assert_eq!(error.problem, RedirectProblem::NoUrl, "{location}");
    }
}

#[tokio::test]
async fn a_body_is_never_sent_to_another_server() {
    for status in [307, 308] {
        let script = once(status, "https://store.example/login");
        let error = problem(&script, &log_in()).await;
        assert_eq!(error.problem, RedirectProblem::OtherServer);
        assert_eq!(script.count(""), 1);
    }
    let script = once(302, "https://api.example/login");
    let error = problem(&script, &log_in()).await;
    assert_eq!(error.problem, RedirectProblem::Method);
    assert_eq!(script.count(""), 1);
}

#[tokio::test]
async fn a_request_with_a_body_is_redirected_within_its_server() {
    let script = Script::new(|request: &Request<Bytes>| match request.uri().path() {
        "/v1/login" => redirect(308, "/v2/login"),
        _ => json(r#"{"status":200,"data":{"token":"t2"}}"#),
    });
    let answer = api(&script).send(&log_in()).await.unwrap();
    assert_eq!(answer.token.expose(), "t2");
    assert_eq!(script.count("/v2/login"), 1);
}

#[tokio::test]
async fn a_clear_text_url_from_a_response_is_refused_before_anything_is_sent() {
    let url = "http://store.example:8080/f?signature=x";
    let script = Script::new(|_| json("hi"));
    let api = api(&script);
    let part = media_part::Request::new(url, Bytes::from_static(b"x")).unwrap();
    let range = media_download::RangeRequest::new(url, 0, 1).unwrap();
    let commit = media_commit::UrlRequest::new(url);
    let refused = [
        api.send(&part).await.map(drop),
        api.send(&range).await.map(drop),
        api.send(&commit).await,
    ];
    for result in refused {
        let error = result.unwrap_err();
        assert!(!error.to_string().contains("signature"), "{error}");
        let ApiError::Cleartext { origin } = error else {
            panic!("{error:?}");
        };
        assert_eq!(origin.to_string(), "http://store.example:8080");
    }
    assert_eq!(script.count(""), 0);
    let open = api.with_cleartext(Cleartext::Allowed);
    open.send(&commit).await.unwrap();
    open.send(&part).await.unwrap();
    let local = media_commit::UrlRequest::new("http://127.0.0.1:8080/f");
    api.send(&local).await.unwrap();
    assert_eq!(script.count("/f"), 3);
    assert_eq!(script.requests_with_method(&Method::PUT), 1);
}

#[tokio::test]
async fn a_clear_text_base_url_is_refused_before_anything_is_sent() {
    let script = Script::new(|request| json(token(request)));
    let base_url = BaseUrl::new("http://api.example/v1").unwrap();
    let api = Api::new(script.clone(), base_url);
    api.set_token(Token::new("s3cret").unwrap());
    let refused = api.send(&file()).await;
    assert!(matches!(refused, Err(ApiError::Cleartext { .. })));
    assert_eq!(script.count(""), 0);
}
