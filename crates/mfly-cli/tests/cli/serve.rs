//! The sub-command `mfly serve`.

#[cfg(unix)]
use crate::setup::interrupt;
use crate::setup::{Folder, mfly, run};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

#[cfg(unix)]
#[tokio::test]
async fn a_served_server_can_be_used_until_it_is_interrupted() {
    let folder = Folder::new();
    let mut child =
        mfly(&folder, &["serve", "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0"])
            .spawn()
            .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let settings = async {
        let (mut url, mut key) = (None, None);
        while url.is_none() || key.is_none() {
            let line = lines.next_line().await.unwrap().expect("the settings are printed");
            url =
                url.or_else(|| line.strip_prefix("API base URL").map(|url| url.trim().to_owned()));
            key = key.or_else(|| line.strip_prefix("Licence key").map(|key| key.trim().to_owned()));
        }
        (url.unwrap(), key.unwrap())
    };
    let (url, key) = tokio::time::timeout(Duration::from_secs(60), settings).await.unwrap();

    let arguments = ["register", "alice", "--api-url", &url, "--licence-key", &key];
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
async fn a_taken_port_is_an_error_of_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = Folder::new();
    let ran = run(mfly(&folder, &["serve", "--listen", &address, "--control-listen", "off"])).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains(&address), "{}", ran.stderr);
    assert!(ran.stderr.contains("in use"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
}

#[tokio::test]
async fn an_authority_that_cannot_be_saved_is_an_error_with_cause_and_remedy() {
    let folder = Folder::new();
    let file = folder.file("nowhere/ca.pem");
    let file = file.to_str().unwrap();
    let arguments =
        ["serve", "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0", "--tls-listen"];
    let authority = ["127.0.0.1:0", "--authority", file, "--json"];
    let ran = run(mfly(&folder, &[&arguments[..], &authority].concat())).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    let error = &ran.object()["error"];
    let text = |name: &str| error[name].as_str().unwrap().to_owned();
    let message = text("message");
    assert!(message.contains(file), "{message}");
    assert!(message.contains("No such file"), "{message}");
    assert!(text("hint").contains("--authority"), "{error}");
}

/// Starts a server, and reads the object that it prints.
#[cfg(unix)]
async fn served(folder: &Folder, flags: &[&str]) -> (tokio::process::Child, serde_json::Value) {
    let arguments =
        ["serve", "--json", "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0"];
    let mut child = mfly(folder, &[&arguments[..], flags].concat()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line());
    let line = line.await.unwrap().unwrap().unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

#[cfg(unix)]
#[tokio::test]
async fn programs_are_told_every_address_in_one_object() {
    let folder = Folder::new();
    let ports = ["--tls-listen", "--tcp-listen", "--tcps-listen"];
    let flags: Vec<_> = ports.iter().flat_map(|flag| [*flag, "127.0.0.1:0"]).collect();
    let (child, told) = served(&folder, &flags).await;
    assert_eq!((&told["operation"], &told["ok"]), (&"serve".into(), &true.into()));
    let result = &told["result"];
    let begins = |pointer: &str, scheme: &str| {
        let address = result.pointer(pointer).and_then(|value| value.as_str());
        assert!(address.unwrap().starts_with(scheme), "{pointer}: {result}");
    };
    begins("/apiBaseUrl", "http://127.0.0.1:");
    begins("/websocketUrl", "ws://127.0.0.1:");
    begins("/signallingUrl", "http://127.0.0.1:");
    begins("/tls/apiBaseUrl", "https://");
    begins("/tls/websocketUrl", "wss://");
    begins("/tcpAddress", "xmpp://");
    begins("/tcpsAddress", "xmpps://");
    begins("/authority/certificate", "-----BEGIN CERTIFICATE-----");
    assert_eq!(result["xmppDomain"], "localhost");
    let url = result["apiBaseUrl"].as_str().unwrap();
    let key = result["licenceKey"].as_str().unwrap();
    let register = ["register", "alice", "--api-url", url, "--licence-key", key];
    assert_eq!(run(mfly(&folder, &register)).await.code, 0);
    interrupt(&child);
    assert_eq!(child.wait_with_output().await.unwrap().status.code(), Some(0));
}

/// Sends a request without a body and waits until it is answered.
#[cfg(unix)]
async fn ask(url: &str, request: &str) {
    let address = url.strip_prefix("http://").unwrap();
    let address = address.strip_suffix("/api/v1").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let text = format!("{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let reading = stream.read_to_string(&mut answer);
    let reading = tokio::time::timeout(Duration::from_secs(60), reading).await;
    reading.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
}

#[cfg(unix)]
#[tokio::test]
async fn every_request_is_a_line_of_the_log_and_no_secret_is_in_it() {
    let folder = Folder::new();
    for flag in ["-v", "-vv", "-vvv"] {
        let (child, told) = served(&folder, &[flag]).await;
        let result = &told["result"];
        let url = result["apiBaseUrl"].as_str().unwrap();
        let key = result["licenceKey"].as_str().unwrap();
        let register = ["register", "alice", "--show-password", "--json"];
        let at = ["--api-url", url, "--licence-key", key];
        let ran = run(mfly(&folder, &[&register[..], &at].concat())).await;
        let password = ran.object()["result"]["password"].take();
        let token = run(mfly(&folder, &["token", "get", "--json"])).await;
        let token = token.object()["result"]["userToken"].take();
        assert_eq!(run(mfly(&folder, &["last-seen", "alice"])).await.code, 0);
        ask(url, "OPTIONS /api/v1/media-store/s3cret").await;
        ask(url, "GET /socket.io/?EIO=3&transport=polling").await;
        interrupt(&child);
        let ended = child.wait_with_output().await.unwrap();
        let log = String::from_utf8(ended.stderr).unwrap();
        for expected in [
            "\"POST\" \"/register\"",
            "\"POST\" \"/login\"",
            "\"OPTIONS\" \"/media-store/<redacted>\"",
            "\"GET\" \"/socket.io/\"",
            "received \"iq get query\"",
        ] {
            assert!(log.contains(expected), "{flag}: {expected}: {log}");
        }
        for secret in ["s3cret", key, password.as_str().unwrap(), token.as_str().unwrap()] {
            assert!(!secret.is_empty() && !log.contains(secret), "{flag}: {log}");
        }
    }
}
