//! The files of `mfly serve`, and signals while they are read.

use crate::setup::{Folder, mfly, run, signal};
use std::fs::File;
use std::path::Path;
use std::time::Duration;
use tokio::sync::oneshot;

/// Starts a server that reads a pipe, and asks it to stop while it waits for data.
async fn is_stopped(folder: &Folder, flags: &[&str], pipe: &Path, kind: &str) {
    let path = pipe.to_str().unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0"];
    let child = mfly(folder, &[&arguments[..], flags, &[path]].concat()).spawn().unwrap();
    let opened = pipe.to_owned();
    let (sender, opening) = oneshot::channel();
    // Returns once the other end is opened.
    std::thread::spawn(move || sender.send(File::options().write(true).open(opened)));
    let opening = tokio::time::timeout(Duration::from_secs(60), opening);
    let writer = opening.await.unwrap().unwrap().unwrap();
    signal(&child, kind);
    let ended = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output());
    let ended = ended.await.unwrap().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{kind} {flags:?}: {ended:?}");
    drop(writer);
}

#[tokio::test]
async fn a_server_that_waits_for_a_file_hears_the_signals() {
    let folder = Folder::new();
    for (number, flags) in
        [&["--users"][..], &["--standard-users"], &["--tls-listen", "127.0.0.1:0", "--authority"]]
            .into_iter()
            .enumerate()
    {
        for kind in ["INT", "TERM"] {
            let pipe = folder.fifo(&format!("pipe-{number}-{kind}"));
            is_stopped(&folder, flags, &pipe, kind).await;
        }
    }
}

#[tokio::test]
async fn two_users_of_one_name_are_refused_with_their_lines() {
    let folder = Folder::new();
    let path = folder.path().join("users.json");
    std::fs::write(&path, "[\n{\"id\":\"ann\"},\n{\"id\":\"bob\"},\n{\"id\":\"ann\"}\n]").unwrap();
    let path = path.to_str().unwrap();
    let ran = run(mfly(
        &folder,
        &["serve", "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0", "--users", path],
    ))
    .await;
    assert_ne!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("line 2 and line 4"), "{}", ran.stderr);
}
