//! From a licence key to the address of its API.

use mfly_client::{App, AppBuilder, ErrorKind, LicenceKey, MemoryLicenceCache};
use mfly_proto::cipher::LicenceUrlCipher;
use mfly_tests::stub::{LICENCE_KEY, StubBackend, success};
use mfly_tests::{TestEnv, argument};
use mfly_testserver::TestServer;
use serde_json::json;
use std::sync::Arc;

const DETAILS: &str = "/license/details";

fn key() -> LicenceKey {
    LicenceKey::new(LICENCE_KEY).unwrap()
}

fn builder(backend: &Arc<StubBackend>, cache: &Arc<MemoryLicenceCache>) -> AppBuilder {
    App::builder(key()).http_backend(backend.clone()).licence_cache(cache.clone())
}

fn details(trial: serde_json::Value) -> serde_json::Value {
    success(json!({"apiBaseUrl": "https://api.example.test/api/v1", "trialMode": trial}))
}

#[tokio::test]
async fn the_look_up_tells_where_the_api_is_and_what_kind_of_licence_it_is() {
    for trial in [false, true] {
        let server = TestServer::builder().tls(false).trial(trial).start().await.unwrap();
        let app = App::builder(server.licence_key())
            .licence_url(&server.licence_url())
            .build()
            .await
            .unwrap();
        assert_eq!(app.api_base_url(), server.api_base_url());
        assert_eq!(app.is_trial(), trial);
    }
}

#[tokio::test]
async fn an_unknown_key_is_refused() {
    let env = TestEnv::start().await;
    let builder = App::builder(key()).licence_url(&env.server.licence_url());
    let error = builder.build().await.map(drop).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::LicenceRefused);
    let official = json!({"statusCode": 400, "message": "Invalid License key"});
    assert_eq!(error.official(), official);
}

#[tokio::test]
async fn the_key_travels_sealed() {
    let backend = Arc::new(StubBackend::default());
    backend.prepare(DETAILS, details(json!(false)));
    builder(&backend, &Arc::default()).build().await.unwrap();
    let sent = backend.sent();
    assert_eq!(sent.len(), 1);
    let sealed = sent[0].query.strip_prefix("licenseKey=").unwrap();
    assert!(!sealed.contains(LICENCE_KEY));
    assert_eq!(LicenceUrlCipher::new().open(sealed).as_str(), LICENCE_KEY);
    assert_eq!(sent[0].token, None);
}

#[tokio::test]
async fn a_live_answer_is_remembered_and_a_trial_is_not() {
    for (trial, requests) in [(json!(false), 1), (json!(true), 2), (json!("false"), 2)] {
        let (backend, cache) = (Arc::<StubBackend>::default(), Arc::default());
        for _ in 0..2 {
            backend.prepare(DETAILS, details(trial.clone()));
            builder(&backend, &cache).build().await.unwrap();
        }
        assert_eq!(backend.sent().len(), requests, "{trial}");
    }
}

#[tokio::test]
async fn with_an_address_nothing_is_looked_up() {
    let backend = Arc::new(StubBackend::default());
    let url = "https://api.example.test/api/v1";
    let app = builder(&backend, &Arc::default()).api_base_url(url).build().await.unwrap();
    assert_eq!(app.api_base_url(), url);
    assert!(backend.sent().is_empty());
}

#[tokio::test]
async fn an_answer_without_usable_address_is_not_believed() {
    for url in ["", "not a url", "ftp://h.test"] {
        let backend = Arc::new(StubBackend::default());
        backend.prepare(DETAILS, success(json!({"apiBaseUrl": url, "trialMode": false})));
        let outcome = builder(&backend, &Arc::default()).build().await.map(drop);
        assert!(outcome.is_err(), "{url} was believed");
    }
}

#[tokio::test]
async fn an_unusable_licence_address_and_an_empty_key_are_refused() {
    assert_eq!(LicenceKey::new("").unwrap_err().name, "licenseKey");
    let backend = Arc::new(StubBackend::default());
    let outcome = builder(&backend, &Arc::default()).licence_url("nowhere").build().await;
    assert_eq!(argument(outcome.map(drop)).0, "licence_url");
    assert!(backend.sent().is_empty());
}
