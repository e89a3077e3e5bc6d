//! Sending feedback, end to end.

use mfly_client::ErrorKind;
use mfly_tests::{TestEnv, argument, kind};
use serde_json::json;

#[tokio::test]
async fn title_and_description_arrive() {
    let (env, session) = TestEnv::alice().await;
    let (title, description) = ("Colours", "More of them, \"please\" \u{1f308}");
    session.send_feedback(title, description).await.unwrap();
    let body = env.request_body("/moderation/feedback");
    assert_eq!(body, json!({"title": title, "description": description}));
}

#[tokio::test]
async fn an_empty_text_is_refused_by_its_name_and_nothing_is_sent() {
    let (env, session) = TestEnv::alice_settled().await;
    for (title, description, name) in [("", "d", "title"), ("t", "", "description")] {
        let refused = argument(session.send_feedback(title, description).await);
        assert_eq!(refused, (name, format!("{name} is not valid or required")));
    }
    env.assert_nothing_sent(&session).await;
}

#[tokio::test]
async fn a_refusal_carries_the_servers_message() {
    let (env, session) = TestEnv::alice().await;
    env.server.fault().request("/moderation/feedback").refuse(422, "Too long");
    let error = session.send_feedback("t", "d").await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Refused { status: 422, message: "Too long".to_owned() });
    assert_eq!(error.official(), json!({"statusCode": 422, "message": "Too long"}));
}

#[tokio::test]
async fn a_session_that_has_ended_sends_no_feedback() {
    let (env, session) = TestEnv::alice().await;
    session.close().await;
    let error = kind(session.send_feedback("t", "d").await);
    assert!(matches!(error, ErrorKind::Ended(_)), "{error:?}");
    assert_eq!(env.request_count("/moderation/feedback"), 0);
}
