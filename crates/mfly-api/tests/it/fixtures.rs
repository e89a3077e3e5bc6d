//! Every fixture is a request to the letter and an answer; both are checked in both directions.

use bytes::Bytes;
use http::{Method, Response};
use mfly_api::endpoint::*;
use mfly_api::envelope::{Answer, Envelope};
use mfly_api::request::http_request;
use mfly_api::{ApiError, BaseUrl, Endpoint, FileToken, MetaValue, Metadata, Mode};
use mfly_proto::cipher::{Decrypted, Iv};
use mfly_proto::jid::{BareJid, GroupJid, UserId, UserIdentifier};
use mfly_proto::secret::{LicenceKey, Password, Token};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A fixture, and what has been asked of it.
struct Fixture {
    name: &'static str,
    json: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

impl Fixture {
    fn load(name: &'static str) -> Self {
        let text = std::fs::read_to_string(folder().join(name).with_extension("json"))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let json: Value = serde_json::from_str(&text).unwrap();
        let source = json["source"].as_str().unwrap();
        assert!(source.starts_with("observed:") || source.starts_with("inferred:"), "{name}");
        Self { name, json }
    }

    /// The request is exactly the recorded one: method, URL, every header, every byte of the body.
    fn check_request<E: Endpoint>(&self, endpoint: &E) {
        let expected = &self.json["request"];
        let headers = expected["headers"].as_object().unwrap();
        let token =
            headers.get("authorization").map(|token| Token::new(token.as_str().unwrap()).unwrap());
        let base_url = BaseUrl::new("https://api.example.com/api/v1").unwrap();
        let request = http_request(endpoint, &base_url, token.as_ref()).unwrap();
        assert_eq!(request.method().as_str(), expected["method"], "{}", self.name);
        assert_eq!(request.uri().to_string(), expected["url"], "{}", self.name);
        let sent: BTreeSet<_> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        let recorded: BTreeSet<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        assert_eq!(sent, recorded, "{}", self.name);
        let body = std::str::from_utf8(request.body()).unwrap();
        assert_eq!(body, expected["body"].as_str().unwrap_or_default(), "{}", self.name);
    }

    fn answer(&self) -> Answer {
        let mut response = Response::builder();
        let body = match self.json["response"].get("http") {
            Some(http) => {
                for (name, value) in http["headers"].as_object().unwrap() {
                    response = response.header(name, value.as_str().unwrap());
                }
                http["body"].as_str().unwrap().to_owned()
            }
            None => self.json["response"].to_string(),
        };
        Answer::new("/fixture", response.body(Bytes::from(body)).unwrap())
    }

    /// Both halves, for an endpoint that succeeds.
    fn check<E: Endpoint>(&self, endpoint: &E) -> E::Response {
        self.check_request(endpoint);
        endpoint.decode(self.answer()).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    fn check_failure<E: Endpoint>(&self, endpoint: &E) -> ApiError {
        self.check_request(endpoint);
        endpoint.decode(self.answer()).err().unwrap_or_else(|| panic!("{} succeeded", self.name))
    }

    /// The request's body can be read as `T` and is written again to the letter: what a server
    /// needs.
    fn check_server_reads<T: DeserializeOwned + Serialize>(&self) -> T {
        let text = self.json["request"]["body"].as_str().unwrap();
        let body: T = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&body).unwrap(), text, "{}", self.name);
        body
    }

    /// The envelope can be read with `T` as its data and is written again: what a server needs.
    fn check_server_writes<T: DeserializeOwned + Serialize>(&self) {
        let envelope: Envelope<T> = serde_json::from_value(self.json["response"].clone()).unwrap();
        assert_eq!(
            serde_json::to_value(&envelope).unwrap(),
            self.json["response"],
            "{}",
            self.name
        );
    }

