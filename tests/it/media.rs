//! Files of messages: upload, download and encryption.

use mfly_client::{
    ErrorKind, FileKey, FileToken, GroupJid, MediaForm, MediaReference, MediaTarget, MediaUpload,
    Progress, Session, UploadedMedia,
};
use mfly_tests::env::{refused_status, user};
use mfly_tests::stub::success;
use mfly_tests::{ScriptedServer, TestEnv, argument, kind};
use mfly_testserver::TestServer;
use serde_json::json;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// The largest part of a file in the chunked form.
const PART: usize = 5 * 1024 * 1024;

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index % 251) as u8).collect()
}

fn upload(len: usize, form: MediaForm) -> MediaUpload {
    let target = MediaTarget::User(user("bob"));
    MediaUpload::new(target, "m1", "photo.png", "image/png", bytes(len)).form(form)
}

/// A file of 1000 bytes that `alice` has uploaded.
async fn uploaded(form: MediaForm) -> (TestEnv, Session, UploadedMedia) {
    let (env, session) = TestEnv::alice().await;
    let media = session.upload_media(upload(1000, form)).await.unwrap();
    (env, session, media)
}

const FORMS: [MediaForm; 2] = [MediaForm::Whole, MediaForm::Chunked];

#[tokio::test]
async fn a_sealed_file_has_its_own_key_and_comes_back_unchanged_in_either_form_and_at_any_length() {
    let (_env, session, bob) = TestEnv::alice_and_bob().await;
    let mut keys = HashSet::new();
    assert!(session.media_encryption(), "the default");
    for form in FORMS {
        for len in [1, 15, 16, 17, 1000] {
            let media = session.upload_media(upload(len, form)).await.unwrap();
            assert_eq!((media.plain_len, media.form), (len as u64, form));
            assert!(keys.insert(media.file_key.as_ref().unwrap().expose().to_owned()));
            let opened = bob.download_media(&media.reference()).await.unwrap();
            assert!(opened == bytes(len), "{form:?} of {len} bytes");
        }
    }
}

#[tokio::test]
async fn the_stored_form_of_a_sealed_file_does_not_show_its_content() {
    for form in FORMS {
        let (_env, session, media) = uploaded(form).await;
        let stored = MediaReference::new(media.file_token.clone(), None).form(form);
        let stored = session.download_media(&stored).await.unwrap();
        assert_eq!(stored.len() as u64, media.stored_len);
        let part = &bytes(1000)[100..132];
        assert!(!stored.windows(32).any(|window| window == part), "{form:?}");
    }
}

#[tokio::test]
async fn with_encryption_off_the_file_is_stored_as_it_is() {
    let (_env, session) = TestEnv::alice().await;
    session.set_media_encryption(false);
    assert!(!session.media_encryption());
    for form in FORMS {
        let media = session.upload_media(upload(1000, form)).await.unwrap();
        assert_eq!(media.file_key, None);
        assert_eq!((media.plain_len, media.stored_len), (1000, 1000));
        assert!(session.download_media(&media.reference()).await.unwrap() == bytes(1000));
    }
    session.set_media_encryption(true);
    assert!(session.upload_media(upload(10, MediaForm::Whole)).await.unwrap().file_key.is_some());
}

#[tokio::test]
async fn a_large_file_is_sent_in_parts_with_its_progress() {
    let (env, session) = TestEnv::alice().await;
    session.set_media_encryption(false);
    let len = PART + 1000;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let steps = seen.clone();
    let progress = Progress::new(move |sent, total| steps.lock().unwrap().push((sent, total)));
    let media =
        session.upload_media(upload(len, MediaForm::Chunked).progress(progress)).await.unwrap();
    let seen = seen.lock().unwrap().clone();
    assert!(seen.iter().all(|(sent, total)| *total == len as u64 && sent <= total), "{seen:?}");
    assert!(seen.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{seen:?}");
    assert_eq!(seen.last().unwrap().0, len as u64);
    let mut parts = env.server.journal().requests();
    parts.retain(|request| request.method == "PUT");
    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|part| part.user.is_none()), "a store gets no token: {parts:?}");
    let mut opened = Vec::new();
    let written = session.download_media_to(&media.reference(), &mut opened).await.unwrap();
    assert_eq!(written, len as u64);
    assert!(opened == bytes(len));
}

