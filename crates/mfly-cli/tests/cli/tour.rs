//! `mfly tour`.

use crate::setup::{Folder, mfly, run};
use std::collections::BTreeSet;

/// What the tour has to show, by the official SDK's names and a few of our own.
const OPERATIONS: &[&str] = &[
    "initializeSDK",
    "register",
    "connect",
    "getCurrentUserJid",
    "getUserToken",
    "setUserToken",
    "setUserProfile",
    "getUserProfile",
    "updateProfile",
    "getLastSeen",
    "blockUser",
    "getUsersIBlocked",
    "getUsersWhoBlockedMe",
    "unblockUser",
    "sendFeedback",
    "reportUserOrGroup",
    "setMediaEncryption",
    "uploadMedia",
    "downloadMedia",
    "getFriendsList",
    "sendRegisterUpdate",
    "getUserSettings",
    "updateUserSettings",
    "getMetaData",
    "getAvailableFeatures",
    "refreshToken",
    "reconnect",
    "deleteMyAccount",
    "logout",
    "connectionListener",
    "userProfileListener",
    "presenceListener",
    "generateQrCode",
    "blockUserListener",
    "messageListener",
    "userDeletedListener",
    "adminBlockListener",
    "userSettingsListener",
    "friendsListListener",
];

#[tokio::test]
async fn every_operation_and_listener_of_the_tour_works() {
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
    let missing: Vec<_> = OPERATIONS.iter().filter(|name| !shown.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn the_tour_shows_what_the_official_listeners_would_be_called_with() {
    let folder = Folder::new();
    let objects = run(mfly(&folder, &["tour", "--json"])).await.objects();
    let heard = |operation: &str, key: &str, value: &str| {
        objects.iter().any(|step| step["operation"] == operation && step["result"][key] == value)
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
        objects
            .iter()
            .any(|step| step["operation"] == operation && step["result"]["statusCode"] == status)
    };
    assert!(refused("blockUser", 403), "a feature that is not in the plan");
    assert!(refused("register", 405), "more sessions than allowed");
    assert!(refused("connect", 403), "a user blocked by an administrator");
    assert!(refused("connect", 400), "a password that is void");
}

#[tokio::test]
async fn people_get_a_line_for_each_step_without_colour_codes_in_a_pipe() {
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
}

#[tokio::test]
async fn the_tour_leaves_nothing_in_the_configuration_folder() {
    let folder = Folder::new();
    assert_eq!(run(mfly(&folder, &["tour"])).await.code, 0);
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}
