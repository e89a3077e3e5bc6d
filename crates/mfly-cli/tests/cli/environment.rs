//! Environment variables, of which an empty one counts as not set.

use crate::setup::{World, run};

const VARIABLES: [&str; 11] = [
    "MFLY_API_URL",
    "MFLY_LICENCE_KEY",
    "MFLY_XMPP_URL",
    "MFLY_CA_FILE",
    "MFLY_PROXY",
    "MFLY_USER",
    "MFLY_PROFILE",
    "MFLY_TIMEOUT",
    "MFLY_FILE_KEY",
    "MFLY_SIGNALLING_URL",
    "MFLY_PASSWORD",
];

#[tokio::test]
async fn an_empty_variable_is_not_set() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let file = world.folder.file("a.txt");
    std::fs::write(&file, b"text").unwrap();
    let file = file.to_str().unwrap();
    let put = ["media", "put", file, "--to", "alice", "--unsealed"];
    let token = world.result(&put).await["file_url"].take();
    let copy = world.folder.file("copy.txt");
    for arguments in [
        &["whoami"][..],
        &["doctor"],
        &["media", "get", token.as_str().unwrap(), "-o", copy.to_str().unwrap()],
    ] {
        let mut command = world.mfly(arguments);
        command.envs(VARIABLES.map(|name| (name, "")));
        let ran = run(command).await;
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
    }
}

#[tokio::test]
async fn an_empty_filter_of_the_log_leaves_it_to_the_flag() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let mut command = world.mfly(&["whoami", "-vv"]);
    command.env("MFLY_LOG", "");
    let ran = run(command).await;
    assert!(ran.stderr.contains("received a response"), "{ran:?}");
}

#[tokio::test]
async fn a_filter_of_the_log_that_makes_no_sense_is_exit_code_2() {
    let world = World::new().await;
    let mut command = world.mfly(&["whoami"]);
    command.env("MFLY_LOG", "mfly_client=loud");
    let ran = run(command).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("MFLY_LOG"), "{ran:?}");
}
