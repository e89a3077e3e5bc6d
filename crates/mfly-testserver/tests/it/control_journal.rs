use crate::client::{Client, DEADLINE, start_with};
use crate::control_state::controlled;
use crate::xmpp::Xmpp;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_slow_reader_of_the_stream_is_told_what_it_missed_and_slows_nothing_down() {
    let (server, _) = start_with(controlled()).await;
    let control = Client::of_control(&server);
    let mut reader = TcpStream::connect(control.address()).await.unwrap();
    let request = "GET /control/v1/journal/stream?since=0 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    reader.write_all(request.as_bytes()).await.unwrap();
    let mut alice = Xmpp::register(&server, "alice").await;
    let body = "x".repeat(8000);
    let message = format!(
        "<message id='m' to='alice@localhost' type='chat' xmlns='jabber:client'><body>{body}</body></message>"
    );
    for _ in 0..80 {
        // Far more than the buffers between server and reader hold.
        for _ in 0..100 {
            alice.send(&message).await;
        }
        alice.settle().await;
    }
    let mut seen = String::new();
    let mut buffer = vec![0; 1 << 20];
    let missed = async {
        while !seen.contains("event: missed\n") {
            let count = reader.read(&mut buffer).await.unwrap();
            assert_ne!(count, 0, "the stream ended");
            let kept = seen.len().saturating_sub(100);
            seen = seen.split_off(kept) + &String::from_utf8_lossy(&buffer[..count]);
        }
    };
    tokio::time::timeout(DEADLINE, missed).await.unwrap();
}

#[tokio::test]
async fn an_entry_is_read_as_json_lines_as_curl_and_as_a_trace() {
    let (server, client) = start_with(controlled()).await;
    let control = Client::of_control(&server);
    let body = json!({ "username": "it's me", "password": "secret", "type": "web" });
    client.post("/login", &body).await;
    let headers = [("accept", "application/x-ndjson")];
    let lines = control.send("GET", "/control/v1/journal?path=/login", &headers, b"").await;
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    let line: serde_json::Value = serde_json::from_slice(&lines.body).unwrap();
    assert_eq!((&line["operation"], &line["httpStatus"]), (&json!("login"), &json!(200)));
    let number = line["seq"].as_u64().unwrap();
    let curl = control.control("GET", &format!("/journal/{number}/curl"), None).await.body;
    let curl = String::from_utf8(curl).unwrap();
    assert!(curl.starts_with("curl -X POST 'http://127.0.0.1:"), "{curl}");
    assert!(curl.contains(r#""username":"it'\''s me""#) && !curl.contains("secret"), "{curl}");
    let trace = control.control("GET", &format!("/journal/{number}/trace"), None).await.body;
    assert!(String::from_utf8(trace).unwrap().starts_with("# POST /login"));
    Xmpp::register(&server, "alice").await;
    let frames = control.control("GET", "/journal?operation=bind&direction=received", None).await;
    let number = frames.json()["entries"][0]["seq"].as_u64().unwrap();
    let trace = control.control("GET", &format!("/journal/{number}/trace"), None).await.body;
    assert!(String::from_utf8(trace).unwrap().starts_with("C: <iq "));
    assert_eq!(control.control("GET", &format!("/journal/{number}/curl"), None).await.http, 409);
}
