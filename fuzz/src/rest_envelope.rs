//! Any bytes as the body of a REST answer, and as the body of a request to the test server.

use bytes::Bytes;
use mfly_api::endpoint::{self, Endpoint};
use mfly_api::envelope::RawResponse;
use mfly_api::mode::Mode;
use mfly_proto::cipher::Iv;
use mfly_proto::jid::{UserId, UserIdentifier};
use mfly_proto::secret::{LicenceKey, Password};
use serde::de::DeserializeOwned;

/// Reading never panics, whichever endpoint the answer is for.
pub fn rest_envelope(data: &[u8]) {
    let key = || LicenceKey::new("fuzzing").expect("a valid key");
    let user = || UserId::new("u1").expect("a valid id");
    let identifier = UserIdentifier::new("u1").expect("a valid identifier");
    let password = Password::new("pw").expect("a valid password");
    let register = endpoint::register::Request::new(Mode::Live, key(), identifier, "device");
    answer(data, &register.expect("a valid request"));
    answer(data, &endpoint::login::Request::connect(user(), password));
    answer(data, &endpoint::licence::Request::new(key()));
    answer(data, &endpoint::config::Request::new(user()));
    answer(data, &endpoint::profile::Request::new(user(), Iv::REQUEST));
    answer(data, &endpoint::user_list::Request::new(Iv::REQUEST));
    answer(data, &endpoint::logout::Request);
    answer(data, &endpoint::muted::Request);

    request::<endpoint::login::RequestBody>(data);
    request::<endpoint::feedback::RequestBody>(data);
    request::<endpoint::delete_account::RequestBody>(data);
    request::<endpoint::report::RequestBody>(data);
    request::<endpoint::media_start::RequestBody>(data);
    request::<endpoint::media_commit::RequestBody>(data);
    request::<endpoint::mute::RequestBody>(data);
}

fn answer<E: Endpoint>(data: &[u8], endpoint: &E) {
    let response = http::Response::new(Bytes::copy_from_slice(data));
    let _ = endpoint.decode(RawResponse::new(E::PATH, response));
}

fn request<T: DeserializeOwned>(data: &[u8]) {
    let _ = serde_json::from_slice::<T>(data);
}
