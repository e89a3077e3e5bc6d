//! Passwords, tokens and licence keys are printed only where they were asked for.

use crate::setup::{Folder, Ran, World, mfly, run};

fn assert_silent_about(secret: &str, ran: &Ran, what: &str) {
    assert!(!secret.is_empty());
    assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{what}: {ran:?}");
}

#[tokio::test]
async fn registering_prints_the_password_only_when_asked_to() {
    let world = World::new().await;
    let ran = world.run(&["register", "alice"]).await;
    assert_silent_about(&world.password("alice"), &ran, "register");
    let ran = world.run(&["register", "alice", "--show-password"]).await;
    assert!(ran.stdout.contains(&world.password("alice")), "{ran:?}");
}

#[tokio::test]
async fn no_command_prints_password_or_licence_key_not_even_verbosely() {
    let world = World::new().await;
    world.register(&["bob", "alice"]).await;
    let password = world.password("alice");
    let key = world.server.licence_key();
    let commands: &[&[&str]] = &[
        &["whoami"],
        &["profile", "get"],
        &["last-seen", "bob"],
        &["last-seen", "nobody"],
        &["blocked"],
        &["features"],
        &["whoami", "--user", "nobody"],
        &["token", "get"],
    ];
    for arguments in commands {
        for format in [&["-vvv"][..], &["-vvv", "--json"]] {
            let ran = world.run(&[*arguments, format].concat()).await;
            assert_silent_about(&password, &ran, &format!("{arguments:?}"));
            assert_silent_about(key.expose(), &ran, &format!("{arguments:?}"));
        }
    }
}

#[tokio::test]
async fn help_does_not_show_secrets_of_the_environment() {
    let world = World::new().await;
    let ran = world.run(&["whoami", "--help"]).await;
    assert_eq!(ran.code, 0);
    assert_silent_about(world.server.licence_key().expose(), &ran, "--help");
}

#[tokio::test]
async fn refused_credentials_are_not_repeated() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let password = world.password("alice");
    world.server.user("alice").delete().unwrap();
    let ran = world.run(&["whoami", "-vvv"]).await;
    assert_eq!(ran.code, 4);
    assert_silent_about(&password, &ran, "whoami");
}

#[tokio::test]
async fn a_secret_of_the_wrong_form_is_refused_without_repeating_it() {
    let folder = Folder::new();
    let secret = "hunter2-hunter2";
    let broken = format!("{secret}\r");
    let cases: &[&[&str]] = &[
        &["whoami", "--licence-key", &broken],
        &["media", "get", "token", "-o", "x", "--key", secret],
        &["token", "set", secret],
        &["token", "hunter2-hunter2-hunter2"],
        &["whoami", "hunter2-hunter2"],
        &["whoami", "--pasword=hunter2-hunter2"],
    ];
    for arguments in cases {
        for format in [&[][..], &["--json"]] {
            let ran = run(mfly(&folder, &[arguments, format].concat())).await;
            assert_eq!(ran.code, 2, "{ran:?}");
            assert_silent_about(secret, &ran, &format!("{arguments:?}"));
        }
    }
    for (variable, arguments, flag) in [
        ("MFLY_LICENCE_KEY", &["whoami"][..], "--licence-key"),
        ("MFLY_FILE_KEY", &["media", "get", "token", "-o", "x"], "--key"),
    ] {
        let mut command = mfly(&folder, arguments);
        command.env(variable, &broken);
        let ran = run(command).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(flag), "{ran:?}");
        assert_silent_about(secret, &ran, variable);
    }
}
