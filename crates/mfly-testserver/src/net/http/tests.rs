use super::*;
use crate::core::memory::Memory;
use crate::core::{Core, testing::settings};
use crate::handle::faults::RequestFault;
use crate::net::addresses::Addresses;
use crate::net::admission::{Admission, Limits};
use crate::rest::media::store::File;
use mfly_proto::jid::UserId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

pub(crate) fn state() -> Arc<ServerState> {
    let core = Core::new(settings(), [1; 32]).unwrap();
    let plain = "127.0.0.1:1".parse().unwrap();
    let limits = Memory { media: 4 * 1024 * 1024, reading: 200 * 1024, ..Memory::DEFAULT_LIMITS };
    let lifetime = Duration::from_secs(60);
    let addresses = Addresses::plain(plain);
    let admission = Admission::new(Limits::default());
    Arc::new(ServerState::new(core, [2; 64], addresses, limits, admission, lifetime))
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_its_answer_is_cut_in_the_end() {
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
    let (mut client, server) = tokio::io::duplex(1024);
    let served = tokio::spawn(serve(state, server, Protection::None, None, Place::none()));
    let request = b"GET /media-store/s HTTP/1.1\r\nHost: x\r\n\r\n";
    client.write_all(request).await.unwrap();
    let deadline = Duration::from_secs(24 * 3600);
    assert!(tokio::time::timeout(deadline, served).await.is_ok());
}

/// The status of the answer to a GET.
pub(crate) async fn ask_with_token(state: &Arc<ServerState>, path: &str, token: &str) -> u16 {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {token}\r\n\r\n"
    );
    let answer = said(state, request.as_bytes()).await;
    answer["HTTP/1.1 ".len()..][..3].parse().unwrap()
}

/// What the server says after `request`, once it closes the connection.
async fn said(state: &Arc<ServerState>, request: &[u8]) -> String {
    let (mut client, server) = tokio::io::duplex(1024 * 1024);
    let serving = serve(Arc::clone(state), server, Protection::None, None, Place::none());
    let reading = async {
        client.write_all(request).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    };
    tokio::join!(serving, reading).1
}

/// Sends a request that never ends, and leaves it.
async fn begun(state: &Arc<ServerState>, head: &str, bytes: usize) -> tokio::io::DuplexStream {
    let (mut client, server) = tokio::io::duplex(64);
    tokio::spawn(serve(Arc::clone(state), server, Protection::None, None, Place::none()));
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(&vec![b'x'; bytes]).await.unwrap();
    client
}

#[tokio::test(start_paused = true)]
async fn a_file_that_nobody_may_upload_is_refused_before_it_is_read() {
    let state = state();
    let length = "Host: x\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n";
    for (line, status) in [
        ("PUT /media-store/guess/1", "403"),
        ("PUT /media-store/guess", "404"),
        ("POST /api/v1/media/", "401"),
    ] {
        let head = format!("{line} HTTP/1.1\r\n{length}");
        let said = said(&state, head.as_bytes()).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_uploads_keep_no_other_upload_waiting_and_the_slowest_makes_room() {
    let state = state();
    state.with_media(|store| {
        let owner = UserId::new("u1").unwrap();
        store.begin("s".into(), owner, "t".into(), "x/y".into(), 20);
    });
    let head = |part| {
        format!("PUT /media-store/s/{part} HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n")
    };
    let mut slow = Vec::new();
    for part in 1..=8 {
        slow.push(begun(&state, &head(part), 220_000).await);
    }
    let mut whole = head(9).replace("900000", "900000\r\nConnection: close");
    whole.push_str(&"x".repeat(900_000));
    let said = said(&state, whole.as_bytes()).await;
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
    let mut answer = [0; 12];
    slow[0].read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 503");
    let bytes = state.with_media(|store| store.bytes());
    assert!(bytes <= state.limits.media, "{bytes}");
}

#[tokio::test(start_paused = true)]
async fn the_slowest_request_is_refused_when_unfinished_ones_take_all_the_room() {
    let state = state();
    let head = "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n";
    let mut slow = begun(&state, head, 90_000).await;
    let endless = format!("GET /{} HTTP/1.1\r\nX: ", "x".repeat(30_000));
    let _heads = [begun(&state, &endless, 10_000).await];
    let whole = head.replace("200000", "100000\r\nConnection: close");
    let whole = whole + &"x".repeat(100_000);
    let said = said(&state, whole.as_bytes()).await;
    assert!(said.contains(r#""status":400"#), "{said}");
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 503");
    assert!(state.reading.held() <= state.limits.reading);
}

#[tokio::test(start_paused = true)]
async fn answers_that_nobody_reads_are_bounded_together() {
    let mut limits = Memory::DEFAULT_LIMITS;
    limits.answers = 10;
    let core = Core::new(settings(), [1; 32]).unwrap();
    let addresses = Addresses::plain("127.0.0.1:1".parse().unwrap());
    let lifetime = Duration::from_secs(60);
    let admission = Admission::new(Limits::default());
    let state = Arc::new(ServerState::new(core, [2; 64], addresses, limits, admission, lifetime));
    let request = b"GET /licence.js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let said = said(&state, request).await;
    assert!(said.starts_with("HTTP/1.1 503 "), "{said}");
    assert_eq!(state.answers.held(), 0);
}

#[tokio::test]
async fn a_fault_can_hit_the_handshake_of_xmpp() {
    let state = state();
    let fault = RequestFault::HttpStatus(StatusCode::SERVICE_UNAVAILABLE);
    state.faults.add("/websocket", 1, fault);
    let (mut client, server) = tokio::io::duplex(4096);
    tokio::spawn(serve(state, server, Protection::None, None, Place::none()));
    let request = b"GET /websocket HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    client.write_all(request).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
}
