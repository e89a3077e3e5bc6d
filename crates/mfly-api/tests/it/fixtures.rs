//! Every fixture is a request to the letter and an answer; both are checked in both directions.

use bytes::Bytes;
use http::{Method, Response};
use mfly_api::endpoint::*;
use mfly_api::envelope::{Envelope, RawResponse};
use mfly_api::request::http_request;
use mfly_api::{ApiError, BaseUrl, Endpoint, FileToken, Metadata, Mode};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::{Decrypted, Iv};
use mfly_proto::jid::{BareJid, GroupJid, UserId, UserIdentifier};
use mfly_proto::secret::{LicenceKey, Password, Token};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Debug;
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

    fn response(&self) -> RawResponse {
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
        RawResponse::new("/fixture", response.body(Bytes::from(body)).unwrap())
    }

    /// Checks the request, and decodes the response.
    fn check<E: Endpoint<Response: Debug + Clone>>(&self, endpoint: &E) -> Option<E::Response> {
        self.check_request(endpoint);
        let decoded = endpoint.decode(self.response());
        assert_eq!(format!("{decoded:?}"), self.json["decoded"], "{}", self.name);
        decoded.ok()
    }

    /// A server can read the request's body as `T`, and `T` is written to the letter.
    fn check_server_reads<T: DeserializeOwned + Serialize>(&self) {
        let text = self.json["request"]["body"].as_str().unwrap();
        let body: T = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&body).unwrap(), text, "{}", self.name);
    }

    /// A server can write an envelope with `T` as its data.
    fn check_server_writes<T: DeserializeOwned + Serialize>(&self) {
        let json = &self.json["response"];
        let envelope: Envelope<T> = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&envelope).unwrap(), *json, "{}", self.name);
    }

    /// A server can write the content of the sealed member.
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

fn jid(text: &str) -> BareJid {
    BareJid::new(text).unwrap()
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

fn metadata() -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("tier", "gold").unwrap();
    metadata.insert("level", 3).unwrap();
    metadata.insert("vip", true).unwrap();
    metadata
}

fn reported(id: &str, text: &str, publisher: &str, timestamp: i64) -> report::ReportedMessage {
    report::ReportedMessage {
        msg_id: id.to_owned(),
        message: text.to_owned(),
        msg_type: "text".to_owned(),
        publisher_id: publisher.to_owned(),
        filename: String::new(),
        timestamp,
    }
}

fn report_user(messages: &[report::ReportedMessage]) -> Result<report::Request, InvalidArgument> {
    report::Request::user(&user("alice01"), &jid("bob02@xmpp.example.com"), messages)
}

/// Checks each fixture with the endpoint of its row. A server reads the body as the type after
/// `reads`, writes the data as the one after `writes`, and the content of a sealed member after
/// `opened`.
macro_rules! fixtures {
    ($(
        $name:literal: $endpoint:expr
        $(, reads $body:ty)? $(, writes $data:ty)? $(=> $opened:ident)?;
    )+) => {
        #[test]
        fn every_fixture_is_written_and_read_as_recorded() {
            let mut checked = BTreeSet::new();
            $({
                let fixture = Fixture::load($name);
                let _decoded = fixture.check(&$endpoint);
                $(fixture.check_server_reads::<$body>();)?
                $(fixture.check_server_writes::<$data>();)?
                $(fixture.check_opened(&_decoded.expect(stringify!($opened)));)?
                checked.insert($name.to_owned());
            })+
            assert_eq!(checked, stored(), "the rows are not the files");
        }
    };
}

/// The names of all fixtures.
fn stored() -> BTreeSet<String> {
    let stems = std::fs::read_dir(folder()).unwrap().map(|stem| stem.unwrap().path());
    let files = stems.flat_map(|stem| std::fs::read_dir(stem).unwrap());
    let names = files.map(|file| {
        let path = file.unwrap().path().with_extension("");
        path.strip_prefix(folder()).unwrap().to_str().unwrap().to_owned()
    });
    names.collect()
}

