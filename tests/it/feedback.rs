//! Feedback.

use mfly_client::ErrorKind;
use mfly_tests::{TestEnv, argument, kind};
use serde_json::{Value, json};

#[tokio::test]
async fn title_and_description_arrive() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    session.send_feedback("Colours", "More of them, \"please\" \u{1f308}").await.unwrap();
    let request = &env.server.journal().requests_to("/moderation/feedback")[0];
    assert_eq!((request.method.as_str(), request.user.as_deref()), ("POST", Some("alice")));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        body,
        json!({"title": "Colours", "description": "More of them, \"please\" \u{1f308}"})
    );
}

#[tokio::test]
async fn an_empty_text_is_refused_by_its_name_and_nothing_is_sent() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.settle(&session).await;
    for (title, description, name) in [("", "d", "title"), ("t", "", "description")] {
        let refused = argument(session.send_feedback(title, description).await);
        assert_eq!(refused, (name, format!("{name} is not valid or required")));
    }
    env.assert_nothing_sent(&session).await;
}

#[tokio::test]
async fn a_refusal_carries_the_servers_words() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.server.fault().request("/moderation/feedback").refuse(422, "Too long");
    let error = session.send_feedback("t", "d").await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Refused { status: 422, message: "Too long".to_owned() });
    assert_eq!(error.official(), json!({"statusCode": 422, "message": "Too long"}));
}

#[tokio::test]
async fn a_session_that_is_over_sends_none() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    session.close().await;
    let error = kind(session.send_feedback("t", "d").await);
    assert!(matches!(error, ErrorKind::Ended(_)), "{error:?}");
    assert!(env.server.journal().requests_to("/moderation/feedback").is_empty());
}