#[tokio::test]
async fn the_upload_for_a_group_names_the_group() {
    let (env, session) = TestEnv::alice().await;
    let group = MediaTarget::Group(GroupJid::new("g1@mix.localhost").unwrap());
    for form in FORMS {
        let upload = MediaUpload::new(group.clone(), "m1", "a.pdf", "application/pdf", bytes(10));
        let media = session.upload_media(upload.form(form)).await.unwrap();
        assert!(session.download_media(&media.reference()).await.unwrap() == bytes(10));
    }
    let start = &env.server.journal().requests_to("/media/upload")[0];
    assert!(start.body.contains("g1") && start.body.contains("pdf"), "{}", start.body);
}

#[tokio::test]
async fn an_empty_file_is_refused_and_nothing_is_sent() {
    let (env, session) = TestEnv::alice_settled().await;
    for form in FORMS {
        assert_eq!(argument(session.upload_media(upload(0, form)).await).0, "file");
    }
    env.assert_nothing_sent(&session).await;
}

#[tokio::test]
async fn a_wrong_key_is_an_error_and_not_a_wrong_file() {
    let (_env, session, media) = uploaded(MediaForm::Whole).await;
    let mut reference = media.reference();
    reference.file_key = Some(FileKey::from_random([7; 64]));
    assert_eq!(kind(session.download_media(&reference).await), ErrorKind::Media);
}

#[tokio::test]
async fn a_file_that_does_not_exist_is_not_found() {
    let (_env, session) = TestEnv::alice().await;
    for form in FORMS {
        let missing = MediaReference::new(FileToken::new("missing").unwrap(), None).form(form);
        let error = session.download_media(&missing).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::FileNotAvailable, "{form:?}");
        // The official SDK reports the server's code for parts, and 500 for a whole file.
        let official = if form == MediaForm::Chunked { 400 } else { 500 };
        assert_eq!(error.status_code(), official, "{form:?}");
    }
}

/// The paths of the commits.
fn commits(env: &TestEnv) -> Vec<String> {
    let requests = env.server.journal().requests().into_iter();
    let paths = requests.filter(|request| request.method == "POST").map(|request| request.path);
    paths.filter(|path| path.contains("commit") || path.starts_with("/media-store/")).collect()
}

#[tokio::test]
async fn several_parts_are_committed_as_the_store_demands_and_a_single_one_is_not() {
    for by_id in [true, false] {
        let builder = TestServer::builder().commit_uploads_by_id(by_id);
        let (env, session) = TestEnv::alice_with(builder).await;
        let media = session.upload_media(upload(1000, MediaForm::Chunked)).await.unwrap();
        assert_eq!(commits(&env), Vec::<String>::new());
        assert!(session.download_media(&media.reference()).await.unwrap() == bytes(1000));
        session.upload_media(upload(PART + 1, MediaForm::Chunked)).await.unwrap();
        let commits = commits(&env);
        assert_eq!(commits.len(), 1, "{commits:?}");
        assert_eq!(commits[0] == "/media/upload/commit", by_id, "{commits:?}");
    }
}

#[tokio::test]
async fn a_failed_commit_fails_the_upload() {
    let builder = TestServer::builder().commit_uploads_by_id(true);
    let (env, session) = TestEnv::alice_with(builder).await;
    env.server.fault().request("/media/upload/commit").refuse(500, "lost it");
    let outcome = session.upload_media(upload(PART + 1, MediaForm::Chunked)).await;
    assert_eq!(refused_status(outcome), 500);
}

#[tokio::test]
async fn a_failed_writer_fails_the_download() {
    let (_env, session, media) = uploaded(MediaForm::Whole).await;
    let (writer, reader) = tokio::io::duplex(1);
    drop(reader);
    assert_eq!(kind(session.download_media_to(&media.reference(), writer).await), ErrorKind::Media);
}

#[tokio::test]
async fn a_file_address_of_clear_text_is_not_used() {
    let (server, session, _events, _peer) = ScriptedServer::connected().await;
    let store = "http://store.example.test:8080";
    let url = format!("{store}/FTOK?signature=s3cret");
    let started = json!({"fileToken": "FTOK", "uploadId": "UP1", "uploadUrls": [url]});
    server.backend.prepare("/media/upload", success(started));
    let path = "/media/generatePreAuthenticationUrlDownload";
    server.backend.prepare(path, success(json!(url)));
    let up = session.upload_media(upload(9, MediaForm::Chunked)).await.unwrap_err();
    let reference = MediaReference::new(FileToken::new("FTOK").unwrap(), None);
    let down = session.download_media(&reference).await.unwrap_err();
    for error in [up, down] {
        let ErrorKind::Cleartext { origin } = error.kind() else {
            panic!("{error:?}");
        };
        assert_eq!(origin.to_string(), store);
        assert!(!format!("{error:?} {error}").contains("s3cret"), "{error:?}");
    }
    assert!(server.backend.sent().iter().all(|sent| sent.path != "/FTOK"));
}