    /// What was sealed in the answer is written again as `value`.
    fn check_opened<T: Serialize>(&self, value: &T) {
        assert_eq!(serde_json::to_value(value).unwrap(), self.json["opened"], "{}", self.name);
    }
}

fn licence_key() -> LicenceKey {
    LicenceKey::new("TestLicenceKey0123456789abcdef").unwrap()
}

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

fn identifier(id: &str) -> UserIdentifier {
    UserIdentifier::new(id).unwrap()
}

fn file_token(token: &str) -> FileToken {
    FileToken::new(token).unwrap()
}

fn profile_iv() -> Iv {
    Iv::new("profileIv1234567").unwrap()
}

fn plain(text: &str) -> Decrypted {
    Decrypted::Plain(text.to_owned())
}

fn registration(mode: Mode) -> register::Request {
    let mut metadata = Metadata::new();
    metadata.insert("tier", "gold").unwrap();
    let device_id = "0f8fad5b-d9cb-469f-a165-70867728950e";
    register::Request::new(mode, licence_key(), identifier("alice_01"), device_id)
        .unwrap()
        .metadata(metadata)
}

fn wire_password(mode: Mode) -> Password {
    let password = Password::new("Pw0rd").unwrap();
    login::wire_password(mode, &licence_key(), &password, 1_732_300_000_000).unwrap()
}

#[test]
fn every_fixture_is_checked_by_a_test() {
    let source = include_str!("fixtures.rs");
    let mut count = 0;
    for stem in std::fs::read_dir(folder()).unwrap() {
        let stem = stem.unwrap();
        for case in std::fs::read_dir(stem.path()).unwrap() {
            let case = case.unwrap().path();
            let name = format!(
                "\"{}/{}\"",
                stem.file_name().into_string().unwrap(),
                case.file_stem().unwrap().to_str().unwrap()
            );
            assert!(source.contains(&name), "no test loads {name}");
            count += 1;
        }
    }
    assert!(count >= 34, "only {count} fixtures");
}

#[test]
fn a_licence_is_looked_up_with_its_sealed_key() {
    let fixture = Fixture::load("licence/live");
    let response = fixture.check(&licence::Request::new(licence_key()));
    assert_eq!(response.licence.base_url.as_str(), "https://api.example.com/api/v1");
    assert_eq!((response.licence.mode, response.is_cacheable), (Mode::Live, true));
    fixture.check_server_writes::<licence::ResponseData>();
}

#[test]
fn a_live_registration_is_sealed_both_ways() {
    let fixture = Fixture::load("register/live");
    let registration = fixture.check(&registration(Mode::Live));
    assert_eq!(registration.username.as_str(), "alice01");
    assert_eq!(registration.password.expose(), "Pw0rd");
    assert!(!registration.is_profile_updated);
    let config = registration.config.as_ref().unwrap();
    assert_eq!(
        (config.xmpp_host.as_deref(), config.xmpp_port_web),
        (Some("xmpp.example.com"), Some(5443))
    );
    assert_eq!(config.features.iter().count(), 17);
    fixture.check_opened(&registration);
    fixture.check_server_reads::<register::LiveBody>();
}

#[test]
fn a_trial_registration_is_posted_bare_and_answered_sealed() {
    let fixture = Fixture::load("register/trial");
    fixture.check_opened(&fixture.check(&registration(Mode::Trial)));
    let body: register::TrialBody = fixture.check_server_reads();
    assert_eq!(body.mobile_number, body.user_identifier.as_str());
}

#[test]
fn a_registration_is_also_read_from_json_text_and_from_json() {
    for name in ["register/answer_is_json_text", "register/answer_is_json"] {
        let fixture = Fixture::load(name);
        fixture.check_opened(&fixture.check(&registration(Mode::Trial)));
    }
}

