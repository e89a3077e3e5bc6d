//! Reporting users and groups.

use mfly_client::{BareJid, ErrorKind, Feature, GroupJid, ReportedMessage};
use mfly_tests::env::user;
use mfly_tests::{TestEnv, argument, kind};
use mfly_testserver::TestServer;
use serde_json::{Value, json};
use std::error::Error as _;

fn message() -> ReportedMessage {
    ReportedMessage {
        msg_id: "m1".to_owned(),
        message: "hi \"you\"".to_owned(),
        msg_type: "text".to_owned(),
        publisher_id: "bob".to_owned(),
        filename: String::new(),
        timestamp: 1_732_300_000_000,
    }
}

fn group() -> GroupJid {
    GroupJid::new("g1@mix.localhost").unwrap()
}

#[tokio::test]
async fn a_user_or_a_group_is_reported_with_messages() {
    let (env, session) = TestEnv::alice().await;
    session.report_user(&user("bob"), &[message()]).await.unwrap();
    let body = env.request_body("/moderation/report");
    assert_eq!(body["from"], "alice");
    assert_eq!(body["to"], env.address("bob").as_str());
    assert_eq!(body["chatType"], "chat");
    let data: Value = serde_json::from_str(body["data"].as_str().unwrap()).unwrap();
    assert_eq!(
        data,
        json!([{
            "msgId": "m1", "message": "hi \"you\"", "msgType": "text", "publisherId": "bob",
            "filename": "", "timestamp": 1_732_300_000_000_i64,
        }])
    );
    env.server.journal().clear();
    let without_text = ReportedMessage { message: String::new(), ..message() };
    session.report_group(&group(), &[without_text]).await.unwrap();
    let body = env.request_body("/moderation/report");
    assert_eq!(body["to"], "g1@mix.localhost");
    assert_eq!(body["chatType"], "groupchat");
}

#[tokio::test]
async fn a_plan_without_reporting_refuses_it_and_nothing_is_sent() {
    let (env, session) = TestEnv::alice_with(TestServer::builder().disable(Feature::Report)).await;
    env.settle(&session).await;
    let outcome = session.report_user(&user("bob"), &[message()]).await;
    assert_eq!(kind(outcome), ErrorKind::PlanGated(Feature::Report));
    let outcome = session.report_group(&group(), &[message()]).await;
    assert_eq!(kind(outcome), ErrorKind::PlanGated(Feature::Report));
    env.assert_nothing_sent(&session).await;
}

#[tokio::test]
async fn a_plan_that_loses_reporting_during_the_session_refuses_it_on_the_server() {
    let (env, session) = TestEnv::alice().await;
    env.server.plan().disable(Feature::Report);
    let error = session.report_user(&user("bob"), &[message()]).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::PlanGated(Feature::Report));
    assert!(error.source().is_some());
    let official = json!({"statusCode": 403, "message": "Feature unavailable for your plan"});
    assert_eq!(error.official(), official);
    env.server.plan().enable(Feature::Report);
    session.report_user(&user("bob"), &[message()]).await.unwrap();
}

#[tokio::test]
async fn an_incomplete_report_is_refused_and_nothing_is_sent() {
    let (env, session) = TestEnv::alice_settled().await;
    let refused = ("data", "Invalid data value.".to_owned());
    assert_eq!(argument(session.report_user(&user("bob"), &[]).await), refused);
    let without_id = ReportedMessage { msg_id: String::new(), ..message() };
    let messages = std::slice::from_ref(&without_id);
    assert_eq!(argument(session.report_user(&user("bob"), messages).await), refused);
    assert_eq!(argument(session.report_group(&group(), messages).await), refused);
    let not_a_user = BareJid::new("g1@mix.localhost").unwrap();
    assert_eq!(argument(session.report_user(&not_a_user, &[message()]).await).0, "toUserJid");
    assert!(GroupJid::new("bob@localhost").is_err());
    env.assert_nothing_sent(&session).await;
}
