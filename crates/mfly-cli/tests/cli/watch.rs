//! The sub-command `mfly watch`.

use crate::setup::World;
#[cfg(unix)]
use crate::setup::interrupt;
#[cfg(unix)]
use mfly_testserver::{Direction, Entry};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

type Printed = Lines<BufReader<ChildStdout>>;

fn watch(world: &World, arguments: &[&str]) -> (Child, Printed) {
    let mut child = world.mfly(&[&["watch"], arguments].concat()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

/// Waits for the line from which `pick` takes a value.
async fn wait<T>(lines: &mut Printed, pick: impl Fn(&str) -> Option<T>) -> T {
    let waiting = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(picked) = pick(&line) {
                return picked;
            }
        }
        panic!("the output ended");
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.unwrap()
}

fn call(line: &str, listener: &str) -> Option<Value> {
    let object: Value = serde_json::from_str(line).unwrap();
    (object["listener"] == listener).then(|| object["payload"].clone())
}

#[cfg(unix)]
#[tokio::test]
async fn events_are_printed_as_calls_of_the_official_listeners() {
    let world = World::new().await;
    world.register(&["bob", "alice"]).await;
    let (child, mut lines) = watch(&world, &["--json"]);
    let connected = wait(&mut lines, |line| call(line, "connectionListener")).await;
    assert_eq!(connected, json!({"status": "CONNECTED"}));

    world.result(&["block", "alice", "--user", "bob"]).await;
    let blocked = wait(&mut lines, |line| {
        call(line, "messageListener").filter(|payload| payload["type"] == "block_user")
    })
    .await;
    assert_eq!(
        blocked,
        json!({"type": "block_user", "blockedUserId": "bob", "msgType": "userBlockStatus"})
    );

    interrupt(&child);
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let says_goodbye = |entry: &Entry| {
        entry.frame().is_some_and(|frame| {
            frame.direction == Direction::Received
                && frame.user.as_deref() == Some("alice")
                && frame.text.starts_with("<close")
        })
    };
    let goodbye = world.server.journal().wait_for(Duration::from_secs(60), says_goodbye).await;
    assert!(goodbye.is_ok(), "{goodbye:?}");
}

#[tokio::test]
async fn people_read_sentences_and_watching_stops_after_the_number_asked_for() {
    let world = World::new().await;
    world.register(&["bob", "alice"]).await;
    let (child, mut lines) = watch(&world, &["--count", "2"]);
    wait(&mut lines, |line| line.contains("connected as alice@localhost/").then_some(())).await;
    world.result(&["whoami", "--user", "bob"]).await;
    wait(&mut lines, |line| line.contains("bob@localhost is online").then_some(())).await;
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

#[tokio::test]
async fn a_dropped_connection_comes_back_while_watching() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let (_child, mut lines) = watch(&world, &["--json"]);
    let status = |expected: &'static str| {
        move |line: &str| call(line, "connectionListener").filter(|call| call["status"] == expected)
    };
    wait(&mut lines, status("CONNECTED")).await;
    assert_eq!(world.server.fault().connections_of("alice").cut(), 1);
    wait(&mut lines, status("DISCONNECTED")).await;
    wait(&mut lines, status("RECONNECTING")).await;
    wait(&mut lines, status("CONNECTED")).await;
}

#[tokio::test]
async fn a_session_that_the_server_ends_is_a_failure() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let (child, mut lines) = watch(&world, &[]);
    wait(&mut lines, |line| line.contains("connected as").then_some(())).await;
    world.server.user("alice").admin_block(true).unwrap();
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(4), "{ended:?}");
}

#[tokio::test]
async fn watching_ends_after_the_time_asked_for() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let ran = world.run(&["connect", "--for", "0.2"]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.contains("connected as alice@localhost"), "{}", ran.stdout);
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_watching_quietly() {
    let world = World::new().await;
    world.register(&["bob", "alice"]).await;
    let (child, mut lines) = watch(&world, &[]);
    wait(&mut lines, |line| line.contains("connected as").then_some(())).await;
    drop(lines);
    world.result(&["whoami", "--user", "bob"]).await;
    let ended = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output()).await;
    let ended = ended.unwrap().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));
}
