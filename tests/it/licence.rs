//! From a licence key to the address of its API.

use mfly_client::{App, AppBuilder, ErrorKind, LicenceKey, MemoryLicenceCache};
use mfly_tests::stub::{LICENCE_KEY, StubBackend, success};
use mfly_tests::{TestEnv, argument};
use mfly_testserver::TestServer;
use serde_json::json;
use std::sync::Arc;

fn key() -> LicenceKey {
    LicenceKey::new(LICENCE_KEY).unwrap()
}

fn builder(backend: &Arc<StubBackend>, cache: &Arc<MemoryLicenceCache>) -> AppBuilder {
    App::builder(key()).http_backend(backend.clone()).licence_cache(cache.clone())
}

#[tokio::test]
async fn the_look_up_finds_the_address_of_the_api_and_the_kind_of_licence() {
    for trial in [false, true] {
        let server = TestServer::builder().tls(false).trial(trial).start().await.unwrap();
        let url = server.licence_url();
        let app = App::builder(server.licence_key()).licence_url(&url).build().await.unwrap();
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
async fn the_cache_of_the_app_is_asked_first() {
    let (backend, cache) = (Arc::<StubBackend>::default(), Arc::default());
    let found = json!({"apiBaseUrl": "https://api.example.test/api/v1", "trialMode": false});
    backend.prepare("/license/details", success(found));
    for _ in 0..2 {
        builder(&backend, &cache).build().await.unwrap();
    }
    assert_eq!(backend.sent().len(), 1);
}

#[tokio::test]
async fn a_given_address_needs_no_look_up() {
    let backend = Arc::new(StubBackend::default());
    let url = "https://api.example.test/api/v1";
    let app = builder(&backend, &Arc::default()).api_base_url(url).build().await.unwrap();
    assert_eq!(app.api_base_url(), url);
    assert!(backend.sent().is_empty());
}

#[tokio::test]
async fn an_unusable_licence_address_is_refused() {
    let backend = Arc::new(StubBackend::default());
    let outcome = builder(&backend, &Arc::default()).licence_url("nowhere").build().await;
    assert_eq!(argument(outcome.map(drop)).0, "licence_url");
    assert!(backend.sent().is_empty());
}
