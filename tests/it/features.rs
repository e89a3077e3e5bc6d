//! The features of the plan.

use mfly_client::{ErrorKind, Feature, MediaForm, MediaTarget, MediaUpload};
use mfly_proto::cipher::ConfigCipher;
use mfly_tests::env::user;
use mfly_tests::stub::{config, success};
use mfly_tests::{ScriptedServer, TestEnv, kind};
use mfly_testserver::TestServer;
use serde_json::json;

#[test]
fn the_flags_are_the_seventeen_of_the_official_sdk() {
    let names: Vec<_> = Feature::ALL.iter().map(|feature| feature.wire_name()).collect();
    assert_eq!(
        names.join(" "),
        "groupChat attachment imageAttachment videoAttachment audioAttachment documentAttachment \
         one2oneCall groupCall recentchatSearch starMessage clearChat deleteChat translation block \
         report deleteMessage viewAllMedias"
    );
}

#[tokio::test]
async fn a_flag_that_the_configuration_leaves_out_is_on_and_one_that_is_not_true_is_off() {
    let server = ScriptedServer::start().await;
    let mut config = config();
    config["report"] = json!(false);
    config["translation"] = json!("true");
    let sealed = ConfigCipher::new("u1").seal(&config.to_string());
    server.backend.prepare("/users/config", success(json!(sealed)));
    let (session, _events, _peer) = server.connect().await;
    for feature in Feature::ALL {
        let is_on = !matches!(feature, Feature::Report | Feature::Translation);
        assert_eq!(session.features().contains(*feature), is_on, "{feature}");
    }
}

#[tokio::test]
async fn each_kind_of_file_needs_its_own_feature() {
    for (feature, content_type) in [
        (Feature::ImageAttachment, "image/png"),
        (Feature::VideoAttachment, "video/mp4"),
        (Feature::AudioAttachment, "audio/ogg"),
        (Feature::DocumentAttachment, "application/pdf"),
    ] {
        let (env, session) = TestEnv::alice_with(TestServer::builder().disable(feature)).await;
        for other in Feature::ALL {
            assert_eq!(session.features().contains(*other), *other != feature, "{other}");
        }
        env.settle(&session).await;
        for form in [MediaForm::Whole, MediaForm::Chunked] {
            let target = MediaTarget::User(user("bob"));
            let upload = MediaUpload::new(target, "m1", "a.bin", content_type, vec![1]).form(form);
            let error = kind(session.upload_media(upload).await);
            assert_eq!(error, ErrorKind::PlanGated(feature));
        }
        env.assert_nothing_sent(&session).await;
    }
}

#[tokio::test]
async fn a_changed_plan_is_known_after_the_next_connection() {
    let (env, credentials, session) = TestEnv::alice_credentials().await;
    env.server.plan().disable(Feature::Block);
    assert!(session.features().contains(Feature::Block));
    let session = env.app.connect(&credentials).await.unwrap();
    assert!(!session.features().contains(Feature::Block));
}
