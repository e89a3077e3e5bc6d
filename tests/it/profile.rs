//! Reading and changing profiles.

use mfly_client::{
    ErrorKind, Event, Events, Field, Profile, ProfileFields, ProfileImage, ProfileUpdate, Quirks,
    Session,
};
use mfly_tests::env::{refused_status, user};
use mfly_tests::stub::success;
use mfly_tests::{ScriptedServer, TestEnv, argument, both, expect_event, kind, within};
use mfly_testserver::UserProfile;
use serde_json::json;

fn bob() -> UserProfile {
    UserProfile {
        nick_name: "Bob".to_owned(),
        email: "bob@example.com".to_owned(),
        mobile_number: "15550100".to_owned(),
        status: "Hey & <hello>".to_owned(),
        image: "img.tok".to_owned(),
        thumb_image: "thumb.tok".to_owned(),
    }
}

/// A server on which `bob` is connected and has a profile.
async fn online_bob() -> (TestEnv, Session) {
    let env = TestEnv::start().await;
    let session = env.connect("bob").await;
    env.server.user("bob").set_profile(bob()).unwrap();
    (env, session)
}

fn fields(email: &str) -> ProfileFields {
    ProfileFields {
        nick_name: "Alice".to_owned(),
        status: "Here".to_owned(),
        mobile_number: "15550101".to_owned(),
        email: email.to_owned(),
        image: None,
    }
}

fn image_file(content_type: &str, bytes: Vec<u8>) -> ProfileImage {
    let (name, content_type) = ("me.png".to_owned(), content_type.to_owned());
    ProfileImage::File { name, content_type, bytes: bytes.into() }
}

/// Waits for the changed profile of a user, and whether it is the own one.
async fn wait_for_change(env: &TestEnv, events: &mut Events, id: &str) -> (Profile, bool) {
    let sender = env.address(id);
    expect_event!(
        events,
        Event::ProfileChanged { user, profile: Some(profile), own } if *user == sender =>
            (profile.clone(), *own)
    )
}

#[tokio::test]
async fn a_profile_that_was_read_is_opened_and_an_event() {
    let env = TestEnv::start().await;
    let (session, mut events) = env.online("alice").await;
    env.register("bob").await;
    env.server.user("bob").set_profile(bob()).unwrap();
    let bobs = session.profile(&user("bob")).await.unwrap();
    assert_eq!((&bobs.user, bobs.is_admin_blocked), (&user("bob"), Some(false)));
    assert!(bobs.undecryptable().is_empty());
    // Observed: Web SDK 4.25.10, after `getUserProfile`.
    let recorded = json!({
        "userId": "bob", "nickName": "Bob", "email": "bob@example.com",
        "mobileNumber": "15550100", "image": "img.tok", "thumbImage": "thumb.tok",
        "status": "Hey & <hello>", "isAdminBlocked": false, "fromUser": "bob",
    });
    assert_eq!(bobs.official(), recorded);
    let own = session.own_profile().await.unwrap();
    assert_eq!((own.nick_name.as_str(), own.status.as_str()), ("", ""), "of a new account");

    let mut read = env.drain("alice", &mut events).await;
    read.retain(|event| matches!(event, Event::ProfileRead { .. } | Event::ProfileChanged { .. }));
    let expected = |user: &str, profile: Profile, own| Event::ProfileRead {
        user: env.address(user),
        profile,
        own,
    };
    assert_eq!(read, [expected("bob", bobs, false), expected("alice", own, true)]);
    let [call] = &read[0].official()[..] else { panic!("one call") };
    assert_eq!((call.listener, &call.payload), ("userProfileListener", &recorded));
    env.server.user("bob").admin_block(true).unwrap();
    let blocked = session.profile(&env.address("bob")).await.unwrap();
    assert_eq!(blocked.is_admin_blocked, Some(true));
}

