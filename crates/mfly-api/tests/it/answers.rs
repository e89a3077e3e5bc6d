//! Answers that are not what was asked for: encoded, in part, cut short, or a request to wait.

use crate::hyper::{read_request, request};
use crate::script::Script;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::{Method, Response};
use mfly_api::endpoint::{config, media_download};
use mfly_api::http::{EncodingProblem, HttpBackend, HttpError, ResponseLimits};
use mfly_api::hyper::{HyperBackend, Timeouts};
use mfly_api::{Api, ApiError, BaseUrl, FileToken};
use mfly_proto::jid::UserId;
use mfly_proto::secret::Token;
use mfly_transport::Tls;
use std::io::Read;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

type Headers = &'static [(&'static str, &'static str)];

fn read(mut encoder: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    encoder.read_to_end(&mut bytes).unwrap();
    bytes
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    read(GzEncoder::new(plain, Compression::fast()))
}

/// An API whose every answer is this one.
fn api(status: u16, headers: Headers, body: Vec<u8>) -> Api {
    let script = Script::new(move |_| {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        Ok(response.body(Bytes::from(body.clone())).unwrap())
    });
    let api = Api::new(script, BaseUrl::new("https://api.example/v1").unwrap());
    api.set_token(Token::new("t").unwrap());
    api
}

fn file() -> media_download::Request {
    media_download::Request::new(FileToken::new("FTOK").unwrap())
}

fn json() -> config::Request {
    config::Request::new(UserId::new("alice").unwrap())
}

#[tokio::test]
async fn a_file_that_comes_compressed_is_the_file() {
    let plain = b"for your eyes".repeat(1000);
    let mut twice = gzip(&plain[..5]);
    twice.extend(gzip(&plain[5..]));
    let cases: [(Headers, _); 6] = [
        (&[("content-encoding", "gzip")], gzip(&plain)),
        (&[("content-encoding", "X-GZIP")], gzip(&plain)),
        (&[("content-encoding", "identity, gzip")], twice),
        (
            &[("content-encoding", "deflate")],
            read(ZlibEncoder::new(&plain[..], Compression::fast())),
        ),
        (
            &[("content-encoding", "deflate")],
            read(DeflateEncoder::new(&plain[..], Compression::fast())),
        ),
        (&[("content-encoding", "identity")], plain.clone()),
    ];
    for (headers, body) in cases {
        let got = api(200, headers, body).send(&file()).await.unwrap();
        assert_eq!(got, plain, "{headers:?}");
    }
}