#[test]
fn the_session_limit_and_other_refusals_of_registration_are_told_apart() {
    let request = registration(Mode::Live);
    let limit = Fixture::load("register/session_limit").check_failure(&request);
    assert!(matches!(limit, ApiError::SessionLimit), "{limit:?}");
    let refused = Fixture::load("register/refused").check_failure(&request);
    assert!(
        matches!(&refused, ApiError::Refused { status: 403, message, .. } if message == "User blocked"),
        "{refused:?}"
    );
}

#[test]
fn the_session_limit_is_known_by_its_message_whatever_the_status() {
    let body = r#"{"status":400,"message":"You have reached maximum sessions allowed."}"#;
    let answer = Answer::new("/register", Response::new(Bytes::from_static(body.as_bytes())));
    let error = registration(Mode::Live).decode(answer).unwrap_err();
    assert!(matches!(error, ApiError::SessionLimit), "{error:?}");
    assert_eq!(error.status_code(), 405);
}

#[test]
fn a_registration_sealed_with_another_key_is_refused_without_showing_it() {
    let other = LicenceKey::new("another key").unwrap();
    let request = register::Request::new(Mode::Live, other, identifier("alice_01"), "d").unwrap();
    let error = request.decode(Fixture::load("register/live").answer()).unwrap_err();
    assert!(error.to_string().contains("neither sealed with this key nor JSON"), "{error}");
}

#[test]
fn log_in_keeps_the_recorded_key_order_of_each_purpose() {
    for (name, mode) in [("login/connect_live", Mode::Live), ("login/connect_trial", Mode::Trial)] {
        let fixture = Fixture::load(name);
        let response =
            fixture.check(&login::Request::connect(user("alice01"), wire_password(mode)));
        assert!(response.token.expose().starts_with("eyJ"));
        fixture.check_server_reads::<login::RequestBody>();
        fixture.check_server_writes::<login::Response>();
    }
    let fixture = Fixture::load("login/refresh_live");
    fixture.check(&login::Request::refresh(user("alice01"), wire_password(Mode::Live)));
    let body = fixture.json["request"]["body"].as_str().unwrap();
    let read: login::RequestBody = serde_json::from_str(body).unwrap();
    assert_eq!(read.username, user("alice01"));
}

#[test]
fn bad_credentials_are_a_refusal_with_the_servers_words() {
    let request = login::Request::connect(user("alice01"), wire_password(Mode::Live));
    let error = Fixture::load("login/invalid_credentials").check_failure(&request);
    assert_eq!((error.status_code(), error.is_retryable()), (400, false));
    assert!(error.to_string().ends_with("Invalid Credentials"), "{error}");
}

#[test]
fn the_configuration_is_opened_with_the_user_name() {
    let fixture = Fixture::load("config/all_flags");
    fixture.check_opened(&fixture.check(&config::Request::new(user("alice01"))));
}

#[test]
fn requests_that_are_only_acknowledged_are_written_as_recorded() {
    Fixture::load("logout/success").check(&logout::Request);
    let fixture = Fixture::load("feedback/success");
    fixture.check(&feedback::Request::new("T", "D").unwrap());
    fixture.check_server_reads::<feedback::RequestBody>();
    let fixture = Fixture::load("delete_account/with_feedback");
    fixture.check(&delete_account::Request::new("leaving").unwrap().feedback("bye"));
    fixture.check_server_reads::<delete_account::RequestBody>();
    let fixture = Fixture::load("sync_contacts/success");
    fixture.check(&sync_contacts::Request::new(identifier("bob02"), licence_key()));
    fixture.check_server_reads::<sync_contacts::RequestBody>();
}

