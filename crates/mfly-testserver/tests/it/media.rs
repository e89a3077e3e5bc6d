use crate::client::{Client, Reply, alice, path, start_with, upload_in};
use bytes::Bytes;
use mfly_api::multipart::Multipart;
use mfly_testserver::TestServer;
use serde_json::json;

async fn upload(alice: &Client, content_type: &str, content: &'static [u8]) -> Reply {
    let (form_type, body) = Multipart::new()
        .file("file", "a.png", content_type, Bytes::from_static(content))
        .text("type", "profile")
        .text("toUser", "alice")
        .text("messageId", "")
        .write();
    alice.send("POST", "/api/v1/media/", &[("content-type", &form_type)], &body).await
}

#[tokio::test]
async fn an_uploaded_image_comes_back_with_its_type_under_both_tokens() {
    let (_server, alice) = alice().await;
    let data = upload(&alice, "image/png", b"PNG\0\xff").await.data();
    for member in ["fileToken", "fileTokenThumb"] {
        let reply = alice.get(&format!("/media/{}", data[member].as_str().unwrap())).await;
        assert_eq!((reply.http, reply.header("content-type")), (200, Some("image/png")));
        assert_eq!(reply.body, b"PNG\0\xff");
    }
}

#[tokio::test]
async fn media_needs_a_token_and_an_unknown_file_is_404() {
    let (server, alice) = alice().await;
    let stranger = Client::of(&server);
    let data = upload(&alice, "image/png", b"PNG").await.data();
    let path = format!("/media/{}", data["fileToken"].as_str().unwrap());
    assert_eq!(stranger.get(&path).await.http, 401);
    assert_eq!(upload(&stranger, "image/png", b"PNG").await.http, 401);
    assert_eq!(alice.get("/media/nothing").await.statuses(), (404, 404));
}

#[tokio::test]
async fn a_form_without_file_or_one_that_is_broken_is_refused() {
    let (_server, alice) = alice().await;
    assert_eq!(upload(&alice, "image/png", b"").await.statuses(), (200, 400));
    let headers = [("content-type", "multipart/form-data; boundary=x")];
    let reply = alice.send("POST", "/api/v1/media/", &headers, b"--x\r\nrubbish").await;
    assert_eq!(reply.statuses(), (200, 400));
}

#[tokio::test]
async fn an_upload_in_parts_can_be_read_in_ranges() {
    let (_server, alice) = alice().await;
    let data = alice.begin_upload(2).await;
    let token = data["fileToken"].as_str().unwrap();
    let stranger = alice.without_token();
    let commit = path(&data["commitUrl"]);
    assert_eq!(stranger.send("POST", commit, &[], b"").await.http, 409);
    for (part, content) in [b"hello ", b"world!"].into_iter().enumerate() {
        let url = path(&data["uploadUrls"][part]);
        let reply = stranger.send("PUT", url, &[], content).await;
        assert_eq!(reply.http, 200);
        assert!(reply.header("access-control-expose-headers").unwrap().contains("etag"));
        assert!(reply.header("etag").is_some());
    }
    assert_eq!(data["storage"], "oracle");
    assert_eq!(stranger.send("POST", commit, &[], b"").await.http, 200);

    let signing = format!("/media/generatePreAuthenticationUrlDownload?fileToken={token}");
    let url = alice.get(&signing).await.data();
    let url = path(&url);
    let range = stranger.send("GET", url, &[("range", "bytes=6-100")], b"").await;
    assert_eq!((range.http, range.header("content-range")), (206, Some("bytes 6-11/12")));
    assert_eq!(range.body, b"world!");
    let beyond = stranger.send("GET", url, &[("range", "bytes=12-")], b"").await;
    assert_eq!((beyond.http, beyond.header("content-range")), (416, Some("bytes */12")));
    let whole = stranger.send("GET", url, &[], b"").await;
    assert_eq!((whole.http, whole.body.as_slice()), (200, b"hello world!".as_slice()));
}

#[tokio::test]
async fn an_upload_can_be_committed_by_its_id_instead() {
    let (_server, client) = start_with(TestServer::builder().commit_uploads_by_id(true)).await;
    let (alice, _) = client.register("alice").await;
    let data = alice.begin_upload(2).await;
    assert_eq!((&data["storage"], &data["commitUrl"]), (&json!("aws"), &json!(null)));
    let commit =
        json!({ "fileToken": data["fileToken"], "partETags": [], "uploadId": data["uploadId"] });
    for part in 0..2 {
        assert_eq!(alice.post("/media/upload/commit", &commit).await.statuses(), (200, 400));
        alice.without_token().send("PUT", path(&data["uploadUrls"][part]), &[], b"x").await;
    }
    alice.post("/media/upload/commit", &commit).await.data();
}

#[tokio::test]
async fn a_finished_file_cannot_be_replaced_with_its_token() {
    let (_server, alice) = alice().await;
    let token = upload(&alice, "image/png", b"PNG").await.data()["fileToken"].clone();
    let mut body = upload_in(1);
    body["fileToken"] = token.clone();
    let reply = alice.post("/media/upload", &body).await;
    assert_eq!(reply.statuses(), (200, 400));
    let path = format!("/media/{}", token.as_str().unwrap());
    assert_eq!(alice.get(&path).await.body, b"PNG");
}

#[tokio::test]
async fn a_guessed_address_of_the_store_is_forbidden() {
    let (_server, alice) = alice().await;
    for method in ["GET", "PUT"] {
        let reply = alice.send(method, "/media-store/guess/1", &[], b"x").await;
        assert_eq!(reply.http, 403, "{method}");
    }
}

#[tokio::test]
async fn a_forwarded_file_has_a_token_of_its_own() {
    let (_server, alice) = alice().await;
    let token = upload(&alice, "image/png", b"PNG").await.data()["fileToken"].clone();
    let body = json!({ "medias": [
        { "fileToken": token, "messageId": "m2", "toUser": "bob", "type": "chat" }
    ] });
    let forwarded = alice.post("/media/forward", &body).await.data();
    assert_ne!(forwarded["m2"], token);
    let reply = alice.get(&format!("/media/{}", forwarded["m2"].as_str().unwrap())).await;
    assert_eq!(reply.body, b"PNG");
}
