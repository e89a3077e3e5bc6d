//! Replays every trace twice: with the client in the client's part, and with the test server in the
//! server's. (`mfly-proto` checks the codec with them.) A line that cannot be performed fails.

mod client;
mod server;

use client::{ClientReplay, Finished};
use mfly_proto::testing::{Line, Trace};
use mfly_tests::recorded::traces;
use server::ServerReplay;

/// Traces that the test server cannot replay here, each with the reason.
const NOT_FOR_THE_SERVER: &[(&str, &str)] = &[
    (
        "friends/list",
        "clients cannot set the name of a contact; the server's crate replays this one",
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

const PROFILE: &str =
    "set_profile Alice A|prof/tok1.jpg|Available & <happy>|15550101|alice@example.com";

/// The values that operations return: trace, operation, value.
const RESULTS: &[(&str, &str, &str)] = &[
    ("block/block", "blocked", "u2@xmpp.example.test"),
    ("block/blocked_by", "blocked_by", "u7@xmpp.example.test"),
    ("friends/list", "friends", "u2@xmpp.example.test"),
    ("last_seen/offline", "last_seen u2", "903"),
    ("last_seen/online", "last_seen u2", "0"),
    ("profile/set", PROFILE, "prof/tok1.jpg"),
    ("settings/archive", "settings", "archive 1"),
    ("web_sdk_session", "blocked", "u2@xmpp.example.test"),
    ("web_sdk_session", "blocked_by", "u7@xmpp.example.test"),
    ("web_sdk_session", "last_seen u2", "903"),
    ("web_sdk_session", "settings", "archive 1"),
];

/// Replays a trace with the client, which connects first unless the trace does.
async fn replay(name: &str, trace: &Trace) -> Finished {
    let mut replay = ClientReplay::start(name).await;
    if trace.lines.first() != Some(&Line::Do("connect".to_owned())) {
        replay.connect().await;
    }
    for line in &trace.lines {
        replay.perform(line).await;
    }
    replay.finish().await
}

#[tokio::test]
async fn the_client_sends_the_frames_and_makes_the_calls_of_every_trace() {
    let mut all = traces();
    for (name, text) in [
        ("listeners", include_str!("../fixtures/listeners.trace")),
        ("web_sdk_session", include_str!("../fixtures/web_sdk_session.trace")),
    ] {
        all.push((name.to_owned(), Trace::parse(text).unwrap()));
    }
    let mut unseen: Vec<_> = RESULTS.iter().collect();
    for (name, trace) in all {
        let finished = replay(&name, &trace).await;
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
