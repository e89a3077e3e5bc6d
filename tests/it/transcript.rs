//! The recorded session of the official SDK, from connecting to logging out: this client sends equal
//! frames and leads to equal calls of the listeners.

use crate::traces::client::ClientReplay;
use mfly_proto::testing::Line;
use mfly_tests::recorded::fixture;
use mfly_tests::scripted::attribute;
use std::collections::BTreeMap;

/// Each step of the recording, and the operation that it called.
const STEPS: &[(&str, Option<&str>)] = &[
    ("connect", Some("connect")),
    ("server ping", None),
    ("getFriendsList", Some("friends")),
    (
        "setUserProfile",
        Some("set_profile Alice A|prof/tok1.jpg|Available & <happy>|15550101|alice@example.com"),
    ),
    ("vCard push (own/friend profile changed)", None),
    ("getLastSeen", Some("last_seen u2")),
    ("friend presence online", None),
    ("friend presence unavailable", None),
    ("blockUser", Some("block u2")),
    ("getUsersIBlocked", Some("blocked")),
    ("unblockUser", Some("unblock u2")),
    ("getUsersWhoBlockedMe", Some("blocked_by")),
    ("userblocked headline (someone blocks me)", None),
    ("getUserSettings", Some("settings")),
    ("updateUserSettings", Some("update_settings archive")),
    ("logout", Some("logout")),
];

/// Pushes that the official SDK does not answer. RFC 6120 §8.2.3 demands an answer, and this client
/// sends it.
const CONFIRMED: &[&str] = &["push-b1", "push-b2"];

/// A recorded frame with placeholders for what differs from run to run.
fn template(frame: &str, places: &mut BTreeMap<String, String>) -> String {
    let mut line = frame.to_owned();
    if let Some((_, rest)) = frame.split_once("<resource>") {
        let resource = rest.split('<').next().unwrap();
        places.insert(resource.to_owned(), "{resource}".to_owned());
    }
    if frame.starts_with("<auth ") {
        let data = frame.split(['<', '>']).nth(2).unwrap();
        places.insert(data.to_owned(), "{auth}".to_owned());
    }
    // Ids that the client made up are UUIDs; the others are the same in every run.
    if let Some(id) = attribute(frame, "id").filter(|id| id.len() == 36) {
        let next = format!("{{id_{}}}", places.len());
        places.entry(id).or_insert(next);
    }
    for (value, env) in places.iter() {
        line = line.replace(value, env);
    }
    line.replace("xmpp.example.test", "{host}")
}

#[tokio::test]
async fn the_recorded_session_is_reproduced_frame_by_frame_and_call_by_call() {
    let recording = fixture("web_sdk_session.json");
    let steps = recording["steps"].as_array().unwrap();
    assert_eq!(steps.len(), STEPS.len());
    let mut replay = ClientReplay::start("transcript").await;
    let mut places = BTreeMap::new();
    let mut confirmed = Vec::new();
    let mut frames = 0;
    for (step, (name, operation)) in steps.iter().zip(STEPS) {
        assert_eq!(step["step"], *name);
        if let Some(operation) = operation {
            replay.perform(&Line::Do((*operation).to_owned())).await;
        }
        for frame in step["frames"].as_array().unwrap() {
            let (side, frame) = frame.as_str().unwrap().split_once(": ").unwrap();
            let line = template(frame, &mut places);
            if side == "S" {
                replay.perform(&Line::Server(line)).await;
                continue;
            }
            frames += 1;
            let frame = loop {
                let frame = replay.next_frame().await;
                let id = attribute(&frame, "id").unwrap_or_default();
                if !CONFIRMED.contains(&id.as_str()) {
                    break frame;
                }
                assert_eq!(attribute(&frame, "type").as_deref(), Some("result"), "{frame}");
                confirmed.push(id);
            };
            replay.check(&line, &frame);
        }
        for call in step["listeners"].as_array().unwrap() {
            let listener = call["listener"].as_str().unwrap();
            replay.expect_call(&format!("{listener} {}", call["payload"])).await;
        }
    }
    assert_eq!(frames, 19, "the recording has so many frames of the client");
    assert_eq!(confirmed, CONFIRMED);
    let finished = replay.finish().await;
    assert!(finished.surplus.is_empty(), "{:?}", finished.surplus);
    let results: BTreeMap<_, _> = finished.results.into_iter().collect();
    assert_eq!(results["last_seen u2"], "903");
    assert_eq!(results["blocked"], "u2@xmpp.example.test");
    assert_eq!(results["blocked_by"], "u7@xmpp.example.test");
    assert_eq!(results["settings"], "archive 1");
}
