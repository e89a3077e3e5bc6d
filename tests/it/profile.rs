//! Profiles.

use mfly_client::{
    Error, ErrorKind, Event, Field, Profile, ProfileFields, ProfileImage, ProfileUpdate, Quirks,
};
use mfly_proto::cipher::{Iv, ProfileCipher};
use mfly_tests::env::user;
use mfly_tests::stub::{PROFILE_IV, success};
use mfly_tests::{ScriptedServer, TestEnv, argument, expect_event, kind, within};
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

fn fields(email: &str) -> ProfileFields {
    ProfileFields {
        nick_name: "Alice".to_owned(),
        status: "Here".to_owned(),
        mobile_number: "15550101".to_owned(),
        email: email.to_owned(),
        image: None,
    }
}

/// The content of the change notice about `who`.
async fn changed(env: &TestEnv, events: &mut mfly_client::Events, who: &str) -> (Profile, bool) {
    let who = env.address(who);
    expect_event(events, "change of the profile", |event| match event {
        Event::ProfileChanged { user, profile: Some(profile), own } if *user == who => {
            Some((profile.clone(), *own))
        }
        _ => None,
    })
    .await
}

#[tokio::test]
async fn who_reads_a_profile_is_told_of_it_as_the_official_listener_is() {
    let env = TestEnv::start().await;
    let (session, mut events) = env.online("alice").await;
    env.register("bob").await;
    env.server.user("bob").set_profile(bob()).unwrap();
    let bobs = session.profile(&user("bob")).await.unwrap();
    let own = session.own_profile().await.unwrap();
    let told: Vec<Event> = env
        .told("alice", &mut events)
        .await
        .into_iter()
        .filter(|event| matches!(event, Event::ProfileRead { .. } | Event::ProfileChanged { .. }))
        .collect();
    let read = |user: &str, profile: Profile, own| Event::ProfileRead {
        user: env.address(user),
        profile,
        own,
    };
    assert_eq!(told, [read("bob", bobs, false), read("alice", own, true)]);
    let [call] = &told[0].official()[..] else {
        panic!("one call");
    };
    assert_eq!(call.listener, "userProfileListener");
    // Observed: Web SDK 4.25.10, after `getUserProfile`.
    let recorded = json!({
        "userId": "bob", "nickName": "Bob", "email": "bob@example.com",
        "mobileNumber": "15550100", "image": "img.tok", "thumbImage": "thumb.tok",
        "status": "Hey & <hello>", "isAdminBlocked": false, "fromUser": "bob",
    });
    assert_eq!(call.payload, recorded);
}

#[tokio::test]
async fn a_read_that_fails_or_that_an_update_makes_is_not_told() {
    let env = TestEnv::start().await;
    let (session, mut events) = env.online("alice").await;
    session.profile(&user("nobody")).await.unwrap_err();
    let update = ProfileUpdate::new().status("New").email("a@example.com");
    session.update_profile(update).await.unwrap();
    let told = env.told("alice", &mut events).await;
    assert!(!told.iter().any(|event| matches!(event, Event::ProfileRead { .. })), "{told:?}");
}

#[tokio::test]
async fn another_users_profile_arrives_opened() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.register("bob").await;
    env.server.user("bob").set_profile(bob()).unwrap();
    let profile = session.profile(&user("bob")).await.unwrap();
    assert_eq!(profile.user, user("bob"));
    assert_eq!(profile.nick_name, "Bob");
    assert_eq!(profile.email, "bob@example.com");
    assert_eq!(profile.mobile_number, "15550100");
    assert_eq!(profile.status, "Hey & <hello>");
    assert_eq!((profile.image.as_str(), profile.thumb_image.as_str()), ("img.tok", "thumb.tok"));
    assert_eq!(profile.is_admin_blocked, Some(false));
    assert!(profile.undecryptable().is_empty());
    assert_eq!(session.profile(&env.address("bob")).await.unwrap(), profile);
}