fixtures! {
    "config/all_flags": config::Request::new(user("alice01")) => opened;
    "delete_account/with_feedback":
        delete_account::Request::new("leaving").unwrap().feedback("bye"),
        reads delete_account::RequestBody;
    "feedback/success": feedback::Request::new("T", "D").unwrap(), reads feedback::RequestBody;
    "licence/live": licence::Request::new(licence_key()), writes licence::ResponseData;
    "login/connect_live":
        login::Request::connect(user("alice01"), wire_password(Mode::Live)),
        reads login::RequestBody, writes login::Response;
    "login/connect_trial":
        login::Request::connect(user("alice01"), wire_password(Mode::Trial)),
        reads login::RequestBody, writes login::Response;
    "login/refresh_live": login::Request::refresh(user("alice01"), wire_password(Mode::Live));
    "login/invalid_credentials":
        login::Request::connect(user("alice01"), wire_password(Mode::Live));
    "logout/success": logout::Request;
    "media_commit/two_parts":
        media_commit::Request::new(
            file_token("FTOK"), "UP1", ["\"e1\"".to_owned(), "\"e2\"".to_owned()],
        ).unwrap(),
        reads media_commit::RequestBody;
    "media_download/whole": media_download::Request::new(file_token("img-token"));
    "media_part/first":
        media_part::Request::new(
            "https://store.example.com/p1",
            Bytes::from_static(b"raw bytes of the first part"),
        ).unwrap();
    "media_start/two_parts":
        media_start::Request::new(
            "application/pdf", "pdf", 2, "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "bob02",
            media_upload::Purpose::Chat,
        ).unwrap(),
        reads media_start::RequestBody, writes media_start::Response;
    "media_upload/profile_image":
        media_upload::Request::profile(&user("alice01"), media_upload::File {
            name: "a.png".to_owned(),
            content_type: "image/png".to_owned(),
            content: Bytes::from_static(b"PNG"),
        }),
        writes media_upload::Response;
    "media_url/success": media_url::Request::new(file_token("FTOK"));
    "metadata/read": metadata::GetRequest, writes metadata::ResponseData;
    "metadata/update": metadata::UpdateRequest::new(metadata()).unwrap(), reads Metadata;
    "metadata/update_nothing": metadata::UpdateRequest::nothing();
    "mute/chats":
        mute::Request::chats(
            &[jid("bob02@xmpp.example.com"), jid("grp01@mix.xmpp.example.com")], true,
        ).unwrap(),
        reads mute::RequestBody;
    "mute/settings": mute::Request::settings(false);
    "muted/all": muted::Request, writes muted::Response;
    "profile/success":
        profile::Request::new(user("bob02"), profile_iv()), writes profile::ProfileData;
    "profile/unknown_user": profile::Request::new(user("nobody"), profile_iv());
    "register/live": registration(Mode::Live), reads register::LiveBody => opened;
    "register/trial": registration(Mode::Trial), reads register::TrialBody => opened;
    "register/answer_is_json": registration(Mode::Trial) => opened;
    "register/answer_is_json_text": registration(Mode::Trial) => opened;
    "register/refused": registration(Mode::Live);
    "register/session_limit": registration(Mode::Live);
    "report/user":
        report_user(&[reported("m1", "hi", "bob02", 1_732_300_000_000)]).unwrap(),
        reads report::RequestBody;
    "report/group":
        report::Request::group(
            &user("alice01"), &GroupJid::new("g1@mix.xmpp.example.test").unwrap(),
            &[reported("m", "", "u2", 1)],
        ).unwrap();
    "sync_contacts/success":
        sync_contacts::Request::new(identifier("bob02"), licence_key()),
        reads sync_contacts::RequestBody;
    "user_list/filtered":
        user_list::Request::new(profile_iv())
            .name("bo b").filter("tier", ["gold", "silver"]).unwrap(),
        writes user_list::ResponseData;
    "user_list/unfiltered": user_list::Request::new(profile_iv());
}

/// The body of a recorded request.
fn body(name: &'static str) -> String {
    Fixture::load(name).json["request"]["body"].as_str().unwrap().to_owned()
}

#[test]
fn a_server_reads_what_the_wire_types_alone_do_not_show() {
    let login: login::RequestBody = serde_json::from_str(&body("login/refresh_live")).unwrap();
    assert_eq!(login.username, user("alice01"));
    let mut report: report::RequestBody = serde_json::from_str(&body("report/user")).unwrap();
    let messages = [reported("m1", "hi", "bob02", 1_732_300_000_000)];
    assert_eq!(report.messages().as_deref(), Some(&messages[..]));
    report.data = "[]".to_owned();
    assert_eq!(report.messages(), None);
    let query = profile::Request::user_in_query("userId=bob02");
    assert_eq!(query, Some(user("bob02")));
}

