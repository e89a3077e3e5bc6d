//! Invalid responses: no panic, no success, and no quoted content.

use bytes::Bytes;
use http::Response;
use mfly_api::endpoint::{config, media_start, metadata, profile, register, user_list};
use mfly_api::envelope::RawResponse;
use mfly_api::query::{encode_component, encode_form, pairs};
use mfly_api::{ApiError, Endpoint, Mode};
use mfly_proto::cipher::Iv;
use mfly_proto::jid::{UserId, UserIdentifier};
use mfly_proto::secret::LicenceKey;
use proptest::prelude::*;

fn decode<E: Endpoint>(endpoint: &E, body: &[u8]) -> Result<E::Response, ApiError> {
    endpoint.decode(RawResponse::new(E::PATH, Response::new(Bytes::copy_from_slice(body))))
}

/// For each endpoint with a structured response: whether the body was refused as unreadable.
fn refusals(body: &[u8]) -> Vec<bool> {
    let user = UserId::new("alice01").unwrap();
    let iv = Iv::new("profileIv1234567").unwrap();
    let licence_key = LicenceKey::new("TestLicenceKey0123456789abcdef").unwrap();
    let identifier = UserIdentifier::new("alice").unwrap();
    let registration =
        register::Request::new(Mode::Live, licence_key, identifier, "device").unwrap();
    let purpose = mfly_api::endpoint::media_upload::Purpose::Chat;
    let start = media_start::Request::new("a/b", "b", 1, "m", "bob", purpose).unwrap();
    fn is_unreadable<T>(result: Result<T, ApiError>) -> bool {
        matches!(result, Err(ApiError::Decode { .. }))
    }
    vec![
        is_unreadable(decode(&registration, body)),
        is_unreadable(decode(&config::Request::new(user.clone()), body)),
        is_unreadable(decode(&profile::Request::new(user, iv.clone()), body)),
        is_unreadable(decode(&user_list::Request::new(iv), body)),
        is_unreadable(decode(&metadata::GetRequest, body)),
        is_unreadable(decode(&start, body)),
    ]
}

proptest! {
    #[test]
    fn bytes_without_envelope_are_refused_by_every_endpoint(body in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(refusals(&body), [true; 6]);
    }

    #[test]
    fn data_of_another_type_is_refused_by_every_endpoint(text in "\\PC{0,60}", number in any::<i64>()) {
        let text = serde_json::to_string(&text).unwrap();
        for data in [text, number.to_string(), "[1,[2]]".to_owned(), "true".to_owned()] {
            let body = format!(r#"{{"status":200,"message":"Success","data":{data}}}"#);
            prop_assert_eq!(refusals(body.as_bytes()), [true; 6], "{}", data);
        }
    }

    #[test]
    fn any_text_is_read_back_from_both_query_encodings(name in "\\PC{1,20}", value in any::<String>()) {
        for query in [
            format!("{}={}", encode_component(&name), encode_component(&value)),
            format!("{}={}", encode_form(&name), encode_form(&value)),
        ] {
            prop_assert_eq!(pairs(&query).collect::<Vec<_>>(), [(name.clone(), value.clone())]);
        }
    }
}

#[test]
fn json_nested_too_deeply_is_refused() {
    let body = format!(r#"{{"status":200,"data":{}}}"#, "[".repeat(100_000));
    assert_eq!(refusals(body.as_bytes()), [true; 6]);
}