#[tokio::test]
async fn the_official_result_is_reproduced() {
    let server = ScriptedServer::start().await;
    let (session, _events, _peer) = server.connect().await;
    let cipher = ProfileCipher::new(&user("u2"), &Iv::new(PROFILE_IV).unwrap());
    server.backend.prepare(
        "/contacts/vcard",
        success(json!({
            "userId": "u2",
            "nickName": cipher.seal("Bob"),
            "email": cipher.seal("bob@example.com"),
            "mobileNumber": cipher.seal("15550100"),
            "image": "img.tok",
            "thumbImage": "thumb.tok",
            "status": "Hey",
            "isAdminBlocked": 0,
        })),
    );
    let profile = session.profile(&user("u2")).await.unwrap();
    assert_eq!(
        profile.official(),
        json!({
            "userId": "u2", "nickName": "Bob", "email": "bob@example.com",
            "mobileNumber": "15550100", "image": "img.tok", "thumbImage": "thumb.tok",
            "status": "Hey", "isAdminBlocked": false, "fromUser": "u2",
        })
    );
    let sent = server.backend.sent().pop().unwrap();
    assert_eq!((sent.path.as_str(), sent.query.as_str()), ("/contacts/vcard", "userId=u2"));
}

#[tokio::test]
async fn a_new_account_has_an_empty_profile() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    let profile = session.own_profile().await.unwrap();
    assert_eq!((profile.nick_name.as_str(), profile.status.as_str()), ("", ""));
    assert!(profile.undecryptable().is_empty());
}

#[tokio::test]
async fn an_unknown_or_deleted_user_is_not_available() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.register("bob").await;
    env.server.user("bob").delete().unwrap();
    for name in ["nobody", "bob"] {
        let error = session.profile(&user(name)).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::UserNotAvailable, "{name}");
        assert_eq!(error.official(), json!({"statusCode": 400, "message": "User not available"}));
    }
}

#[tokio::test]
async fn an_admin_blocked_users_profile_says_so() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.register("bob").await;
    env.server.user("bob").admin_block(true).unwrap();
    let profile = session.profile(&user("bob")).await.unwrap();
    assert_eq!(profile.is_admin_blocked, Some(true));
}

#[tokio::test]
async fn a_field_that_was_stored_unsealed_is_named() {
    let server = ScriptedServer::start().await;
    let (session, _events, _peer) = server.connect().await;
    server.backend.prepare(
        "/contacts/vcard",
        success(json!({"userId": "u2", "nickName": "Plain", "email": "", "mobileNumber": ""})),
    );
    let profile = session.profile(&user("u2")).await.unwrap();
    assert_eq!(profile.nick_name, "Plain");
    assert_eq!(profile.undecryptable(), [Field::NickName]);
}

#[tokio::test]
async fn setting_the_profile_replaces_all_of_it() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    session.set_profile(&fields("alice@example.com")).await.unwrap();
    let only_name = ProfileFields { nick_name: "Al".to_owned(), ..ProfileFields::default() };
    session.set_profile(&only_name).await.unwrap();
    let stored = env.server.user("alice").profile().unwrap();
    assert_eq!(stored, UserProfile { nick_name: "Al".to_owned(), ..UserProfile::default() });
}

#[tokio::test]
async fn private_fields_are_sealed_on_the_wire_and_the_others_are_not() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.settle(&session).await;
    session.set_profile(&fields("alice@example.com")).await.unwrap();
    let frames = env.server.journal().frames_from("alice");
    let set = &frames[0].text;
    for hidden in ["Alice", "15550101", "alice@example.com"] {
        assert!(!set.contains(hidden), "{set}");
    }
    let order =
        ["<nickName>", "<image", "<thumbImage", "<email>", "<mobileNumber>", "<status>Here"];
    let places: Vec<_> = order
        .iter()
        .map(|part| set.find(part).unwrap_or_else(|| panic!("{part} in {set}")))
        .collect();
    assert!(places.is_sorted(), "{set}");
    assert!(!set.contains(" to="), "{set}");
}

