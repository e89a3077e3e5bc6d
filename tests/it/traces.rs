//! Every trace, judged twice more: with the client in the client's part, and with the test server
//! in the server's. (The codec is judged by its own crate.) A line that a judge cannot perform
//! fails.

pub(crate) mod client;
pub(crate) mod server;

use client::ClientJudge;
use mfly_proto::testing::Line;
use mfly_tests::recorded::traces;
use server::ServerJudge;

/// Traces that the test server cannot be judged by, each with the reason.
const NOT_FOR_THE_SERVER: &[(&str, &str)] = &[
    (
        "friends/list",
        "the name that a user gives a contact cannot be set from outside; its own crate replays this one",
    ),
    ("friends/permission", "it never takes the permission away"),
    ("logout/forced", "it has no QR sessions to end"),
    (
        "ping/server",
        "its pings come after a minute; its own crate replays this one with a clock of its own",
    ),
    ("unknown/request", "it never asks for what nobody knows"),
];

/// Listener calls that the client makes beyond the recorded ones, each with the reason.
const TOLD_BESIDES: &[(&str, &str, &str)] = &[(
    "logout/forced",
    "messageListener",
    "the official SDK is silent unless one of the sessions is its own; here the app judges that",
)];

/// What the operations of a trace return.
const RESULTS: &[(&str, &str, &str)] = &[
    ("block/block", "blocked", "u2@xmpp.example.test"),
    ("block/blocked_by", "blocked_by", "u7@xmpp.example.test"),
    ("friends/list", "friends", "u2@xmpp.example.test"),
    ("last_seen/offline", "last_seen u2", "903"),
    ("last_seen/online", "last_seen u2", "0"),
    (
        "profile/set",
        "set_profile Alice A|prof/tok1.jpg|Available & <happy>|15550101|alice@example.com",
        "prof/tok1.jpg",
    ),
    ("settings/archive", "settings", "archive 1"),
];

#[tokio::test]
async fn the_client_says_and_tells_what_every_trace_says() {
    let mut unseen: Vec<_> = RESULTS.iter().collect();
    for (name, trace) in traces() {
        let mut judge = ClientJudge::start(&name).await;
        if name != "connect/web_sdk" {
            judge.prelude().await;
        }
        for line in &trace.lines {
            judge.perform(line).await;
        }
        let verdict = judge.finish().await;
        for (operation, result) in &verdict.results {
            let is_it =
                |(trace, wanted, _): &(&str, &str, &str)| *trace == name && wanted == operation;
            if let Some(expected) = RESULTS.iter().find(|row| is_it(row)) {
                assert_eq!(result, expected.2, "{name}: {operation}");
                unseen.retain(|row| !is_it(row));
            }
        }
        for call in verdict.surplus {
            let is_known = TOLD_BESIDES
                .iter()
                .any(|(trace, listener, _)| *trace == name && *listener == call.listener);
            assert!(is_known, "{name}: nobody expected {call:?}");
        }
    }
    assert!(unseen.is_empty(), "no trace has these operations: {unseen:?}");
}

#[tokio::test]
async fn the_test_server_says_what_every_trace_says() {
    let (skipped, judged): (Vec<_>, Vec<_>) = traces()
        .into_iter()
        .partition(|(name, _)| NOT_FOR_THE_SERVER.iter().any(|(skipped, _)| skipped == name));
    assert_eq!(skipped.len(), NOT_FOR_THE_SERVER.len(), "the table names traces that are gone");
    assert!(judged.len() >= 17, "{}", judged.len());
    for (name, trace) in judged {
        let mut judge = ServerJudge::start(&name).await;
        for line in &trace.lines {
            match line {
                Line::Given(fact) => judge.given(fact).await,
                Line::When(event) => judge.happen(event).await,
                Line::Client(frame) => judge.say(frame).await,
                Line::Server(frame) => judge.hear(frame).await,
                // Said by the C lines that follow, and heard behind the S lines.
                Line::Do(_) | Line::Event(_) => {}
            }
        }
        judge.finish().await;
    }
}
