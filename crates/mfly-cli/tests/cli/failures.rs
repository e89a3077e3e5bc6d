//! Errors: one line, a hint, and an exit code that a script can tell apart.

use crate::doctor::servers::Server;
#[cfg(unix)]
use crate::setup::interrupt;
use crate::setup::{Folder, World, mfly, run};
use mfly_testserver::{Feature, TestServer};
use serde_json::Value;
use std::time::Duration;

/// Runs a command that has to fail with `code`. Returns the only object that it prints.
async fn refused(world: &World, arguments: &[&str], code: i32) -> Value {
    let ran = world.run(&[arguments, &["--json"]].concat()).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (code, ""), "{arguments:?}: {ran:?}");
    let object = ran.object();
    assert_eq!(object["ok"], false, "{object}");
    assert!(object["operation"].is_string(), "{object}");
    assert_eq!(object["error"]["exitCode"], code, "{object}");
    object
}

/// Runs a command that has to fail with `code`, and to say `expected` on the one line for people.
async fn fails(world: &World, arguments: &[&str], code: i32, expected: &str) {
    let ran = world.run(arguments).await;
    assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{arguments:?}: {}", ran.stderr);
    assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
    assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
}

/// A server that accepts connections and never answers.
#[cfg(unix)]
async fn silent() -> (tokio::net::TcpListener, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/v1", listener.local_addr().unwrap());
    (listener, url)
}

#[tokio::test]
async fn a_server_that_does_not_run_is_exit_code_3_with_the_command_that_starts_it() {
    let world = World::new().await;
    let stopped = TestServer::builder().tls(false).start().await.unwrap();
    let url = stopped.api_base_url();
    stopped.shutdown().await;
    let arguments = ["register", "alice", "--licence-key", "key", "--api-url", &url];
    let start = url.replace("http://", "mfly serve --listen ").replace("/api/v1", "");
    fails(&world, &arguments, 3, &start).await;
}

/// The command has names of its own for arguments, and says them once.
#[tokio::test]
async fn each_refusal_has_its_exit_code_and_names_the_argument_as_the_command_does() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let copy = world.folder.file("copy.bin");
    let get = ["media", "get", "no-such-token", "-o", copy.to_str().unwrap()];
    let licence = ["register", "alice", "--licence-key", "wrong-key-0123456789"];
    let no_user = "there is no such user";
    let rows: &[(i32, &[&str], &str)] = &[
        (2, &["dance"], ""),
        (2, &[], ""),
        (2, &["last-seen"], ""),
        (2, &["profile", "set"], ""),
        (2, &["whoami", "--timeout", "soon"], ""),
        (2, &["register", "Alice"], ""),
        (2, &["media", "put"], ""),
        (2, &["whoami", "--api-url", "nonsense"], "--api-url"),
        (2, &["whoami", "--api-url", "https://alice:hunter2@a.example/api/v1"], "--api-url"),
        (2, &["whoami", "--xmpp-url", "nonsense"], "--xmpp-url"),
        (2, &["whoami", "--xmpp-url", "wss://alice:hunter2@a.example/ws"], "--xmpp-url"),
        (2, &["whoami", "--proxy", "nonsense"], "--proxy"),
        (2, &["whoami", "--user", "a b"], "--user"),
        (2, &["block", "alice"], "the user must be another"),
        (2, &["profile", "set", "--email", "x"], "--email is missing"),
        (2, &["feedback", "", "text"], "the title is missing"),
        (2, &["metadata", "set", "a=1", "b=2", "c=3", "d=4"], "the metadata: at most 3"),
        (2, &["qr", "approve", "hello"], "the code is malformed"),
        (2, &["qr", "end", "xyz"], "mfly qr approve"),
        (2, &["doctor", "ftp://x"], "https://"),
        (4, &licence, "--licence-key"),
        (4, &[&licence[..], &["--trial"]].concat(), "--licence-key"),
        (6, &["profile", "get", "nobody"], no_user),
        (6, &["last-seen", "nobody"], no_user),
        (6, &["block", "nobody"], no_user),
        (6, &["unblock", "nobody"], no_user),
        (6, &get, "token"),
        (6, &[&get[..], &["--whole"]].concat(), "token"),
    ];
    for (code, arguments, expected) in rows {
        let object = refused(&world, arguments, *code).await;
        let error = &object["error"];
        let text = format!("{}; {}", error["message"], error["hint"]);
        assert!(text.contains(expected), "{arguments:?}: {text}");
        assert!(*code != 6 || error["hint"].is_string(), "{arguments:?}: {text}");
        for foreign in ["hunter2", "toUserJid", "userId", "codeText", "metaData", "email: email"] {
            assert!(!text.contains(foreign), "{arguments:?}: {text}");
        }
    }
    assert!(!copy.exists(), "a failed download leaves no file");
    for arguments in [&["--help"][..], &["--version"], &["help", "whoami"]] {
        let ran = world.run(&[&["--json"], arguments].concat()).await;
        assert_eq!((ran.code, &ran.object()["ok"]), (0, &true.into()), "{ran:?}");
    }
}