#[tokio::test]
async fn a_status_that_xml_cannot_hold_is_refused_and_nothing_is_stored() {
    let env = TestEnv::start().await;
    let session = env.connect("bob").await;
    env.server.user("bob").set_profile(bob()).unwrap();
    for text in ["a\u{1b}b", "\0", "a\u{FFFF}"] {
        let change = ProfileUpdate::new().status(text);
        assert_eq!(argument(session.update_profile(change).await).0, "status");
    }
    assert_eq!(env.server.user("bob").profile().unwrap(), bob());
}

#[tokio::test]
async fn a_partial_change_keeps_the_other_fields() {
    let env = TestEnv::start().await;
    let session = env.connect("bob").await;
    env.server.user("bob").set_profile(bob()).unwrap();
    session.update_profile(ProfileUpdate::new().status("Away")).await.unwrap();
    let stored = env.server.user("bob").profile().unwrap();
    assert_eq!(stored, UserProfile { status: "Away".to_owned(), ..bob() });
    let update = ProfileUpdate::new().nick_name("Robert").email("").mobile_number("1");
    session.update_profile(update).await.unwrap();
    let stored = env.server.user("bob").profile().unwrap();
    assert_eq!(
        stored,
        UserProfile {
            nick_name: "Robert".to_owned(),
            email: String::new(),
            mobile_number: "1".to_owned(),
            status: "Away".to_owned(),
            ..bob()
        }
    );
}

#[tokio::test]
async fn changes_of_different_fields_at_the_same_time_do_not_lose_each_other() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    let change = |update| {
        let session = session.clone();
        async move { session.update_profile(update).await }
    };
    let (a, b, c, d) = within("four changes", async {
        tokio::join!(
            change(ProfileUpdate::new().nick_name("Alice")),
            change(ProfileUpdate::new().status("Here")),
            change(ProfileUpdate::new().email("alice@example.com")),
            change(
                ProfileUpdate::new().image(ProfileImage::Url("https://i.test/a.png".to_owned()))
            ),
        )
    })
    .await;
    a.and(b).and(c).and(d).unwrap();
    let profile = session.own_profile().await.unwrap();
    assert_eq!(profile.nick_name, "Alice");
    assert_eq!(profile.status, "Here");
    assert_eq!(profile.email, "alice@example.com");
    assert_eq!(profile.image, "https://i.test/a.png");
}

#[tokio::test]
async fn a_file_becomes_the_image_and_can_be_removed_again() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    session.update_profile(ProfileUpdate::new().nick_name("Alice")).await.unwrap();
    let file = ProfileImage::File {
        name: "me.png".to_owned(),
        content_type: "image/png".to_owned(),
        bytes: vec![7; 1000].into(),
    };
    let stored = session.set_profile_image(file).await.unwrap();
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
async fn a_failed_upload_leaves_the_profile_as_it_was() {
    let env = TestEnv::start().await;
    let session = env.connect("bob").await;
    env.server.user("bob").set_profile(bob()).unwrap();
    env.server.fault().request("/media/").refuse(500, "no room");
    let file = ProfileImage::File {
        name: "me.png".to_owned(),
        content_type: "image/png".to_owned(),
        bytes: vec![7; 10].into(),
    };
    let error = kind(session.set_profile_image(file).await);
    assert!(matches!(error, ErrorKind::Refused { status: 500, .. }), "{error:?}");
    assert_eq!(env.server.user("bob").profile().unwrap(), bob());
}

#[tokio::test]
async fn an_email_of_another_form_is_refused_and_nothing_is_sent() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.settle(&session).await;
    let refused = ("email", "email is not valid or required".to_owned());
    for email in ["bad", "a@b", "a b@c.de", "@c.de", "a@b.toolonglabel", "a@.de"] {
        assert_eq!(argument(session.set_profile(&fields(email)).await), refused, "{email}");
        let update = ProfileUpdate::new().email(email);
        assert_eq!(argument(session.update_profile(update).await), refused, "{email}");
    }
    env.assert_nothing_sent(&session).await;
    session.set_profile(&fields("a+b@b-c.org")).await.unwrap();
}

