//! The operations as sub-commands.

use crate::setup::World;
use serde_json::json;

#[tokio::test]
async fn changing_one_field_of_the_profile_keeps_the_others() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let set = ["profile", "set", "--nick-name", "Alice", "--email", "alice@example.com"];
    world.result(&set).await;
    let profile = world.result(&["profile", "set", "--status", "At work"]).await;
    assert_eq!(profile["nickName"], "Alice");
    assert_eq!(world.result(&["profile", "get"]).await, profile);

    let replaced = world.result(&["profile", "set", "--nick-name", "A", "--replace"]).await;
    assert_eq!((&replaced["status"], &replaced["email"]), (&json!(""), &json!("")));
}

#[tokio::test]
async fn another_users_profile_is_read_by_id_or_address() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    world.result(&["profile", "set", "--nick-name", "Alice"]).await;
    world.register(&["bob"]).await;
    for name in ["alice", "alice@localhost"] {
        assert_eq!(world.result(&["profile", "get", name]).await["nickName"], "Alice", "{name}");
    }
    let shown = world.run(&["profile", "get", "alice"]).await.stdout;
    assert!(shown.contains("nick name      Alice\n"), "{shown}");
}

#[tokio::test]
async fn the_image_can_be_a_file_an_address_or_nothing() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let file = world.folder.file("me.png");
    std::fs::write(&file, b"not really a picture").unwrap();
    let stored = world.result(&["profile", "image", file.to_str().unwrap()]).await;
    let token = stored["fileToken"].as_str().unwrap();
    assert_eq!(world.server.user("alice").profile().unwrap().image, token);

    world.result(&["profile", "image", "--url", "https://example.test/a.png"]).await;
    let image = world.server.user("alice").profile().unwrap().image;
    assert_eq!(image, "https://example.test/a.png");

    world.result(&["profile", "image", "--remove"]).await;
    assert_eq!(world.server.user("alice").profile().unwrap().image, "");
}

#[tokio::test]
async fn a_user_that_left_was_online_a_moment_ago() {
    let world = World::new().await;
    world.register(&["bob"]).await;
    world.result(&["whoami"]).await;
    world.register(&["alice"]).await;
    let seen = world.result(&["last-seen", "bob"]).await;
    assert_eq!(seen["fromUserJid"], "bob@localhost");
    assert!(seen["seconds"].as_u64().unwrap() >= 1, "{seen}");
    let said = world.run(&["last-seen", "bob"]).await.stdout;
    assert!(said.starts_with("bob was online ") && said.ends_with(" ago\n"), "{said}");
}

#[tokio::test]
async fn a_blocked_user_is_listed_until_unblocked() {
    let world = World::new().await;
    world.register(&["bob", "alice"]).await;
    assert_eq!(world.result(&["blocked"]).await, json!([]));
    world.result(&["block", "bob"]).await;
    assert_eq!(world.result(&["blocked"]).await, json!([{"jid": "bob@localhost"}]));
    let by = world.result(&["blocked-by", "--user", "bob"]).await;
    assert_eq!(by, json!([{"jid": "alice@localhost"}]));
    world.result(&["unblock", "bob@localhost"]).await;
    assert_eq!(world.run(&["blocked"]).await.stdout, "nobody is blocked\n");
}

#[tokio::test]
async fn a_token_is_printed_saved_used_and_forgotten() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let token = world.run(&["token", "get"]).await.stdout.trim().to_owned();
    assert_eq!(token.split('.').count(), 3, "{token}");

    let ran = world.run_with_input(&["token", "set"], &format!("{token}\n")).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(world.saved().contains(&token));
    assert_eq!(world.run(&["profile", "get"]).await.code, 0);

    assert_eq!(world.run(&["token", "forget"]).await.code, 0);
    assert!(!world.saved().contains(&token));
}

#[tokio::test]
async fn an_expired_saved_token_is_replaced_without_a_word() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let token = world.run(&["token", "get"]).await.stdout;
    world.run_with_input(&["token", "set"], &token).await;
    world.server.user("alice").expire_tokens().unwrap();
    let ran = world.run(&["profile", "get"]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[tokio::test]
async fn feedback_and_reports_reach_the_server() {
    let world = World::new().await;
    world.register(&["bob", "alice"]).await;
    world.result(&["feedback", "Title", "It works"]).await;
    assert_eq!(world.server.journal().requests_to("/moderation/feedback").len(), 1);

    let message = ["--message", "unkind words", "--message-id", "m1"];
    world.result(&[&["report", "bob"][..], &message].concat()).await;
    let group = ["report", "--group", "g1@mix.localhost", "--publisher", "bob"];
    world.result(&[&group[..], &message].concat()).await;
    let reports = world.server.journal().requests_to("/moderation/report");
    assert_eq!(reports.iter().map(|report| report.status).collect::<Vec<_>>(), [Some(200); 2]);
}

#[tokio::test]
async fn contacts_settings_and_features_are_shown() {
    let world = World::new().await;
    world.register(&["bob", "alice"]).await;
    assert_eq!(world.result(&["friends"]).await["users"][0]["userJid"], "bob@localhost");
    assert_eq!(world.result(&["settings", "get"]).await, json!({"archive": 0}));
    world.result(&["settings", "set", "--archive", "true"]).await;
    assert_eq!(world.result(&["settings", "get"]).await, json!({"archive": 1}));
    assert_eq!(world.result(&["features"]).await["isBlockEnabled"], true);
}