#[test]
fn a_report_carries_its_messages_as_json_text() {
    let message = |id: &str, text: &str, publisher: &str, timestamp| report::ReportedMessage {
        msg_id: id.to_owned(),
        message: text.to_owned(),
        msg_type: "text".to_owned(),
        publisher_id: publisher.to_owned(),
        filename: String::new(),
        timestamp,
    };
    let fixture = Fixture::load("report/user");
    let bob = BareJid::new("bob02@xmpp.example.com").unwrap();
    let messages = [message("m1", "hi", "bob02", 1_732_300_000_000)];
    fixture.check(&report::Request::user(&user("alice01"), &bob, &messages).unwrap());
    let body: report::RequestBody = fixture.check_server_reads();
    assert_eq!(body.messages().as_deref(), Some(&messages[..]));
    let group = GroupJid::new("g1@mix.xmpp.example.test").unwrap();
    let request =
        report::Request::group(&user("alice01"), &group, &[message("m", "", "u2", 1)]).unwrap();
    Fixture::load("report/group").check(&request);
}

#[test]
fn a_profile_is_opened_with_its_owners_id() {
    let fixture = Fixture::load("profile/success");
    let profile = fixture.check(&profile::Request::new(user("bob02"), profile_iv()));
    assert_eq!(profile.nickname, plain("Bob 😀"));
    assert_eq!(profile.email, plain("bob@example.com"));
    assert_eq!(profile.mobile_number, plain("+15550100"));
    assert_eq!((profile.image.as_str(), profile.status.as_str()), ("img-token", "Available"));
    assert!(!profile.is_admin_blocked);
    fixture.check_server_writes::<profile::ProfileData>();
    let query =
        fixture.json["request"]["url"].as_str().unwrap().split_once('?').unwrap().1.to_owned();
    assert_eq!(profile::Request::user_in_query(&query), Some(user("bob02")));
}

#[test]
fn an_unknown_user_is_not_available() {
    let request = profile::Request::new(user("nobody"), profile_iv());
    let error = Fixture::load("profile/unknown_user").check_failure(&request);
    assert!(matches!(error, ApiError::UserNotAvailable), "{error:?}");
    assert_eq!(error.status_code(), 400);
}

#[test]
fn users_are_listed_with_filter_and_without() {
    let fixture = Fixture::load("user_list/filtered");
    let request = user_list::Request::new(profile_iv())
        .name("bo b")
        .filter("tier", ["gold", "silver"])
        .unwrap();
    let page = fixture.check(&request);
    assert_eq!((page.total_pages, page.total_users), (1, 1));
    assert_eq!(page.users[0].profile.nickname, plain("Bob 😀"));
    fixture.check_server_writes::<user_list::ResponseData>();
    let fixture = Fixture::load("user_list/unfiltered");
    assert!(fixture.check(&user_list::Request::new(profile_iv())).users.is_empty());
}

#[test]
fn metadata_is_read_replaced_and_replaced_by_nothing() {
    let fixture = Fixture::load("metadata/read");
    let response = fixture.check(&metadata::GetRequest);
    assert_eq!(response.metadata.value("tier"), Some(&MetaValue::from("gold")));
    assert_eq!(response.message, "Metadata fetched");
    fixture.check_server_writes::<metadata::ResponseData>();
    let mut metadata = Metadata::new();
    metadata.insert("tier", "gold").unwrap();
    metadata.insert("level", 3).unwrap();
    metadata.insert("vip", true).unwrap();
    let fixture = Fixture::load("metadata/update");
    let request = metadata::UpdateRequest::new(metadata.clone()).unwrap();
    // What comes back has the same pairs; JSON objects have no order to compare.
    let returned = fixture.check(&request).metadata;
    assert!(metadata.iter().all(|(name, value)| returned.value(name) == Some(value)));
    assert_eq!(fixture.check_server_reads::<Metadata>(), metadata);
    let nothing =
        Fixture::load("metadata/update_nothing").check(&metadata::UpdateRequest::nothing());
    assert!(nothing.metadata.is_empty());
}

