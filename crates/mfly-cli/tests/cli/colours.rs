//! Escape codes: only on terminals, or where they are forced.

use crate::setup::{Folder, World, mfly, run};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

fn has_codes(text: &str) -> bool {
    text.contains('\x1b')
}

#[tokio::test]
async fn a_log_that_goes_into_a_file_has_no_escape_codes() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let ran = world.run(&["whoami", "-vv"]).await;
    assert!(ran.stderr.contains("received a response"), "{ran:?}");
    assert!(!has_codes(&ran.stderr), "{ran:?}");
}

#[tokio::test]
async fn colours_can_be_forced_and_refused() {
    let folder = Folder::new();
    for (variables, is_coloured) in [
        (&[("CLICOLOR_FORCE", "1")][..], true),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        (&[("CLICOLOR_FORCE", "")], false),
        (&[("CLICOLOR", "1")], false),
    ] {
        // Nothing listens there, so that a mark is coloured and a log is written.
        let mut command = mfly(&folder, &["doctor", "ws://127.0.0.1:9/", "-vv"]);
        command.envs(variables.iter().copied());
        let ran = run(command).await;
        assert_eq!(has_codes(&ran.stdout), is_coloured, "{variables:?}: {ran:?}");
        let mut command = mfly(&folder, &["whoami", "--dance"]);
        command.envs(variables.iter().copied());
        let ran = run(command).await;
        assert_eq!(has_codes(&ran.stderr), is_coloured, "{variables:?}: {ran:?}");
    }
}

/// The code and the text around it, as they are printed into a pipe.
async fn shown(mut login: Command) -> String {
    let mut child = login.kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut text = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        text.push_str(&line);
        text.push('\n');
        if line.starts_with("scan this") {
            break;
        }
    }
    text
}

#[tokio::test]
async fn a_code_goes_into_a_pipe_as_plain_text() {
    let world = World::new().await;
    let text = shown(world.mfly(&["qr", "login"])).await;
    assert!(text.contains('█') && !has_codes(&text), "{text}");
    let mut forced = world.mfly(&["qr", "login"]);
    forced.env("CLICOLOR_FORCE", "1");
    assert!(has_codes(&shown(forced).await));
}

/// The program `script` makes the terminal.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_terminal_that_knows_no_colours_gets_none() {
    let folder = Folder::new();
    let program = env!("CARGO_BIN_EXE_mfly");
    for (name, value, is_coloured) in [
        ("TERM", "xterm", true),
        ("TERM", "dumb", false),
        ("CLICOLOR", "0", false),
        ("NO_COLOR", "1", false),
    ] {
        let mut command = Command::new("script");
        command
            .args(["-qec", &format!("{program} doctor ws://127.0.0.1:9/ -vv")])
            .arg("/dev/null")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("MFLY_CONFIG_DIR", folder.path())
            .env("TERM", "xterm")
            .env(name, value)
            .stdin(std::process::Stdio::null());
        let ran = run(command).await;
        assert!(ran.stdout.contains("tcp"), "{ran:?}");
        assert_eq!(has_codes(&ran.stdout), is_coloured, "{name}={value}: {ran:?}");
    }
}