#[tokio::test]
async fn the_official_rule_that_an_email_is_required_can_be_chosen() {
    let env = TestEnv::start().await;
    let mut quirks = Quirks::default();
    quirks.email_required = true;
    let app = TestEnv::app_of(&env.server).quirks(quirks).build().await.unwrap();
    let session = app.connect(&env.register("alice").await).await.unwrap();
    assert_eq!(argument(session.set_profile(&fields("")).await).0, "email");
}

#[tokio::test]
async fn an_empty_image_is_refused_and_nothing_is_sent() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.settle(&session).await;
    for (content_type, bytes) in [("image/png", vec![]), ("", vec![1])] {
        let file = ProfileImage::File {
            name: "me.png".to_owned(),
            content_type: content_type.to_owned(),
            bytes: bytes.into(),
        };
        assert_eq!(argument(session.set_profile_image(file).await).0, "image");
    }
    env.assert_nothing_sent(&session).await;
}

#[tokio::test]
async fn a_change_is_told_to_contacts_and_to_the_own_other_sessions() {
    let env = TestEnv::start().await;
    let (_bob, mut bobs) = env.online("bob").await;
    let (_other, mut others) = env.online("alice").await;
    let session = env.connect("alice").await;
    session.set_profile(&fields("alice@example.com")).await.unwrap();
    let (profile, own) = changed(&env, &mut bobs, "alice").await;
    assert_eq!(
        (profile.nick_name.as_str(), profile.email.as_str()),
        ("Alice", "alice@example.com")
    );
    assert!(!own);
    assert_eq!(profile.is_admin_blocked, None, "the notice does not say it");
    let (profile, own) = changed(&env, &mut others, "alice").await;
    assert_eq!(profile.nick_name, "Alice");
    assert!(own);
}

#[tokio::test]
async fn a_block_of_either_stops_the_notices_and_hides_the_rest_of_the_profile() {
    let env = TestEnv::start().await;
    let (bob, mut bobs) = env.online("bob").await;
    let alice = env.connect("alice").await;
    alice.set_profile(&fields("alice@example.com")).await.unwrap();
    changed(&env, &mut bobs, "alice").await;
    alice.block(&user("bob")).await.unwrap();
    alice.update_profile(ProfileUpdate::new().status("New")).await.unwrap();
    let told = env.told("bob", &mut bobs).await;
    assert!(!told.iter().any(|event| matches!(event, Event::ProfileChanged { .. })), "{told:?}");
    let seen = bob.profile(&user("alice")).await.unwrap();
    assert_eq!(seen.nick_name, "Alice");
    assert_eq!((seen.status.as_str(), seen.email.as_str()), ("", ""));
}

#[tokio::test]
async fn a_refused_profile_is_an_error_with_the_servers_condition() {
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect().await;
    let script = async {
        let id = peer.receive_request("vcard-temp").await;
        let to = peer.jid();
        peer.send(format!(
            r#"<iq xmlns="jabber:client" type="error" id="{id}" to="{to}"><error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
        ))
        .await;
    };
    let setting = fields("");
    let (outcome, ()) =
        within("the refusal", async { tokio::join!(session.set_profile(&setting), script) }).await;
    let error: Error = outcome.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RequestRefused(_)), "{error:?}");
    assert!(error.is_retryable());
    assert_eq!(error.official(), json!({"statusCode": 500, "message": "Request Failed"}));
}

#[tokio::test]
async fn an_echo_that_shows_another_profile_is_not_a_success() {
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect().await;
    let script = async {
        let id = peer.receive_request("vcard-temp").await;
        peer.answer(&id, r#"<vCard xmlns="vcard-temp"><nickName/><status>Other</status></vCard>"#)
            .await;
    };
    let setting = fields("");
    let (outcome, ()) =
        within("the echo", async { tokio::join!(session.set_profile(&setting), script) }).await;
    assert_eq!(kind(outcome), ErrorKind::UnexpectedAnswer);
}
