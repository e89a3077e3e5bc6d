//! Registering, which account is used, and how an account ends.

use crate::setup::{Folder, World, mfly, run};

#[tokio::test]
async fn a_registered_user_is_used_by_the_commands_that_follow() {
    let world = World::new().await;
    let registered = world.result(&["register", "alice"]).await;
    assert_eq!(registered["userJid"], "alice@localhost");
    // Neither server nor licence key is named any more: both were saved.
    let ran = run(mfly(&world.folder, &["whoami", "--json"])).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.object()["result"]["userJid"], "alice@localhost");
}

#[tokio::test]
async fn a_flag_goes_before_the_environment_and_the_environment_before_what_is_saved() {
    let world = World::new().await;
    world.register(&["alice", "bob", "carol"]).await;
    assert_eq!(world.result(&["whoami"]).await["userJid"], "carol@localhost");
    let mut command = world.mfly(&["whoami", "--json"]);
    command.env("MFLY_USER", "bob");
    assert_eq!(run(command).await.object()["result"]["userJid"], "bob@localhost");
    let mut command = world.mfly(&["whoami", "--json", "--user", "alice"]);
    command.env("MFLY_USER", "bob");
    assert_eq!(run(command).await.object()["result"]["userJid"], "alice@localhost");
}

#[tokio::test]
async fn a_password_of_the_environment_serves_an_account_that_is_not_saved() {
    let world = World::new().await;
    let account = world.server.user("alice").register().unwrap();
    let mut command = world.mfly(&["whoami", "--json", "--user", "alice"]);
    command.env("MFLY_PASSWORD", account.password.expose());
    let ran = run(command).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!world.folder.file("config/profiles.json").exists());
}

#[tokio::test]
async fn an_account_of_one_server_is_not_used_with_another() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let other = World::new().await;
    let url = other.server.api_base_url();
    let ran = world.run(&["whoami", "--user", "alice", "--api-url", &url]).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stderr.contains("mfly register"), "{}", ran.stderr);
    assert!(other.server.journal().requests().is_empty());
}

#[tokio::test]
async fn metadata_given_at_registration_is_stored_with_its_types() {
    let world = World::new().await;
    world.result(&["register", "alice", "--metadata", "team=blue", "--metadata", "level=3"]).await;
    let metadata = world.result(&["metadata", "get"]).await;
    assert_eq!(metadata, serde_json::json!({"team": "blue", "level": 3}));
    let replaced = world.result(&["metadata", "set", "team=red"]).await;
    assert_eq!(replaced, serde_json::json!({"team": "red"}));
}

#[tokio::test]
async fn a_trial_licence_registers_and_connects() {
    let world = World::with(mfly_testserver::TestServer::builder().trial(true)).await;
    let registered = world.result(&["register", "alice", "--trial"]).await;
    assert_eq!(registered["isSandbox"], true);
    // That it is a trial was saved.
    assert_eq!(world.result(&["whoami"]).await["userJid"], "alice@localhost");
}

#[tokio::test]
async fn logging_out_forgets_the_account() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    assert_eq!(world.result(&["logout"]).await["serverTold"], true);
    assert_eq!(world.run(&["whoami"]).await.code, 4);
}

#[tokio::test]
async fn an_account_is_deleted_only_when_that_is_confirmed() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let ran = world.run(&["delete-account", "--reason", "done"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("--yes"), "{}", ran.stderr);
    assert!(world.server.user("alice").exists());

    world.result(&["delete-account", "--reason", "done", "--yes"]).await;
    assert!(!world.server.user("alice").exists());
    assert_eq!(world.run(&["whoami"]).await.code, 4);
}

#[cfg(unix)]
#[tokio::test]
async fn the_saved_passwords_can_be_read_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new().await;
    world.register(&["alice"]).await;
    let path = world.folder.file("config/profiles.json");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let ran = world.run(&["whoami"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("chmod 600"), "{}", ran.stderr);
}

#[tokio::test]
async fn two_registrations_at_once_are_both_saved() {
    let world = World::new().await;
    let (alice, bob) =
        tokio::join!(world.run(&["register", "alice"]), world.run(&["register", "bob"]));
    assert_eq!((alice.code, bob.code), (0, 0), "{alice:?} {bob:?}");
    for user in ["alice", "bob"] {
        assert_eq!(world.run(&["whoami", "--user", user]).await.code, 0, "{user}");
    }
}

#[tokio::test]
async fn a_named_profile_is_used_by_its_name() {
    let world = World::new().await;
    world.result(&["register", "alice", "--profile", "work"]).await;
    let folder: &Folder = &world.folder;
    let ran = run(mfly(folder, &["whoami", "--profile", "work", "--json"])).await;
    assert_eq!(ran.object()["result"]["profile"], "work");
    let ran = run(mfly(folder, &["whoami", "--profile", "play"])).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("saved are: work"), "{}", ran.stderr);
}

#[cfg(unix)]
#[tokio::test]
async fn no_request_is_sent_when_the_account_could_not_be_saved() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let password = world.password("alice");
    // A folder of that name keeps every user from saving, the administrator included.
    std::fs::create_dir(world.folder.file("config/profiles.json.new")).unwrap();
    world.server.journal().clear();
    for arguments in [
        &["register", "bob"][..],
        &["register", "alice"],
        &["qr", "login"],
        &["logout"],
        &["delete-account", "--reason", "done", "--yes"],
    ] {
        let ran = world.run(arguments).await;
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains("profiles.json"), "{ran:?}");
        assert!(ran.stderr.contains("MFLY_CONFIG_DIR"), "{ran:?}");
    }
    assert!(world.server.journal().entries().is_empty());
    assert!(!world.server.user("bob").exists());
    assert_eq!(world.password("alice"), password);
}

#[tokio::test]
async fn a_locked_store_is_waited_for_before_any_request() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    world.server.journal().clear();
    let lock = std::fs::File::options()
        .write(true)
        .open(world.folder.file("config/profiles.lock"))
        .unwrap();
    lock.lock().unwrap();
    let ran = world.run(&["register", "bob", "--timeout", "0.2"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("in use by another process"), "{ran:?}");
    assert!(!world.server.user("bob").exists());

    let waiting = world.run(&["register", "bob"]);
    let (ran, ()) = tokio::join!(waiting, async { lock.unlock().unwrap() });
    assert_eq!(ran.code, 0, "{ran:?}");
}