#[tokio::test]
async fn a_failed_read_and_the_read_of_an_update_are_no_events() {
    let env = TestEnv::start().await;
    let (session, mut events) = env.online("alice").await;
    let error = session.profile(&user("nobody")).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::UserNotAvailable);
    assert_eq!(error.official(), json!({"statusCode": 400, "message": "User not available"}));
    let update = ProfileUpdate::new().status("New").email("a@example.com");
    session.update_profile(update).await.unwrap();
    let drained = env.drain("alice", &mut events).await;
    assert!(!drained.iter().any(|event| matches!(event, Event::ProfileRead { .. })), "{drained:?}");
}

#[tokio::test]
async fn a_field_that_was_stored_unsealed_is_named() {
    let (server, session, _events, _peer) = ScriptedServer::connected().await;
    server.backend.prepare(
        "/contacts/vcard",
        success(json!({"userId": "u2", "nickName": "Plain", "email": "", "mobileNumber": ""})),
    );
    let profile = session.profile(&user("u2")).await.unwrap();
    assert_eq!(profile.nick_name, "Plain");
    assert_eq!(profile.undecryptable(), [Field::NickName]);
    let sent = server.backend.sent().pop().unwrap();
    assert_eq!((sent.path.as_str(), sent.query.as_str()), ("/contacts/vcard", "userId=u2"));
}

#[tokio::test]
async fn set_profile_replaces_all_fields() {
    let (env, session) = TestEnv::alice_settled().await;
    session.set_profile(&fields("alice@example.com")).await.unwrap();
    let frames = env.server.journal().frames_from("alice");
    for private in ["Alice", "15550101", "alice@example.com"] {
        assert!(!frames[0].text.contains(private), "not sealed: {}", frames[0].text);
    }
    let only_name = ProfileFields { nick_name: "Al".to_owned(), ..ProfileFields::default() };
    session.set_profile(&only_name).await.unwrap();
    let stored = env.server.user("alice").profile().unwrap();
    assert_eq!(stored, UserProfile { nick_name: "Al".to_owned(), ..UserProfile::default() });
}

#[tokio::test]
async fn a_status_that_xml_cannot_hold_is_refused_and_nothing_is_stored() {
    let (env, session) = online_bob().await;
    for text in ["a\u{1b}b", "\0", "a\u{FFFF}"] {
        let change = ProfileUpdate::new().status(text);
        assert_eq!(argument(session.update_profile(change).await).0, "status");
    }
    assert_eq!(env.server.user("bob").profile().unwrap(), bob());
}

#[tokio::test]
async fn a_partial_change_keeps_the_other_fields() {
    let (env, session) = online_bob().await;
    session.update_profile(ProfileUpdate::new().status("Away")).await.unwrap();
    let stored = env.server.user("bob").profile().unwrap();
    let away = UserProfile { status: "Away".to_owned(), ..bob() };
    assert_eq!(stored, away);
    let update = ProfileUpdate::new().nick_name("Robert").email("").mobile_number("1");
    session.update_profile(update).await.unwrap();
    let stored = env.server.user("bob").profile().unwrap();
    let expected = UserProfile {
        nick_name: "Robert".to_owned(),
        email: String::new(),
        mobile_number: "1".to_owned(),
        ..away
    };
    assert_eq!(stored, expected);
}

#[tokio::test]
async fn concurrent_changes_of_different_fields_are_all_stored() {
    let (_env, session) = TestEnv::alice().await;
    let image = ProfileImage::Url("https://i.test/a.png".to_owned());
    let changes = [
        ProfileUpdate::new().nick_name("Alice"),
        ProfileUpdate::new().status("Here"),
        ProfileUpdate::new().email("alice@example.com"),
        ProfileUpdate::new().image(image),
    ];
    let changes = changes.map(|change| session.update_profile(change));
    within("all changes", futures_util::future::try_join_all(changes)).await.unwrap();
    let profile = session.own_profile().await.unwrap();
    assert_eq!((profile.nick_name.as_str(), profile.status.as_str()), ("Alice", "Here"));
    assert_eq!(profile.email, "alice@example.com");
    assert_eq!(profile.image, "https://i.test/a.png");
}