#[test]
fn redacted_members_are_decrypted_and_tokens_are_kept() {
    let fixture = Fixture::load("profile/success");
    let profile = fixture.check(&profile::Request::new(user("bob02"), profile_iv())).unwrap();
    let opened = [profile.nickname, profile.email, profile.mobile_number];
    let expected = ["Bob 😀", "bob@example.com", "+15550100"];
    assert_eq!(opened, expected.map(|text| Decrypted::Plain(text.to_owned())));
    let request = login::Request::connect(user("alice01"), wire_password(Mode::Live));
    let login = Fixture::load("login/connect_live").check(&request).unwrap();
    assert!(login.token.expose().starts_with("eyJ"));
    let trial: register::TrialBody = serde_json::from_str(&body("register/trial")).unwrap();
    assert_eq!(trial.mobile_number, trial.user_identifier.as_str());
}

#[test]
fn arguments_are_refused_with_the_official_words() {
    let complete = || reported("m1", "", "bob02", 1);
    let with = |message| report_user(&[complete(), message]).err();
    let data = Some(("data", "Invalid data value."));
    for (row, error, expected) in [
        (
            "no reason for leaving",
            delete_account::Request::new("").err(),
            Some(("reason", "reason is not valid or required")),
        ),
        (
            "no title",
            feedback::Request::new("", "D").err(),
            Some(("title", "title is not valid or required")),
        ),
        (
            "no description",
            feedback::Request::new("T", "").err(),
            Some(("description", "description is not valid or required")),
        ),
        (
            "no chat to mute",
            mute::Request::chats(&[], true).err(),
            Some(("toJid", "toJid should be Valid data type")),
        ),
        (
            "a server to mute",
            mute::Request::chats(&[jid("h.test")], true).err(),
            Some(("toJid", "toJid format is invalid")),
        ),
        ("a complete report", report_user(&[complete()]).err(), None),
        ("an empty report", report_user(&[]).err(), data),
        ("no message id", with(report::ReportedMessage { msg_id: "".into(), ..complete() }), data),
        ("no type", with(report::ReportedMessage { msg_type: "".into(), ..complete() }), data),
        (
            "no sender",
            with(report::ReportedMessage { publisher_id: "".into(), ..complete() }),
            data,
        ),
        ("no time", with(report::ReportedMessage { timestamp: 0, ..complete() }), data),
        (
            "a group reported as a user",
            report::Request::user(&user("alice01"), &jid("g1@mix.h.test"), &[complete()]).err(),
            Some(("toUserJid", "toUserJid format is invalid")),
        ),
        (
            "a server reported as a user",
            report::Request::user(&user("alice01"), &jid("h.test"), &[complete()]).err(),
            Some(("toUserJid", "toUserJid format is invalid")),
        ),
        (
            "an oversize part",
            media_part::Request::new("https://x.test/p", vec![0; 5_242_881].into()).err(),
            Some(("file", "a part has at most 5,242,880 bytes")),
        ),
    ] {
        let found = error.as_ref().map(|error| (error.name, &*error.reason));
        assert_eq!(found, expected, "{row}");
    }
}

#[test]
fn the_session_limit_is_known_by_its_message_whatever_the_status() {
    let body = r#"{"status":400,"message":"You have reached maximum sessions allowed."}"#;
    let answer = RawResponse::new("/register", Response::new(Bytes::from_static(body.as_bytes())));
    let error = registration(Mode::Live).decode(answer).unwrap_err();
    assert!(matches!(error, ApiError::SessionLimit), "{error:?}");
    assert_eq!(error.status_code(), 405);
}

#[test]
fn a_registration_sealed_with_another_key_is_refused_without_showing_it() {
    let other = LicenceKey::new("another key").unwrap();
    let request = register::Request::new(Mode::Live, other, identifier("alice_01"), "d").unwrap();
    let error = request.decode(Fixture::load("register/live").response()).unwrap_err();
    assert!(error.to_string().contains("neither sealed with this key nor JSON"), "{error}");
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
    fn decode(&self, answer: RawResponse) -> Result<(), ApiError> {
        answer.check()
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
