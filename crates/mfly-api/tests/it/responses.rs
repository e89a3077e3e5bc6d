//! Unusual responses: with a content coding, in part, or with a delay for the next request.

use crate::script::Script;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::Response;
use mfly_api::endpoint::{config, media_download};
use mfly_api::http::EncodingProblem;
use mfly_api::{Api, ApiError, BaseUrl, FileToken};
use mfly_proto::jid::UserId;
use mfly_proto::secret::Token;
use std::io::Read;
use std::time::Duration;

fn read(mut encoder: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    encoder.read_to_end(&mut bytes).unwrap();
    bytes
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    read(GzEncoder::new(plain, Compression::fast()))
}

/// An API with one response to every request.
fn api(status: u16, headers: &[(&str, &str)], body: Vec<u8>) -> Api {
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let script = Script::new(move |_| {
        let mut response = Response::builder().status(status);
        for (name, value) in &headers {
            response = response.header(name, value);
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
async fn a_compressed_file_is_decompressed() {
    let plain = b"for your eyes".repeat(1000);
    let mut twice = gzip(&plain[..5]);
    twice.extend(gzip(&plain[5..]));
    let zlib = read(ZlibEncoder::new(&plain[..], Compression::fast()));
    let raw = read(DeflateEncoder::new(&plain[..], Compression::fast()));
    for (coding, body) in [
        ("gzip", gzip(&plain)),
        ("X-GZIP", gzip(&plain)),
        ("identity, gzip", twice),
        ("deflate", zlib),
        ("deflate", raw),
        ("identity", plain.clone()),
    ] {
        let got = api(200, &[("content-encoding", coding)], body).send(&file()).await.unwrap();
        assert_eq!(got, plain, "{coding}");
    }
}

#[tokio::test]
async fn a_compressed_json_response_is_decompressed() {
    let body = gzip(br#"{"status":403,"message":"User blocked"}"#);
    let api = api(200, &[("content-encoding", "gzip")], body);
    let error = api.send(&json()).await.unwrap_err();
    assert!(
        matches!(&error, ApiError::Refused { message, .. } if message == "User blocked"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_coding_that_cannot_be_decoded_is_named() {
    use EncodingProblem::{Damaged, Partial, Unknown};
    let cut = gzip(b"cut short")[..12].to_vec();
    for (status, header, value, body, encoding, problem) in [
        (200, "content-encoding", "br", vec![1], "br", Unknown),
        (200, "content-encoding", "gzip, zstd", vec![1], "gzip, zstd", Unknown),
        (200, "transfer-encoding", "gzip, chunked", gzip(b"x"), "gzip", Unknown),
        (206, "content-encoding", "gzip", gzip(b"x"), "gzip", Partial),
        (200, "content-encoding", "gzip", b"plain".to_vec(), "gzip", Damaged),
        (200, "content-encoding", "gzip", cut, "gzip", Damaged),
    ] {
        let error = api(status, &[(header, value)], body).send(&file()).await.unwrap_err();
        let ApiError::Encoding(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!((error.encoding.as_str(), error.problem), (encoding, problem), "{value}");
    }
}

#[tokio::test]
async fn the_decompressed_size_is_bounded() {
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
async fn a_range_is_not_taken_for_the_whole_file() {
    for status in [204, 205, 206] {
        let error = api(status, &[], b"ab".to_vec()).send(&file()).await;
        assert!(matches!(error, Err(ApiError::Decode { .. })), "{status}");
    }
}

#[tokio::test]
async fn a_range_must_have_the_length_that_its_header_states() {
    let range = media_download::RangeRequest::new("https://store.example/f", 0, 9).unwrap();
    for (header, value, is_right) in [
        ("content-range", "bytes 0-1/2", true),
        ("content-range", "bytes 0-2/3", false),
        ("content-range", "bytes 0-0/2", false),
        ("content-range", "bytes 0-18446744073709551615/2", false),
        ("content-type", "multipart/byteranges; boundary=x", false),
    ] {
        match api(206, &[(header, value)], b"ab".to_vec()).send(&range).await {
            Ok(range) => assert!(is_right && range.bytes == "ab", "{value}"),
            Err(error) => {
                assert!(!is_right && matches!(error, ApiError::Decode { .. }), "{value}")
            }
        }
    }
}

#[tokio::test]
async fn an_error_has_the_delay_of_the_header_retry_after() {
    let minute = Some(Duration::from_secs(60));
    let seconds = [("retry-after", "60")];
    let date = [
        ("date", "Wed, 21 Oct 2026 07:28:00 GMT"),
        ("retry-after", "Wed, 21 Oct 2026 07:29:00 GMT"),
    ];
    for headers in [&seconds[..], &date] {
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
