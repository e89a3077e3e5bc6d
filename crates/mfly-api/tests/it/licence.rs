//! The look-up of a licence, and its cache.

use crate::script::{Script, json, status};
use mfly_api::http::Cleartext;
use mfly_api::licence::{Licence, LicenceCache, MemoryLicenceCache, look_up};
use mfly_api::{ApiError, BaseUrl, Mode};
use mfly_proto::secret::LicenceKey;

fn key() -> LicenceKey {
    LicenceKey::new("TestLicenceKey0123456789abcdef").unwrap()
}

fn answer(trial_mode: &str) -> String {
    format!(
        r#"{{"status":200,"data":{{"apiBaseUrl":"http://127.0.0.1:8080/api/v1"{trial_mode}}}}}"#
    )
}

async fn look_up_by(
    script: &Script,
    cache: &MemoryLicenceCache,
    cleartext: Cleartext,
) -> Result<Licence, ApiError> {
    look_up(script, cache, &key(), cleartext).await
}

#[tokio::test]
async fn only_a_trial_mode_of_exactly_false_is_cached() {
    for (trial_mode, mode, is_cached) in [
        (r#","trialMode":false"#, Mode::Live, true),
        (r#","trialMode":true"#, Mode::Trial, false),
        (r#","trialMode":"false""#, Mode::Trial, false),
        (r#","trialMode":0"#, Mode::Live, false),
        (r#","trialMode":null"#, Mode::Live, false),
        ("", Mode::Live, false),
    ] {
        let script = Script::new(move |_| json(answer(trial_mode)));
        let cache = MemoryLicenceCache::new();
        for _ in 0..2 {
            let licence = look_up_by(&script, &cache, Cleartext::Refused).await.unwrap();
            assert_eq!(licence.mode, mode, "{trial_mode}");
            assert_eq!(licence.base_url.as_str(), "http://127.0.0.1:8080/api/v1");
        }
        assert_eq!(script.count("/license/details"), if is_cached { 1 } else { 2 }, "{trial_mode}");
    }
}

#[tokio::test]
async fn another_response_clears_the_cache_and_a_failure_does_not() {
    let cache = MemoryLicenceCache::new();
    let other = LicenceKey::new("other").unwrap();
    let url = BaseUrl::new("https://api.example.com").unwrap();
    cache.store(&other, &url).await;
    let failing = Script::new(|_| json(r#"{"status":403,"message":"Invalid License"}"#));
    let error = look_up_by(&failing, &cache, Cleartext::Refused).await.unwrap_err();
    assert!(
        matches!(&error, ApiError::Refused { status: 403, message, .. } if message == "Invalid License")
    );
    assert_eq!(cache.load(&other).await, Some(url));
    let trial = Script::new(|_| json(answer(r#","trialMode":true"#)));
    look_up_by(&trial, &cache, Cleartext::Refused).await.unwrap();
    assert_eq!(cache.load(&other).await, None);
}

#[tokio::test]
async fn an_unusable_response_is_an_error() {
    let cache = MemoryLicenceCache::new();
    let url = Script::new(|_| json(r#"{"status":200,"data":{"apiBaseUrl":"nowhere"}}"#));
    let error = look_up_by(&url, &cache, Cleartext::Refused).await.unwrap_err();
    assert!(error.to_string().contains("apiBaseUrl"), "{error}");
    let down = Script::new(|_| status(503));
    let error = look_up_by(&down, &cache, Cleartext::Refused).await.unwrap_err();
    assert!(matches!(error, ApiError::Http { status: 503, .. }) && error.is_retryable());
}

#[tokio::test]
async fn a_clear_text_base_url_is_refused_and_not_cached() {
    let script = Script::new(|_| {
        json(r#"{"status":200,"data":{"apiBaseUrl":"http://api.example/v1","trialMode":false}}"#)
    });
    let cache = MemoryLicenceCache::new();
    let error = look_up_by(&script, &cache, Cleartext::Refused).await.unwrap_err();
    let ApiError::Cleartext { origin } = error else {
        panic!("{error:?}");
    };
    assert_eq!(origin.to_string(), "http://api.example");
    assert_eq!(cache.load(&key()).await, None);
    let allowed = look_up_by(&script, &cache, Cleartext::Allowed).await;
    assert!(!allowed.unwrap().base_url.is_tls());
    // It is cached now, and still not used where clear text is refused.
    assert!(cache.load(&key()).await.is_some());
    let refused = look_up_by(&script, &cache, Cleartext::Refused).await;
    assert!(matches!(refused, Err(ApiError::Cleartext { .. })));
}
