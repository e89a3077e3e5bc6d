//! REST servers that fail in different ways.

use mfly_client::{ErrorKind, Fault, Timeouts};
use mfly_tests::{TestEnv, kind, within};
use mfly_testserver::RequestFaults;
use std::time::Duration;

/// Far below [`mfly_tests::DEADLINE`], far above the time that an undisturbed answer takes.
const SHORT: Duration = Duration::from_millis(200);

fn fault(env: &TestEnv) -> RequestFaults {
    env.server.fault().request("/contacts/vcard")
}

#[tokio::test]
async fn each_fault_has_its_kind_of_error_and_the_session_goes_on() {
    let (env, session) = TestEnv::alice().await;
    fault(&env).delay(Duration::from_millis(30));
    session.own_profile().await.expect("a late answer is an answer");
    let unexpected = |name| (name, ErrorKind::UnexpectedAnswer, false);
    let http = |status| ErrorKind::Http { status };
    let refused =
        |status, message: &str| ErrorKind::Refused { status, message: message.to_owned() };
    for (fault_name, expected, is_retryable) in [
        ("503", http(503), true),
        ("404", http(404), false),
        ("refuse", refused(418, "teapot"), false),
        ("cut", ErrorKind::Network, true),
        unexpected(""),
        unexpected("not json"),
        unexpected("[]"),
        unexpected("{\"status\":"),
        unexpected("<html>"),
        unexpected("{\"status\":200,\"data\":[1]}"),
    ] {
        match fault_name {
            "503" => fault(&env).http_status(503),
            "404" => fault(&env).http_status(404),
            "refuse" => fault(&env).refuse(418, "teapot"),
            "cut" => fault(&env).times(4).cut(),
            body => fault(&env).garbage(body),
        }
        let error = session.own_profile().await.unwrap_err();
        let found = (error.kind(), error.is_retryable());
        assert_eq!(found, (&expected, is_retryable), "{fault_name}");
        env.server.fault().clear();
    }
    fault(&env).garbage("x".repeat(3 << 20));
    let kind = kind(session.own_profile().await);
    assert!(matches!(kind, ErrorKind::AnswerTooLarge { .. }), "{kind:?}");
    session.own_profile().await.unwrap();
}

#[tokio::test]
async fn a_missing_answer_costs_no_more_than_the_deadline_of_the_handle_and_no_xmpp() {
    let (env, session) = TestEnv::alice().await;
    fault(&env).silence();
    let hurried = session.with_timeout(SHORT);
    let (profile, settings) =
        within("both", async { tokio::join!(hurried.own_profile(), session.settings()) }).await;
    let error = profile.unwrap_err();
    assert_eq!((error.kind(), error.fault()), (&ErrorKind::Timeout, Fault::Network));
    assert!(error.is_retryable());
    settings.unwrap();
    session.own_profile().await.unwrap();
}

#[tokio::test]
async fn a_missing_answer_costs_no_more_than_the_deadline_of_the_app() {
    let env = TestEnv::start().await;
    let mut timeouts = Timeouts::default();
    timeouts.rest = SHORT;
    let session = env.alice_of(|app| app.timeouts(timeouts)).await;
    fault(&env).silence();
    let error = kind(within("the deadline", session.own_profile()).await);
    assert_eq!(error, ErrorKind::Timeout);

    let app = TestEnv::app_of(&env.server).timeouts(timeouts).build().await.unwrap();
    let credentials = env.register("alice").await;
    env.server.fault().request("/login").silence();
    let outcome = within("the deadline", async { app.connect(&credentials).await }).await;
    assert_eq!(kind(outcome), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_request_that_may_have_been_processed_is_not_repeated() {
    let (env, session) = TestEnv::alice().await;
    env.server.fault().request("/moderation/feedback").cut();
    assert_eq!(kind(session.send_feedback("t", "d").await), ErrorKind::Network);
    assert_eq!(env.request_count("/moderation/feedback"), 1);
}
