use super::*;
use crate::core::memory::Memory;
use crate::handle::faults::{RequestFault, Target};
use crate::rest::media::store::File;
use crate::state::testing;
use mfly_proto::jid::UserId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

pub(crate) fn state() -> Arc<ServerState> {
    let (media, reading) = (4 * 1024 * 1024, 200 * 1024);
    testing::state(Memory { media, reading, ..Memory::DEFAULT_LIMITS })
}

/// Serves a connection in memory, and returns the client's end.
fn connect(
    state: &Arc<ServerState>,
    buffer: usize,
) -> (DuplexStream, impl Future<Output = ()> + use<>) {
    let (client, server) = tokio::io::duplex(buffer);
    (client, serve(Arc::clone(state), server, Protection::None, None, Place::none()))
}

/// Sends `request`, and returns everything that the server sends until it closes the connection.
pub(crate) async fn exchange(state: &Arc<ServerState>, request: &str) -> String {
    let (mut client, serving) = connect(state, 1024 * 1024);
    let reading = async {
        client.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        client.read_to_string(&mut response).await.unwrap();
        response
    };
    tokio::join!(serving, reading).1
}

/// Sends a request without a body, and returns the HTTP status.
pub(crate) async fn status(state: &Arc<ServerState>, method: &str, path: &str, token: &str) -> u16 {
    let head = format!("Host: x\r\nConnection: close\r\nAuthorization: {token}");
    let response = exchange(state, &format!("{method} {path} HTTP/1.1\r\n{head}\r\n\r\n")).await;
    response["HTTP/1.1 ".len()..][..3].parse().unwrap()
}

/// Sends the beginning of a request that never ends.
async fn begin(state: &Arc<ServerState>, head: &str, bytes: usize) -> DuplexStream {
    let (mut client, serving) = connect(state, 64);
    tokio::spawn(serving);
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(&vec![b'x'; bytes]).await.unwrap();
    client
}

async fn assert_refused(client: &mut DuplexStream) {
    let mut response = [0; 12];
    client.read_exact(&mut response).await.unwrap();
    assert_eq!(&response, b"HTTP/1.1 503");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_its_response_is_dropped_in_the_end() {
    let state = state();
    state.with_media(|store| {
        let file = File {
            owner: UserId::new("u1").unwrap(),
            content_type: "x/y".into(),
            bytes: vec![0; 1024 * 1024].into(),
        };
        store.insert("t".into(), file);
        store.sign_download("s".into(), "t");
    });
    let (mut client, serving) = connect(&state, 1024);
    let served = tokio::spawn(serving);
    client.write_all(b"GET /media-store/s HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let deadline = Duration::from_secs(24 * 3600);
    assert!(tokio::time::timeout(deadline, served).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_must_not_be_uploaded_is_refused_before_it_is_read() {
    let state = state();
    let length = "Host: x\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n";
    for (line, status) in [
        ("PUT /media-store/guess/1", "403"),
        ("PUT /media-store/guess", "404"),
        ("POST /api/v1/media/", "401"),
    ] {
        let response = exchange(&state, &format!("{line} HTTP/1.1\r\n{length}")).await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_uploads_keep_no_other_upload_waiting_and_the_slowest_makes_room() {
    let state = state();
    state.with_media(|store| {
        let owner = UserId::new("u1").unwrap();
        store.begin("s".into(), owner, "t".into(), "x/y".into(), 20);
    });
    let head = |part, extra| {
        let length = format!("Content-Length: 900000{extra}");
        format!("PUT /media-store/s/{part} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n")
    };
    let mut slow = Vec::new();
    for part in 1..=8 {
        slow.push(begin(&state, &head(part, ""), 220_000).await);
    }
    let whole = head(9, "\r\nConnection: close") + &"x".repeat(900_000);
    let response = exchange(&state, &whole).await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    assert_refused(&mut slow[0]).await;
    let bytes = state.with_media(|store| store.bytes());
    assert!(bytes <= state.limits.media, "{bytes}");
}

#[tokio::test(start_paused = true)]
async fn the_slowest_request_is_refused_when_unfinished_ones_take_all_the_room() {
    let state = state();
    let head = "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n";
    let mut slow = begin(&state, head, 90_000).await;
    let endless = format!("GET /{} HTTP/1.1\r\nX: ", "x".repeat(30_000));
    let _endless = begin(&state, &endless, 10_000).await;
    let whole = head.replace("200000", "100000\r\nConnection: close") + &"x".repeat(100_000);
    let response = exchange(&state, &whole).await;
    assert!(response.contains(r#""status":400"#), "{response}");
    assert_refused(&mut slow).await;
    assert!(state.reading.held() <= state.limits.reading);
}

#[tokio::test(start_paused = true)]
async fn responses_that_clients_do_not_read_have_one_limit_together() {
    let state = testing::state(Memory { answers: 10, ..Memory::DEFAULT_LIMITS });
    assert_eq!(status(&state, "GET", "/licence.js", "").await, 503);
    assert_eq!(state.answers.held(), 0);
}

#[tokio::test]
async fn a_fault_can_hit_the_handshake_of_xmpp() {
    let state = state();
    let fault = RequestFault::HttpStatus(StatusCode::SERVICE_UNAVAILABLE);
    let path = "/websocket".to_owned();
    state.faults.add(1, Target::Request { path, user: None, fault });
    assert_eq!(status(&state, "GET", "/websocket", "").await, 503);
}
