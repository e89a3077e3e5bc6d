//! Errors: one line, a hint, and an exit code that a script can tell apart.

use crate::doctor::servers::Server;
#[cfg(unix)]
use crate::setup::interrupt;
use crate::setup::{Folder, World, mfly, run};
use mfly_testserver::{Feature, TestServer};
use std::time::Duration;

/// The error's only line.
fn line(stderr: &str) -> &str {
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr.trim_end()
}

/// An address of this machine where nothing listens any more.
async fn nowhere() -> String {
    let server = TestServer::builder().tls(false).start().await.unwrap();
    let url = server.api_base_url();
    server.shutdown().await;
    url
}

#[tokio::test]
async fn a_server_that_does_not_run_is_exit_code_3_with_the_command_that_starts_it() {
    let folder = Folder::new();
    let url = nowhere().await;
    let arguments = ["register", "alice", "--licence-key", "key", "--api-url", &url];
    let ran = run(mfly(&folder, &arguments)).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    let start = url.replace("http://", "mfly serve --listen ").replace("/api/v1", "");
    let line = line(&ran.stderr);
    assert!(line.starts_with("error: ") && line.contains(&start), "{line}");
}

#[tokio::test]
async fn a_command_line_that_makes_no_sense_is_exit_code_2() {
    let folder = Folder::new();
    for arguments in [&["dance"][..], &["last-seen"], &["profile", "set"], &["register", "Alice"]] {
        let ran = run(mfly(&folder, arguments)).await;
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert!(ran.stderr.contains("error:"), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn an_argument_that_the_protocol_refuses_is_exit_code_2() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let ran = world.run(&["profile", "set", "--email", "not an address"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(line(&ran.stderr).contains("email"), "{}", ran.stderr);
}

#[tokio::test]
async fn void_credentials_are_exit_code_4() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    world.server.user("alice").delete().unwrap();
    let ran = world.run(&["whoami"]).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(line(&ran.stderr).contains("mfly register"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_user_blocked_by_an_administrator_is_exit_code_4() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    world.server.user("alice").admin_block(true).unwrap();
    assert_eq!(world.run(&["whoami"]).await.code, 4);
}

#[tokio::test]
async fn a_feature_that_is_not_in_the_plan_is_exit_code_5() {
    let world = World::with(TestServer::builder().disable(Feature::Block)).await;
    world.register(&["bob", "alice"]).await;
    let ran = world.run(&["block", "bob", "--json"]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (5, ""));
    let object = ran.object();
    assert_eq!(object["operation"], "blockUser");
    assert_eq!(object["ok"], false);
    assert_eq!(object["error"]["statusCode"], 403);
    assert!(object["error"]["hint"].as_str().unwrap().contains("mfly features"), "{object}");
}

#[tokio::test]
async fn an_unknown_user_is_exit_code_6() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    for arguments in [["profile", "get", "nobody"].as_slice(), &["last-seen", "nobody"]] {
        let ran = world.run(arguments).await;
        assert_eq!(ran.code, 6, "{arguments:?}: {ran:?}");
    }
}

#[tokio::test]
async fn a_missing_file_is_exit_code_6_and_nothing_is_sent() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    world.server.journal().clear();
    let ran = world.run(&["profile", "image", "no-such-file.png"]).await;
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(line(&ran.stderr).contains("no-such-file.png"), "{}", ran.stderr);
    assert!(world.server.journal().entries().is_empty());
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_exit_code_7() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    world.server.fault().request("/login").silence();
    let ran = world.run(&["whoami", "--timeout", "0.3"]).await;
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(line(&ran.stderr).contains("--timeout"), "{}", ran.stderr);
}

#[tokio::test]
async fn too_many_sessions_are_exit_code_1_with_the_way_out() {
    let world = World::with(TestServer::builder().session_limit(1)).await;
    world.register(&["alice"]).await;
    let ran = world.run(&["register", "alice", "--no-force"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(line(&ran.stderr).contains("--no-force"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_slow_answer_within_the_deadline_is_waited_for() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    world.server.fault().request("/contacts/vcard").delay(Duration::from_millis(200));
    assert_eq!(world.run(&["profile", "get"]).await.code, 0);
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_is_exit_code_130() {
    // A server that takes the connection and never says anything.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/v1", listener.local_addr().unwrap());
    let folder = Folder::new();
    let arguments = ["register", "alice", "--licence-key", "key", "--api-url", &url];
    let child = mfly(&folder, &arguments).spawn().unwrap();
    let accepted = tokio::time::timeout(Duration::from_secs(60), listener.accept()).await;
    let (_connection, _) = accepted.unwrap().unwrap();
    interrupt(&child);
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    assert!(ended.stderr.is_empty(), "{ended:?}");
}

/// Neither a pipe nor a terminal has to give anything, ever.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn ctrl_c_is_heard_while_a_file_is_read() {
    let folder = Folder::new();
    let pipe = folder.file("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let mut sender =
        tokio::net::unix::pipe::OpenOptions::new().read_write(true).open_sender(&pipe).unwrap();
    let path = pipe.to_str().unwrap();
    let child = mfly(&folder, &["media", "put", path, "--to", "bob"]).spawn().unwrap();
    // More than fits into a pipe: it is read by now, and more is waited for.
    let bytes = vec![0; 1 << 20];
    let written = tokio::io::AsyncWriteExt::write_all(&mut sender, &bytes);
    let written = tokio::time::timeout(Duration::from_secs(60), written).await;
    written.unwrap().unwrap();
    interrupt(&child);
    let ended = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output()).await;
    let ended = ended.expect("it stops reading").unwrap();
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
}

/// The only object of a run with `--json`, which has to fail with `code`.
async fn refused(world: &World, arguments: &[&str], code: i32) -> serde_json::Value {
    let ran = world.run(&[arguments, &["--json"]].concat()).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (code, ""), "{arguments:?}: {ran:?}");
    let object = ran.object();
    assert_eq!(object["ok"], false, "{object}");
    assert!(object["operation"].is_string(), "{object}");
    assert_eq!(object["error"]["exitCode"], code, "{object}");
    object
}

#[tokio::test]
async fn every_outcome_is_one_object_for_programs() {
    let world = World::new().await;
    for arguments in [
        &["dance"][..],
        &[],
        &["last-seen"],
        &["profile", "set"],
        &["whoami", "--timeout", "soon"],
        &["register", "Alice"],
        &["whoami", "--api-url", "nonsense"],
        &["doctor", "ftp://x"],
        &["media", "put"],
    ] {
        refused(&world, arguments, 2).await;
    }
    for arguments in [&["--help"][..], &["--version"], &["help", "whoami"]] {
        let ran = world.run(&[&["--json"], arguments].concat()).await;
        assert_eq!((ran.code, &ran.object()["ok"]), (0, &true.into()), "{ran:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_interruption_is_an_object_for_programs() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/v1", listener.local_addr().unwrap());
    let folder = Folder::new();
    let arguments = ["register", "alice", "--licence-key", "key", "--json"];
    let child = mfly(&folder, &[&arguments[..], &["--api-url", &url]].concat()).spawn().unwrap();
    let accepted = tokio::time::timeout(Duration::from_secs(60), listener.accept()).await;
    let (_connection, _) = accepted.unwrap().unwrap();
    interrupt(&child);
    let ended = child.wait_with_output().await.unwrap();
    let object: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(object["error"]["exitCode"], 130, "{object}");
}

#[tokio::test]
async fn a_licence_key_that_is_not_the_servers_is_exit_code_4_with_a_hint() {
    let world = World::new().await;
    for trial in [&[][..], &["--trial"]] {
        let arguments = ["register", "alice", "--licence-key", "wrong-key-0123456789"];
        let told = refused(&world, &[&arguments[..], trial].concat(), 4).await;
        let hint = told["error"]["hint"].as_str().unwrap();
        assert!(hint.contains("--licence-key"), "{told}");
    }
}

#[tokio::test]
async fn an_unknown_file_is_exit_code_6_with_a_hint() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let copy = world.folder.file("copy.bin");
    let get = ["media", "get", "no-such-token", "-o", copy.to_str().unwrap()];
    for form in [&[][..], &["--whole"]] {
        let told = refused(&world, &[&get[..], form].concat(), 6).await;
        let hint = told["error"]["hint"].as_str().unwrap();
        assert!(hint.contains("token"), "{told}");
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_exit_code_2_and_its_secrets_are_not_repeated() {
    let world = World::new().await;
    for (flag, value) in [
        ("--api-url", "nonsense"),
        ("--api-url", "https://alice:hunter2@a.example/api/v1"),
        ("--xmpp-url", "nonsense"),
        ("--xmpp-url", "wss://alice:hunter2@a.example/ws"),
        ("--proxy", "nonsense"),
    ] {
        let told = refused(&world, &["whoami", flag, value], 2).await;
        let message = told["error"]["message"].as_str().unwrap();
        assert!(message.contains(flag), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[tokio::test]
async fn a_refusal_by_its_status_has_a_hint_that_fits() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    for (status, hint) in [
        (413, "send less"),
        (429, "fewer requests"),
        (503, "trouble of its own"),
        (404, "--api-url"),
    ] {
        let fault = world.server.fault();
        fault.request("/contacts/vcard").http_status(status);
        let told = refused(&world, &["profile", "get"], 1).await;
        let said = told["error"]["hint"].as_str().unwrap();
        assert!(said.contains(hint), "{status}: {told}");
    }
}

#[tokio::test]
async fn programs_are_told_how_long_a_server_asks_to_wait() {
    let server = Server::http("503 Service Unavailable", "Retry-After: 7\r\n").await;
    let url = format!("http://{}/api/v1", server.address);
    let world = World::new().await;
    let arguments = ["register", "alice", "--licence-key", "key", "--api-url", &url];
    let told = refused(&world, &arguments, 1).await;
    assert_eq!(told["error"]["retryAfterSeconds"], 7, "{told}");
}

/// The command has names of its own, and says them once.
#[tokio::test]
async fn an_argument_is_refused_in_the_words_of_the_command() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    for (arguments, expected) in [
        (&["block", "alice"][..], "the user must be another"),
        (&["profile", "set", "--email", "x"], "--email is missing"),
        (&["feedback", "", "text"], "the title is missing"),
        (&["metadata", "set", "a=1", "b=2", "c=3", "d=4"], "the metadata: at most 3"),
        (&["qr", "approve", "hello"], "the code"),
        (&["doctor", "ftp://x"], "https://"),
        (&["whoami", "--user", "a b"], "--user"),
    ] {
        let told = refused(&world, arguments, 2).await;
        let message = told["error"]["message"].as_str().unwrap();
        assert!(message.contains(expected), "{arguments:?}: {message}");
        for foreign in ["toUserJid", "userId", "codeText", "metaData", "email: email"] {
            assert!(!message.contains(foreign), "{arguments:?}: {message}");
        }
    }
}

#[tokio::test]
async fn an_unknown_user_is_told_the_same_by_every_operation() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    for verb in [&["profile", "get"][..], &["last-seen"], &["block"], &["unblock"]] {
        let told = refused(&world, &[verb, &["nobody"]].concat(), 6).await;
        assert_eq!(told["error"]["message"], "there is no such user", "{verb:?}");
        assert!(told["error"]["hint"].is_string(), "{verb:?}");
    }
}

#[tokio::test]
async fn an_id_that_cannot_be_a_sessions_is_exit_code_2() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let told = refused(&world, &["qr", "end", "xyz"], 2).await;
    let message = told["error"]["message"].as_str().unwrap();
    assert!(message.contains("mfly qr approve"), "{message}");
}
