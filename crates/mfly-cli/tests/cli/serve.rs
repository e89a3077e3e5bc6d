//! `mfly serve`.

#[cfg(unix)]
use crate::setup::interrupt;
use crate::setup::{Folder, mfly, run};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};

#[cfg(unix)]
#[tokio::test]
async fn a_served_server_can_be_used_until_it_is_interrupted() {
    let folder = Folder::new();
    let mut child = mfly(&folder, &["serve", "--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let settings = async {
        let (mut url, mut key) = (None, None);
        while url.is_none() || key.is_none() {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .expect("the settings are printed");
            url = url.or_else(|| {
                line.strip_prefix("API base URL")
                    .map(|url| url.trim().to_owned())
            });
            key = key.or_else(|| {
                line.strip_prefix("Licence key")
                    .map(|key| key.trim().to_owned())
            });
        }
        (url.unwrap(), key.unwrap())
    };
    let (url, key) = tokio::time::timeout(Duration::from_secs(60), settings)
        .await
        .unwrap();

    let arguments = [
        "register",
        "alice",
        "--api-url",
        &url,
        "--licence-key",
        &key,
    ];
    let ran = run(mfly(&folder, &arguments)).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = run(mfly(&folder, &["whoami"])).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("alice@localhost"), "{}", ran.stdout);

    interrupt(&child);
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

#[tokio::test]
async fn a_taken_port_is_said_in_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = Folder::new();
    let ran = run(mfly(&folder, &["serve", "--listen", &address])).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains(&address), "{}", ran.stderr);
}