#[test]
fn a_profile_image_is_uploaded_as_a_form() {
    let fixture = Fixture::load("media_upload/profile_image");
    let image = media_upload::File {
        name: "a.png".to_owned(),
        content_type: "image/png".to_owned(),
        content: Bytes::from_static(b"PNG"),
    };
    let response = fixture.check(&media_upload::Request::profile(&user("alice01"), image));
    assert_eq!(response.file_token.as_str(), "img-token");
    assert_eq!(response.file_token_thumb, Some(file_token("thumb-token")));
    fixture.check_server_writes::<media_upload::Response>();
}

#[test]
fn an_upload_in_parts_is_started_filled_and_committed() {
    let fixture = Fixture::load("media_start/two_parts");
    let id = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
    let purpose = media_upload::Purpose::Chat;
    let request =
        media_start::Request::new("application/pdf", "pdf", 2, id, "bob02", purpose).unwrap();
    let start = fixture.check(&request);
    assert_eq!(start.storage, media_start::Storage::Aws);
    fixture.check_server_reads::<media_start::RequestBody>();
    fixture.check_server_writes::<media_start::Response>();

    let part = Bytes::from_static(b"raw bytes of the first part");
    let request = media_part::Request::new(start.upload_urls[0].clone(), part).unwrap();
    let etag = Fixture::load("media_part/first").check(&request).etag.unwrap();
    assert_eq!(etag, "\"e1\"");

    let fixture = Fixture::load("media_commit/two_parts");
    let etags = [etag, "\"e2\"".to_owned()];
    let upload_id = start.upload_id.unwrap();
    fixture.check(&media_commit::Request::new(start.file_token, upload_id, etags).unwrap());
    fixture.check_server_reads::<media_commit::RequestBody>();
}

#[test]
fn a_file_is_downloaded_whole_or_from_a_signed_url() {
    let request = media_download::Request::new(file_token("img-token"));
    assert_eq!(Fixture::load("media_download/whole").check(&request), "PNG");
    let url =
        Fixture::load("media_url/success").check(&media_url::Request::new(file_token("FTOK")));
    assert_eq!(url, "https://store.example.com/dl/FTOK");
    let request = media_download::RangeRequest::new(url, 0, 5_242_879).unwrap();
    let base_url = BaseUrl::new("https://api.example.com").unwrap();
    let sent = http_request(&request, &base_url, None).unwrap();
    assert_eq!((sent.method(), sent.uri().path()), (&Method::GET, "/dl/FTOK"));
    assert_eq!(sent.headers()["range"], "bytes=0-5242879");
    assert_eq!(request.limits().max_bytes, 5_242_880);
}

#[test]
fn a_range_is_not_read_from_a_store_that_sends_another_or_ignores_ranges() {
    let sent = |status: u16, first, content_range: &str| {
        let response = Response::builder().status(status).header("content-range", content_range);
        let answer = Answer::new("/dl", response.body(Bytes::from_static(b"ab")).unwrap());
        media_download::RangeRequest::new("https://x.test/dl", first, first + 1)
            .unwrap()
            .decode(answer)
    };
    assert_eq!(sent(206, 4, "bytes 4-5/9").unwrap().total, Some(9));
    assert_eq!(sent(206, 4, "bytes 4-5/*").unwrap().total, None);
    for other in ["bytes 0-1/9", "bytes 5-6/9"] {
        let refused = sent(206, 4, other);
        assert!(matches!(refused, Err(ApiError::Decode { .. })), "{other}");
    }
    let range = |status, first| sent(status, first, "bytes 0-1/9");
    assert!(range(200, 0).is_ok());
    assert!(matches!(range(200, 4), Err(ApiError::Decode { .. })));
    assert!(matches!(range(403, 4), Err(ApiError::Http { status: 403, .. })));
}

