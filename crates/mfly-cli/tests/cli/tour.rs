//! The sub-command `mfly tour`.

use crate::setup::{Folder, mfly, run};
use std::collections::BTreeSet;

/// The operations and listeners of the tour: the official SDK's names, and a few of our own.
const OPERATIONS: &str = include_str!("operations.txt");

#[tokio::test]
async fn every_operation_works_and_every_official_listener_would_be_called() {
    let folder = Folder::new();
    let ran = run(mfly(&folder, &["tour", "--json"])).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let objects = ran.objects();
    let (summary, steps) = objects.split_last().unwrap();
    for step in steps {
        assert_eq!(step["ok"], true, "{step}");
        assert!(step["milliseconds"].is_number() && step["what"].is_string(), "{step}");
    }
    assert_eq!(summary["summary"]["steps"], steps.len());
    assert_eq!(summary["summary"]["failed"], 0);
    let shown: BTreeSet<_> = steps.iter().map(|step| step["operation"].as_str().unwrap()).collect();
    let missing: Vec<_> = OPERATIONS.lines().filter(|name| !shown.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");

    let heard = |operation: &str, key: &str, value: &str| {
        steps.iter().any(|step| step["operation"] == operation && step["result"][key] == value)
    };
    for (operation, key, value) in [
        ("connectionListener", "status", "CONNECTED"),
        ("connectionListener", "status", "DISCONNECTED"),
        ("userProfileListener", "nickName", "Alice"),
        ("presenceListener", "status", "online"),
        ("presenceListener", "status", "unavailable"),
        ("blockUserListener", "type", "block_user"),
        ("blockUserListener", "type", "unblock_user"),
        ("messageListener", "msgType", "userBlockStatus"),
        ("messageListener", "msgType", "logout"),
        ("adminBlockListener", "blockStatus", "1"),
        ("adminBlockListener", "blockStatus", "0"),
    ] {
        assert!(heard(operation, key, value), "{operation} {key}={value}");
    }
    let refused = |operation: &str, status: u16| {
        steps
            .iter()
            .any(|step| step["operation"] == operation && step["result"]["statusCode"] == status)
    };
    assert!(refused("blockUser", 403), "a feature that is not in the plan");
    assert!(refused("register", 405), "more sessions than allowed");
    assert!(refused("connect", 403), "a user blocked by an administrator");
    assert!(refused("connect", 400), "a password that is void");
}

#[tokio::test]
async fn people_get_a_line_for_each_step_and_nothing_is_saved() {
    let folder = Folder::new();
    let ran = run(mfly(&folder, &["tour"])).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    assert!(!ran.stdout.contains('\x1b'), "{}", ran.stdout);
    let mut lines: Vec<_> = ran.stdout.lines().collect();
    let summary = lines.pop().unwrap();
    assert!(summary.starts_with("all ") && summary.contains("steps worked"), "{summary}");
    for line in lines {
        assert!(line.starts_with("✓ ") && line.ends_with(" ms"), "{line}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
