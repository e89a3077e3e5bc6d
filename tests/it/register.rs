//! Registering users.

use mfly_client::{
    App, Credentials, EndReason, ErrorKind, Event, Fault, Feature, LicenceKey, ProfileUpdate,
    UserIdentifier,
};
use mfly_proto::cipher::RequestCipher;
use mfly_tests::stub::{LICENCE_KEY, TOKEN, config, success};
use mfly_tests::{ScriptedServer, TestEnv, argument, expect_event, kind};
use mfly_testserver::TestServer;
use serde_json::{Value, json};

fn name(id: &str) -> UserIdentifier {
    UserIdentifier::new(id).unwrap()
}

#[tokio::test]
async fn a_new_user_gets_credentials_an_address_and_the_features_of_the_plan() {
    let env = TestEnv::start().await;
    let account = env.app.register(&name("alice")).await.unwrap();
    assert_eq!(account.credentials.user.as_str(), "alice");
    assert_eq!(account.user_jid, Some(env.address("alice")));
    assert!(!account.is_profile_updated);
    assert!(!account.is_trial);
    assert!(Feature::ALL.iter().all(|feature| account.features.contains(*feature)));
    assert!(env.server.user("alice").exists());
}

#[tokio::test]
async fn the_registration_travels_sealed_and_forces_unless_told_otherwise() {
    let server = ScriptedServer::start().await;
    let cipher = RequestCipher::new(&LicenceKey::new(LICENCE_KEY).unwrap());
    let answer = json!({
        "username": "u1", "password": "pw1234", "token": TOKEN, "isProfileUpdated": 1,
        "config": config(),
    });
    for force in [true, false] {
        let answer = success(json!(cipher.seal(&answer.to_string())));
        server.backend.prepare("/register", answer);
        let mut request =
            server.app().await.register(&name("u1")).metadata("team", "blue").unwrap();
        if !force {
            request = request.force(false);
        }
        let account = request.await.unwrap();
        assert!(account.is_profile_updated);
        // Observed: Web SDK 4.25.10, the `data` of `register` for this answer.
        let recorded = json!({
            "username": "u1", "password": "pw1234", "isSandbox": false, "isProfileUpdated": 1,
            "userJid": "u1@xmpp.example.test",
        });
        assert_eq!(account.official(), recorded);
        let sent = server.backend.sent().pop().unwrap();
        assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/register"));
        assert_eq!(sent.token, None);
        let sealed = sent.body["registerData"].as_str().unwrap();
        let data: Value = serde_json::from_str(cipher.open(sealed).as_str()).unwrap();
        assert_eq!(data["userIdentifier"], "u1");
        assert_eq!(data["forceRegister"], force);
        assert_eq!(data["deviceType"], "web");
        assert_eq!(data["metaData"], json!({"team": "blue"}));
        assert!(!sent.body.to_string().contains(LICENCE_KEY));
    }
}

#[tokio::test]
async fn stored_credentials_connect_from_another_app() {
    let env = TestEnv::start().await;
    let stored = env.register("alice").await.to_json();
    let other = TestEnv::app_of(&env.server).build().await.unwrap();
    let session = other.connect(&Credentials::from_json(&stored).unwrap()).await.unwrap();
    assert_eq!(session.current_user(), env.address("alice"));
}

#[tokio::test]
async fn registering_again_keeps_the_account_and_says_that_it_has_a_profile() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    session.update_profile(ProfileUpdate::new().nick_name("Alice")).await.unwrap();
    let again = env.app.register(&name("alice")).await.unwrap();
    assert!(again.is_profile_updated);
    let session = env.app.connect(&again.credentials).await.unwrap();
    assert_eq!(session.own_profile().await.unwrap().nick_name, "Alice");
}

#[tokio::test]
async fn at_the_session_limit_an_unforced_registration_is_refused() {
    let env = TestEnv::with(TestServer::builder().session_limit(1)).await;
    env.register("alice").await;
    let error = env.app.register(&name("alice")).force(false).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::SessionLimit);
    assert_eq!(error.status_code(), 405);
    assert_eq!(error.fault(), Fault::Caller);
    assert!(!error.is_retryable());
    assert_eq!(
        error.official(),
        json!({"statusCode": 405, "message": "You have reached maximum sessions allowed."})
    );
}