#[tokio::test]
async fn a_file_becomes_the_image_and_can_be_removed_again() {
    let (_env, session) = TestEnv::alice().await;
    session.update_profile(ProfileUpdate::new().nick_name("Alice")).await.unwrap();
    let stored = session.set_profile_image(image_file("image/png", vec![7; 1000])).await.unwrap();
    assert!(!stored.image.is_empty() && !stored.thumb_image.is_empty());
    let profile = session.own_profile().await.unwrap();
    assert_eq!((&profile.image, &profile.thumb_image), (&stored.image, &stored.thumb_image));
    assert_eq!(profile.nick_name, "Alice");
    session.remove_profile_image().await.unwrap();
    let profile = session.own_profile().await.unwrap();
    assert_eq!((profile.image.as_str(), profile.thumb_image.as_str()), ("", ""));
    assert_eq!(profile.nick_name, "Alice");
}

#[tokio::test]
async fn a_failed_upload_leaves_the_profile_unchanged() {
    let (env, session) = online_bob().await;
    env.server.fault().request("/media/").refuse(500, "no room");
    let outcome = session.set_profile_image(image_file("image/png", vec![7; 10])).await;
    assert_eq!(refused_status(outcome), 500);
    assert_eq!(env.server.user("bob").profile().unwrap(), bob());
}

#[tokio::test]
async fn an_invalid_email_or_image_is_refused_and_nothing_is_sent() {
    let (env, session) = TestEnv::alice_settled().await;
    let refused = ("email", "email is not valid or required".to_owned());
    for email in ["bad", "a@b", "a@b.toolonglabel"] {
        assert_eq!(argument(session.set_profile(&fields(email)).await), refused, "{email}");
        let update = ProfileUpdate::new().email(email);
        assert_eq!(argument(session.update_profile(update).await), refused, "{email}");
    }
    for file in [image_file("image/png", vec![]), image_file("", vec![1])] {
        assert_eq!(argument(session.set_profile_image(file).await).0, "image");
    }
    env.assert_nothing_sent(&session).await;
    session.set_profile(&fields("a+b@b-c.org")).await.unwrap();
}

#[tokio::test]
async fn with_the_quirk_an_email_is_required() {
    let env = TestEnv::start().await;
    let mut quirks = Quirks::default();
    quirks.email_required = true;
    let session = env.alice_of(|app| app.quirks(quirks)).await;
    assert_eq!(argument(session.set_profile(&fields("")).await).0, "email");
}

#[tokio::test]
async fn a_change_is_an_event_of_contacts_and_of_the_own_other_sessions() {
    let env = TestEnv::start().await;
    let (_bob, mut bobs) = env.online("bob").await;
    let (_other, mut others) = env.online("alice").await;
    let session = env.connect("alice").await;
    session.set_profile(&fields("alice@example.com")).await.unwrap();
    for (events, is_own) in [(&mut bobs, false), (&mut others, true)] {
        let (profile, own) = wait_for_change(&env, events, "alice").await;
        let (name, email) = (profile.nick_name.as_str(), profile.email.as_str());
        assert_eq!((name, email, own), ("Alice", "alice@example.com", is_own));
        assert_eq!(profile.is_admin_blocked, None, "the push does not carry it");
    }
}

#[tokio::test]
async fn a_refused_profile_is_an_error_with_the_servers_condition() {
    let (_server, session, _events, mut peer) = ScriptedServer::connected().await;
    let script = peer.refuse_next("vcard-temp", "wait", "resource-constraint");
    let (outcome, ()) = both(session.set_profile(&fields("")), script).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RequestRefused(_)), "{error:?}");
    assert!(error.is_retryable());
    assert_eq!(error.official(), json!({"statusCode": 500, "message": "Request Failed"}));
}

#[tokio::test]
async fn an_answer_with_another_profile_is_not_a_success() {
    let (_server, session, _events, mut peer) = ScriptedServer::connected().await;
    let other = r#"<vCard xmlns="vcard-temp"><nickName/><status>Other</status></vCard>"#;
    let script = peer.answer_next("vcard-temp", other);
    let (outcome, ()) = both(session.set_profile(&fields("")), script).await;
    assert_eq!(kind(outcome), ErrorKind::UnexpectedAnswer);
}