#[tokio::test]
async fn a_json_answer_that_comes_compressed_is_read() {
    let body = gzip(br#"{"status":403,"message":"User blocked"}"#);
    let api = api(200, &[("content-encoding", "gzip")], body);
    let error = api.send(&json()).await.unwrap_err();
    assert!(
        matches!(&error, ApiError::Refused { message, .. } if message == "User blocked"),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_encoding_that_cannot_be_undone_is_named() {
    type Case = (u16, Headers, Vec<u8>, &'static str, EncodingProblem);
    let cases: [Case; 6] = [
        (200, &[("content-encoding", "br")], vec![1], "br", EncodingProblem::Unknown),
        (
            200,
            &[("content-encoding", "gzip, zstd")],
            vec![1],
            "gzip, zstd",
            EncodingProblem::Unknown,
        ),
        (
            200,
            &[("transfer-encoding", "gzip, chunked")],
            gzip(b"x"),
            "gzip",
            EncodingProblem::Unknown,
        ),
        (206, &[("content-encoding", "gzip")], gzip(b"x"), "gzip", EncodingProblem::Partial),
        (200, &[("content-encoding", "gzip")], b"plain".to_vec(), "gzip", EncodingProblem::Damaged),
        (
            200,
            &[("content-encoding", "gzip")],
            gzip(b"cut short")[..12].to_vec(),
            "gzip",
            EncodingProblem::Damaged,
        ),
    ];
    for (status, headers, body, encoding, problem) in cases {
        let error = api(status, headers, body).send(&file()).await.unwrap_err();
        let ApiError::Encoding(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!((error.encoding.as_str(), error.problem), (encoding, problem));
    }
}

#[tokio::test]
async fn what_a_compressed_answer_becomes_is_bounded() {
    let limit = 100_000;
    for (len, fits) in [(limit, true), (limit + 1, false), (100 * limit, false)] {
        let body = gzip(&vec![0; len]);
        assert!(body.len() < limit);
        let api = api(200, &[("content-encoding", "gzip")], body);
        match api.send(&file().max_bytes(limit)).await {
            Ok(file) => assert!(fits && file.len() == limit, "{len}"),
            Err(error) => {
                assert!(!fits && matches!(error, ApiError::TooLarge { .. }), "{error:?}");
            }
        }
    }
    // JSON has a limit of its own.
    let bomb = api(200, &[("content-encoding", "gzip")], gzip(&vec![b' '; 1 << 21]));
    let error = bomb.send(&json()).await.unwrap_err();
    assert!(matches!(error, ApiError::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn no_part_is_taken_for_the_whole_file() {
    for status in [204, 205, 206] {
        let error = api(status, &[], b"ab".to_vec()).send(&file()).await;
        assert!(matches!(error, Err(ApiError::Decode { .. })), "{status}");
    }
}

#[tokio::test]
async fn a_range_has_the_length_that_it_claims() {
    let range = media_download::RangeRequest::new("https://store.example/f", 0, 9).unwrap();
    let sent = |headers, body: &'static [u8]| api(206, headers, body.to_vec());
    let right = sent(&[("content-range", "bytes 0-1/2")], b"ab");
    assert_eq!(right.send(&range).await.unwrap().bytes, "ab");
    let lies: [(Headers, &'static [u8]); 4] = [
        (&[("content-range", "bytes 0-2/3")], b"ab"),
        (&[("content-range", "bytes 0-0/2")], b"ab"),
        (&[("content-range", "bytes 0-18446744073709551615/2")], b"ab"),
        (&[("content-type", "multipart/byteranges; boundary=x")], b"--x"),
    ];
    for (headers, body) in lies {
        let result = sent(headers, body).send(&range).await;
        assert!(matches!(result, Err(ApiError::Decode { .. })), "{headers:?}");
    }
}

#[tokio::test]
async fn the_delay_that_a_server_asks_for_is_in_the_error() {
    let minute = Some(Duration::from_secs(60));
    let seconds: Headers = &[("retry-after", "60")];
    let date: Headers = &[
        ("date", "Wed, 21 Oct 2026 07:28:00 GMT"),
        ("retry-after", "Wed, 21 Oct 2026 07:29:00 GMT"),
    ];
    for headers in [seconds, date] {
        for status in [429, 503] {
            let error = api(status, headers, vec![]).send(&json()).await.unwrap_err();
            assert_eq!(error.retry_after(), minute, "{status} {headers:?}");
        }
        let body = br#"{"status":429,"message":"Slow down"}"#.to_vec();
        let error = api(200, headers, body).send(&json()).await.unwrap_err();
        assert_eq!(error.retry_after(), minute, "{headers:?}");
    }
    let error = api(503, &[("retry-after", "9999999999")], vec![]);
    let error = error.send(&json()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(mfly_proto::retry_after::MAX_RETRY_AFTER));
    let error = api(503, &[], vec![]).send(&json()).await.unwrap_err();
    assert_eq!(error.retry_after(), None);
}

#[tokio::test]
async fn a_body_that_ends_before_its_length_is_no_answer() {
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            read_request(&mut socket).await;
            socket.write_all(head.as_bytes()).await.unwrap();
            listener
        });
        let backend = HyperBackend::new(&Tls::platform(), Timeouts::default());
        let sent = request(Method::GET, &url, Bytes::new());
        let result = backend.send(sent, ResponseLimits::JSON).await;
        assert!(matches!(result, Err(HttpError::Closed { .. })), "{result:?}");
        server.await.unwrap();
    }
}