#[tokio::test]
async fn at_the_session_limit_a_forced_registration_replaces_the_older_session() {
    let env = TestEnv::with(TestServer::builder().session_limit(1)).await;
    let credentials = env.register("alice").await;
    let request = env.app.connect(&credentials);
    let mut events = request.events();
    let old = request.await.unwrap();
    let new = env.app.register(&name("alice")).await.unwrap();
    let reason = expect_event(&mut events, "end", |event| match event {
        Event::Ended(reason) => Some(reason.clone()),
        _ => None,
    })
    .await;
    assert!(matches!(reason, EndReason::Replaced), "{reason:?}");
    assert!(matches!(old.ended().await, EndReason::Replaced));
    let error = kind(env.app.connect(&credentials).await);
    assert_eq!(error, ErrorKind::InvalidCredentials { status: 400 });
    env.app.connect(&new.credentials).await.unwrap();
}

#[tokio::test]
async fn an_admin_blocked_user_cannot_register() {
    let env = TestEnv::start().await;
    env.server.user("alice").create().unwrap();
    env.server.user("alice").admin_block(true).unwrap();
    let error = env.app.register(&name("alice")).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::AdminBlocked);
    assert_eq!(error.status_code(), 403);
}

#[test]
fn an_identifier_that_the_platform_would_refuse_cannot_be_made() {
    for (identifier, reason) in [
        ("", "User identifier is empty, Please pass valid user identifier"),
        ("al ice", "User identifier should not contain the whitespaces"),
        (
            "Alice",
            "User identifiers can only contain lowercase alphanumeric characters, hyphens (-), and underscores (_).",
        ),
    ] {
        let error = UserIdentifier::new(identifier).unwrap_err();
        assert_eq!((error.name, &*error.reason), ("userIdentifier", reason));
    }
}

#[tokio::test]
async fn a_fourth_metadata_value_is_refused_before_anything_is_sent() {
    let env = TestEnv::start().await;
    let mut request = env.app.register(&name("alice"));
    for pair in ["one", "two", "three"] {
        request = request.metadata(pair, true).unwrap();
    }
    let error = request.metadata("four", 4).unwrap_err();
    assert_eq!(error.name, "metaData");
    assert!(env.server.journal().requests().is_empty());
}

#[tokio::test]
async fn metadata_given_at_registration_can_be_read_back() {
    let env = TestEnv::start().await;
    let request = env.app.register(&name("alice"));
    let request = request.metadata("team", "blue").unwrap().metadata("level", 7).unwrap();
    let account = request.await.unwrap();
    let session = env.app.connect(&account.credentials).await.unwrap();
    let metadata = session.metadata().await.unwrap();
    assert_eq!(metadata.len(), 2);
    assert_eq!(metadata.value("team"), Some(&"blue".into()));
    assert_eq!(metadata.value("level"), Some(&7.into()));
}

#[tokio::test]
async fn a_trial_registers_and_connects_with_unsealed_data() {
    let env = TestEnv::with(TestServer::builder().trial(true)).await;
    let account = env.app.register(&name("alice")).await.unwrap();
    assert!(account.is_trial);
    let journal = env.server.journal();
    assert_eq!(journal.requests_to("/sandbox/register").len(), 1);
    assert!(journal.requests_to("/register").is_empty());
    env.app.connect(&account.credentials).await.unwrap();
}

#[tokio::test]
async fn another_licence_key_is_refused() {
    let env = TestEnv::start().await;
    let other = LicenceKey::new("AnotherLicenceKey0123456789abcde").unwrap();
    let app = App::builder(other).api_base_url(&env.server.api_base_url()).build().await.unwrap();
    let error = app.register(&name("alice")).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::LicenceRefused);
    assert!(!env.server.user("alice").exists());
}

#[tokio::test]
async fn an_app_with_an_unusable_address_is_refused_by_the_name_of_the_argument() {
    let build = async |url: &str, xmpp: Option<&str>, capacity: usize| {
        let key = LicenceKey::new(LICENCE_KEY).unwrap();
        let mut builder = App::builder(key).api_base_url(url).event_capacity(capacity);
        if let Some(xmpp) = xmpp {
            builder = builder.xmpp_address(xmpp);
        }
        builder.build().await.map(drop)
    };
    assert_eq!(argument(build("ftp://h.test", None, 1).await).0, "apiBaseUrl");
    let (name, reason) = argument(build("http://api.example.test", None, 1).await);
    assert_eq!(name, "apiBaseUrl");
    assert!(reason.contains("https://"), "{reason}");
    assert_eq!(argument(build("https://h.test", Some("http://h.test"), 1).await).0, "address");
    assert_eq!(argument(build("https://h.test", None, 0).await).0, "event_capacity");
    build("https://h.test", None, 1).await.unwrap();
}