#[tokio::test]
async fn a_missing_file_is_exit_code_6_and_nothing_is_sent() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    world.server.journal().clear();
    fails(&world, &["profile", "image", "no-such-file.png"], 6, "no-such-file.png").await;
    assert!(world.server.journal().entries().is_empty());
}

#[tokio::test]
async fn the_state_of_an_account_and_its_plan_decides_the_exit_code() {
    let world = World::with(TestServer::builder().disable(Feature::Block).session_limit(1)).await;
    world.register(&["bob", "alice"]).await;
    fails(&world, &["register", "alice", "--no-force"], 1, "--no-force").await;
    fails(&world, &["profile", "set", "--email", "not an address"], 2, "email").await;
    let gated = refused(&world, &["block", "bob"], 5).await;
    assert_eq!(gated["operation"], "blockUser");
    assert_eq!(gated["error"]["statusCode"], 403);
    assert!(gated["error"]["hint"].as_str().unwrap().contains("mfly features"), "{gated}");
    world.server.user("alice").admin_block(true).unwrap();
    fails(&world, &["whoami"], 4, "").await;
    world.server.user("alice").delete().unwrap();
    fails(&world, &["whoami"], 4, "mfly register").await;
}

#[tokio::test]
async fn an_answer_is_waited_for_until_the_deadline() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    world.server.fault().request("/contacts/vcard").delay(Duration::from_millis(200));
    assert_eq!(world.run(&["profile", "get"]).await.code, 0);
    world.server.fault().request("/login").silence();
    fails(&world, &["whoami", "--timeout", "0.3"], 7, "--timeout").await;
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
        world.server.fault().request("/contacts/vcard").http_status(status);
        let object = refused(&world, &["profile", "get"], 1).await;
        let said = object["error"]["hint"].as_str().unwrap();
        assert!(said.contains(hint), "{status}: {object}");
    }
}

#[tokio::test]
async fn programs_are_told_how_long_a_server_asks_to_wait() {
    let server = Server::http("503 Service Unavailable", "Retry-After: 7\r\n").await;
    let url = format!("http://{}/api/v1", server.address);
    let world = World::new().await;
    let arguments = ["register", "alice", "--licence-key", "key", "--api-url", &url];
    let object = refused(&world, &arguments, 1).await;
    assert_eq!(object["error"]["retryAfterSeconds"], 7, "{object}");
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_is_exit_code_130_and_an_object_for_programs() {
    let (listener, url) = silent().await;
    let folder = Folder::new();
    let arguments = ["register", "alice", "--licence-key", "key", "--api-url", &url];
    for format in [&[][..], &["--json"]] {
        let child = mfly(&folder, &[&arguments[..], format].concat()).spawn().unwrap();
        let accepted = tokio::time::timeout(Duration::from_secs(60), listener.accept()).await;
        let (_connection, _) = accepted.unwrap().unwrap();
        interrupt(&child);
        let ended = child.wait_with_output().await.unwrap();
        assert_eq!(ended.status.code(), Some(130), "{ended:?}");
        assert!(ended.stderr.is_empty(), "{ended:?}");
        if !format.is_empty() {
            let object: Value = serde_json::from_slice(&ended.stdout).unwrap();
            assert_eq!(object["error"]["exitCode"], 130, "{object}");
        }
    }
}

/// A pipe or a terminal may never give anything.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn ctrl_c_is_heard_while_a_file_is_read() {
    let folder = Folder::new();
    let pipe = folder.fifo("pipe");
    let mut sender =
        tokio::net::unix::pipe::OpenOptions::new().read_write(true).open_sender(&pipe).unwrap();
    let path = pipe.to_str().unwrap();
    let child = mfly(&folder, &["media", "put", path, "--to", "bob"]).spawn().unwrap();
    // More than fits into a pipe: when it is written, the command reads and waits for more.
    let bytes = vec![0; 1 << 20];
    let written = tokio::io::AsyncWriteExt::write_all(&mut sender, &bytes);
    let written = tokio::time::timeout(Duration::from_secs(60), written).await;
    written.unwrap().unwrap();
    interrupt(&child);
    let ended = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output()).await;
    let ended = ended.expect("it stops reading").unwrap();
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
}

#[tokio::test]
async fn a_command_line_that_makes_no_sense_is_explained_to_people() {
    let folder = Folder::new();
    for arguments in [&["dance"][..], &["last-seen"], &["profile", "set"], &["register", "Alice"]] {
        let ran = run(mfly(&folder, arguments)).await;
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert!(ran.stderr.contains("error:"), "{}", ran.stderr);
    }
}
