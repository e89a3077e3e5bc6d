//! Replays every trace twice: with the client in the client's part, and with the test server in the
//! server's. (`mfly-proto` checks the codec with them.) A line that cannot be performed fails.

pub(crate) mod client;
pub(crate) mod server;

use client::ClientReplay;
use mfly_proto::testing::Line;
use mfly_tests::recorded::traces;
use server::ServerReplay;

/// Traces that the test server cannot replay here, each with the reason.
const NOT_FOR_THE_SERVER: &[(&str, &str)] = &[
    (
        "friends/list",
        "clients cannot set the name of a contact; the crate of the server replays this trace",
    ),
    ("friends/permission", "it never withdraws the permission"),
    ("logout/forced", "it has no QR sessions to end"),
    ("ping/server", "it pings after a minute; its crate replays this trace with another clock"),
    ("unknown/request", "it never sends unknown requests"),
];

/// Listener calls that the client makes beyond the recorded ones, each with the reason.
const EXTRA_CALLS: &[(&str, &str, &str)] = &[(
    "logout/forced",
    "messageListener",
    "the official SDK calls no listener unless it owns one of the sessions; here the app decides",
)];

/// The values that operations return: trace, operation, value.
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
async fn the_client_sends_the_frames_and_calls_of_every_trace() {
    let mut unseen: Vec<_> = RESULTS.iter().collect();
    for (name, trace) in traces() {
        let mut replay = ClientReplay::start(&name).await;
        if name != "connect/web_sdk" {
            replay.connect().await;
        }
        for line in &trace.lines {
            replay.perform(line).await;
        }
        let finished = replay.finish().await;
        for (operation, result) in &finished.results {
            let is_it =
                |(trace, wanted, _): &(&str, &str, &str)| *trace == name && wanted == operation;
            if let Some(expected) = RESULTS.iter().find(|row| is_it(row)) {
                assert_eq!(result, expected.2, "{name}: {operation}");
                unseen.retain(|row| !is_it(row));
            }
        }
        for call in finished.surplus {
            let is_known = EXTRA_CALLS
                .iter()
                .any(|(trace, listener, _)| *trace == name && *listener == call.listener);
            assert!(is_known, "{name}: unexpected {call:?}");
        }
    }
    assert!(unseen.is_empty(), "no trace has these operations: {unseen:?}");
}

#[tokio::test]
async fn the_test_server_sends_the_frames_of_every_trace() {
    let (skipped, replayed): (Vec<_>, Vec<_>) = traces()
        .into_iter()
        .partition(|(name, _)| NOT_FOR_THE_SERVER.iter().any(|(skipped, _)| skipped == name));
    assert_eq!(skipped.len(), NOT_FOR_THE_SERVER.len(), "the table names traces that are gone");
    assert!(replayed.len() >= 17, "{}", replayed.len());
    for (name, trace) in replayed {
        let mut replay = ServerReplay::start(&name).await;
        for line in &trace.lines {
            match line {
                Line::Given(fact) => replay.establish(fact).await,
                Line::When(event) => replay.trigger(event).await,
                Line::Client(frame) => replay.send(frame).await,
                Line::Server(frame) => replay.expect_frame(frame).await,
                // The lines C and S, which follow, show the effect.
                Line::Do(_) | Line::Event(_) => {}
            }
        }
        replay.finish().await;
    }
}
