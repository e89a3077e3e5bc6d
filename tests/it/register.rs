//! Registering users and devices.

use mfly_client::{
    App, Credentials, EndReason, ErrorKind, Fault, Feature, LicenceKey, ProfileUpdate,
    UserIdentifier,
};
use mfly_proto::cipher::RequestCipher;
use mfly_tests::stub::{LICENCE_KEY, TOKEN, config, success};
use mfly_tests::wait::wait_for_end;
use mfly_tests::{ScriptedServer, TestEnv, argument};
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
    assert!(!account.is_profile_updated && !account.is_trial);
    assert!(Feature::ALL.iter().all(|feature| account.features.contains(*feature)));
    assert!(env.server.user("alice").exists());
}

#[tokio::test]
async fn the_registration_is_sealed_and_forces_by_default() {
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
async fn a_second_registration_keeps_the_account_and_knows_its_profile() {
    let (env, session) = TestEnv::alice().await;
    session.update_profile(ProfileUpdate::new().nick_name("Alice")).await.unwrap();
    let again = env.app.register(&name("alice")).await.unwrap();
    assert!(again.is_profile_updated);
    let session = env.app.connect(&again.credentials).await.unwrap();
    assert_eq!(session.own_profile().await.unwrap().nick_name, "Alice");
}

#[tokio::test]
async fn at_the_session_limit_only_a_forced_registration_succeeds_and_replaces_the_older_session() {
    let env = TestEnv::with(TestServer::builder().session_limit(1)).await;
    let (old, mut events) = env.online("alice").await;
    let error = env.app.register(&name("alice")).force(false).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::SessionLimit);
    assert_eq!((error.status_code(), error.fault()), (405, Fault::Caller));
    assert!(!error.is_retryable());
    let new = env.app.register(&name("alice")).await.unwrap();
    assert_eq!(wait_for_end(&mut events).await, EndReason::Replaced);
    assert_eq!(old.ended().await, EndReason::Replaced);
    env.app.connect(&new.credentials).await.unwrap();
}

#[tokio::test]
async fn a_blocked_user_and_another_licence_key_are_refused() {
    let env = TestEnv::start().await;
    env.server.user("alice").create().unwrap();
    env.server.user("alice").admin_block(true).unwrap();
    let error = env.app.register(&name("alice")).await.unwrap_err();
    assert_eq!((error.kind(), error.status_code()), (&ErrorKind::AdminBlocked, 403));
    let other = LicenceKey::new("AnotherLicenceKey0123456789abcde").unwrap();
    let app = App::builder(other).api_base_url(&env.server.api_base_url()).build().await.unwrap();
    let error = app.register(&name("bob")).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::LicenceRefused);
}

#[tokio::test]
async fn three_metadata_values_can_be_registered_and_read_back() {
    let env = TestEnv::start().await;
    let mut request = env.app.register(&name("alice"));
    for pair in ["one", "two", "three"] {
        request = request.metadata(pair, true).unwrap();
    }
    let account = request.await.unwrap();
    let session = env.app.connect(&account.credentials).await.unwrap();
    let metadata = session.metadata().await.unwrap();
    assert_eq!(metadata.len(), 3);
    assert_eq!(metadata.value("two"), Some(&true.into()));
}

#[tokio::test]
async fn a_trial_registers_and_connects_with_unsealed_data() {
    let env = TestEnv::with(TestServer::builder().trial(true)).await;
    let account = env.app.register(&name("alice")).await.unwrap();
    assert!(account.is_trial);
    assert_eq!((env.request_count("/sandbox/register"), env.request_count("/register")), (1, 0));
    env.app.connect(&account.credentials).await.unwrap();
}

#[tokio::test]
async fn an_app_without_room_for_events_is_refused_by_the_name_of_the_argument() {
    let builder = App::builder(LicenceKey::new(LICENCE_KEY).unwrap());
    let outcome = builder.api_base_url("https://h.test").event_capacity(0).build().await;
    assert_eq!(argument(outcome.map(drop)).0, "event_capacity");
}