#[test]
fn a_refused_download_is_not_taken_for_a_file_but_a_json_file_is_one() {
    let download = |body: &'static str| {
        let response =
            Response::builder().header("content-type", "application/json; charset=utf-8");
        let answer =
            Answer::new("/media/", response.body(Bytes::from_static(body.as_bytes())).unwrap());
        media_download::Request::new(file_token("t")).decode(answer)
    };
    let refusal = r#"{"status":404,"message":"no such file"}"#;
    assert!(matches!(download(refusal), Err(ApiError::Refused { status: 404, .. })));
    for file in [r#"{"a":1}"#, "[]", "{"] {
        assert_eq!(download(file).unwrap(), file);
    }
}

#[test]
fn chats_and_everything_can_be_muted() {
    let fixture = Fixture::load("mute/chats");
    let jids = ["bob02@xmpp.example.com", "grp01@mix.xmpp.example.com"]
        .map(|jid| BareJid::new(jid).unwrap());
    fixture.check(&mute::Request::chats(&jids, true).unwrap());
    fixture.check_server_reads::<mute::RequestBody>();
    Fixture::load("mute/settings").check(&mute::Request::settings(false));
    let fixture = Fixture::load("muted/all");
    assert!(fixture.check(&muted::Request).is_all_muted);
    fixture.check_server_writes::<muted::Response>();
}

/// An endpoint that would send the token to a URL from an answer.
struct Leaky;

impl Endpoint for Leaky {
    type Auth = mfly_api::auth::UserToken;
    type Response = ();
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/leaky";
    fn target(&self) -> std::borrow::Cow<'_, str> {
        "https://elsewhere.example.com/".into()
    }
    fn decode(&self, answer: Answer) -> Result<(), ApiError> {
        answer.done()
    }
}

#[test]
fn the_token_never_follows_an_absolute_url() {
    let base_url = BaseUrl::new("https://api.example.com").unwrap();
    let token = Token::new("t").unwrap();
    let error = http_request(&Leaky, &base_url, Some(&token)).unwrap_err();
    assert!(matches!(error, ApiError::InvalidArgument(_)), "{error:?}");
}

#[test]
fn an_upload_url_that_is_not_absolute_is_refused() {
    let base_url = BaseUrl::new("https://api.example.com").unwrap();
    for url in ["", "/logout", "//x.test/p", "ftp://x.test/p", "p1"] {
        let request = media_part::Request::new(url, Bytes::new()).unwrap();
        assert!(http_request(&request, &base_url, None).is_err(), "{url:?}");
    }
}

#[test]
fn an_oversize_part_is_refused() {
    let part = Bytes::from(vec![0; media_part::MAX_BYTES + 1]);
    assert_eq!(media_part::Request::new("https://x.test/p", part).unwrap_err().name, "file");
}

#[test]
fn no_debug_output_shows_a_secret_or_a_signed_url() {
    let secret = "s3cret";
    let licence_key = LicenceKey::new(secret).unwrap();
    let signed = format!("https://x.test/?sig={secret}");
    let shown = [
        format!(
            "{:?}",
            register::Request::new(Mode::Trial, licence_key.clone(), identifier("a"), "d")
        ),
        format!("{:?}", login::Request::connect(user("a"), Password::new(secret).unwrap())),
        format!("{:?}", login::Request::refresh(user("a"), Password::new(secret).unwrap())),
        format!("{:?}", login::Response { token: Token::new(secret).unwrap() }),
        format!("{:?}", sync_contacts::Request::new(identifier("a"), licence_key.clone())),
        format!("{:?}", licence::Request::new(licence_key)),
        format!("{:?}", media_part::Request::new(signed.clone(), Bytes::new())),
        format!("{:?}", media_commit::UrlRequest::new(signed.clone())),
        format!("{:?}", login::Request::connect(user("a"), Password::new(secret).unwrap()).body()),
        format!(
            "{:?}",
            Body::Raw { content_type: "text/plain", bytes: Bytes::from_static(b"s3cret") }
        ),
        format!("{:?}", media_download::RangeRequest::new(signed, 0, 1)),
    ];
    for text in shown {
        assert!(!text.contains(secret), "{text}");
    }
}
