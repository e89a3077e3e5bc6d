//! Uploads and downloads at the URLs of a store.

use bytes::Bytes;
use http::{Method, Response};
use mfly_api::endpoint::{media_commit, media_download, media_part};
use mfly_api::envelope::RawResponse;
use mfly_api::request::http_request;
use mfly_api::{ApiError, BaseUrl, Endpoint, FileToken};

#[test]
fn a_range_is_requested_without_token_and_bounded_by_its_length() {
    let url = "https://store.example.com/dl/FTOK";
    let request = media_download::RangeRequest::new(url, 0, 5_242_879).unwrap();
    let base_url = BaseUrl::new("https://api.example.com").unwrap();
    let sent = http_request(&request, &base_url, None).unwrap();
    assert_eq!((sent.method(), sent.uri().path()), (&Method::GET, "/dl/FTOK"));
    assert_eq!(sent.headers()["range"], "bytes=0-5242879");
    assert_eq!(request.limits().max_bytes, 5_242_880);
    let commit = media_commit::UrlRequest::new(url);
    let sent = http_request(&commit, &base_url, None).unwrap();
    assert_eq!(sent.headers()["content-type"], "application/x-www-form-urlencoded");
}

#[test]
fn a_range_is_not_read_from_a_store_that_sends_another_or_ignores_ranges() {
    let sent = |status: u16, first, content_range: &str| {
        let response = Response::builder().status(status).header("content-range", content_range);
        let answer = RawResponse::new("/dl", response.body(Bytes::from_static(b"ab")).unwrap());
        media_download::RangeRequest::new("https://x.test/dl", first, first + 1)
            .unwrap()
            .decode(answer)
    };
    assert_eq!(sent(206, 4, "bytes 4-5/9").unwrap().total, Some(9));
    assert_eq!(sent(206, 4, "bytes 4-5/*").unwrap().total, None);
    for other in ["bytes 0-1/9", "bytes 5-6/9"] {
        let refused = sent(206, 4, other);
        assert!(matches!(refused, Err(ApiError::Decode { .. })), "{other}");
    }
    let range = |status, first| sent(status, first, "bytes 0-1/9");
    assert!(range(200, 0).is_ok());
    assert!(matches!(range(200, 4), Err(ApiError::Decode { .. })));
    assert!(matches!(range(403, 4), Err(ApiError::Http { status: 403, .. })));
}

#[test]
fn a_refused_download_is_not_taken_for_a_file_but_a_json_file_is_one() {
    let download = |body: &'static str| {
        let response =
            Response::builder().header("content-type", "application/json; charset=utf-8");
        let answer = RawResponse::new(
            "/media/",
            response.body(Bytes::from_static(body.as_bytes())).unwrap(),
        );
        media_download::Request::new(FileToken::new("t").unwrap()).decode(answer)
    };
    let refusal = r#"{"status":404,"message":"no such file"}"#;
    assert!(matches!(download(refusal), Err(ApiError::Refused { status: 404, .. })));
    for file in [r#"{"a":1}"#, "[]", "{"] {
        assert_eq!(download(file).unwrap(), file);
    }
}

#[test]
fn an_upload_url_that_is_not_absolute_is_refused() {
    let base_url = BaseUrl::new("https://api.example.com").unwrap();
    for url in ["", "/logout", "//x.test/p", "ftp://x.test/p", "p1"] {
        let request = media_part::Request::new(url, Bytes::new()).unwrap();
        assert!(http_request(&request, &base_url, None).is_err(), "{url:?}");
    }
}
