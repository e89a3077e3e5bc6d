//! A REST server that misbehaves.

use mfly_client::{App, ErrorKind, Fault, Session, Timeouts};
use mfly_tests::{TestEnv, kind, within};
use std::time::Duration;

/// Far below the patience of a test, far above what an undisturbed answer takes.
const SHORT: Duration = Duration::from_millis(200);

async fn start() -> (TestEnv, Session) {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    (env, session)
}

fn fault(env: &TestEnv) -> mfly_testserver::RequestFaults {
    env.server.fault().request("/contacts/vcard")
}

#[tokio::test]
async fn a_late_answer_is_still_an_answer() {
    let (env, session) = start().await;
    fault(&env).delay(Duration::from_millis(30));
    session.own_profile().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_never_comes_costs_no_more_than_the_deadline_of_the_request() {
    let (env, session) = start().await;
    fault(&env).silence();
    let hurried = session.with_timeout(SHORT);
    let error = within("the deadline", hurried.own_profile()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout);
    assert!(error.is_retryable());
    assert_eq!(error.fault(), Fault::Network);
    session.own_profile().await.unwrap();
}

#[tokio::test]
async fn without_one_of_its_own_the_deadline_is_that_of_the_app() {
    let env = TestEnv::start().await;
    let mut timeouts = Timeouts::default();
    timeouts.rest = SHORT;
    let app: App = TestEnv::app_of(&env.server).timeouts(timeouts).build().await.unwrap();
    let session = app.connect(&env.register("alice").await).await.unwrap();
    fault(&env).silence();
    let error = kind(within("the deadline", session.own_profile()).await);
    assert_eq!(error, ErrorKind::Timeout);
}

#[tokio::test]
async fn an_http_error_is_told_by_its_number_and_whether_to_try_again() {
    let (env, session) = start().await;
    for (status, is_retryable) in [(500, true), (503, true), (429, true), (404, false)] {
        fault(&env).http_status(status);
        let error = session.own_profile().await.unwrap_err();
        let told = match error.kind() {
            ErrorKind::Http { status } | ErrorKind::Refused { status, .. } => *status,
            other => panic!("{other:?}"),
        };
        assert_eq!((told, error.is_retryable()), (status, is_retryable));
    }
}

#[tokio::test]
async fn a_refusal_is_told_with_number_and_words() {
    let (env, session) = start().await;
    fault(&env).refuse(418, "teapot");
    let error = session.own_profile().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Refused { status: 418, message: "teapot".to_owned() });
    assert_eq!(error.status_code(), 418);
}

#[tokio::test]
async fn garbage_is_the_servers_fault() {
    let (env, session) = start().await;
    for body in ["", "not json", "[]", "{\"status\":", "<html>", "{\"status\":200,\"data\":[1]}"] {
        fault(&env).garbage(body);
        let error = session.own_profile().await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::UnexpectedAnswer, "{body}");
        assert_eq!(error.fault(), Fault::Server);
        assert!(!error.is_retryable());
    }
    session.own_profile().await.unwrap();
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let (env, session) = start().await;
    fault(&env).garbage("x".repeat(3 << 20));
    let kind = kind(session.own_profile().await);
    assert!(matches!(kind, ErrorKind::AnswerTooLarge { .. }), "{kind:?}");
    session.own_profile().await.unwrap();
}

#[tokio::test]
async fn a_connection_that_breaks_is_an_error_of_the_network() {
    let (env, session) = start().await;
    fault(&env).times(4).cut();
    let error = session.own_profile().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Network);
    assert_eq!(error.status_code(), 599);
    assert!(error.is_retryable());
    env.server.fault().clear();
    session.own_profile().await.unwrap();
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again() {
    let (env, session) = start().await;
    env.server.fault().request("/moderation/feedback").cut();
    assert_eq!(kind(session.send_feedback("t", "d").await), ErrorKind::Network);
    assert_eq!(env.server.journal().requests_to("/moderation/feedback").len(), 1);
}

#[tokio::test]
async fn the_session_does_not_suffer_with_the_rest_server() {
    let (env, session) = start().await;
    fault(&env).silence();
    let hanging = session.with_timeout(SHORT);
    let (profile, settings) =
        within("both", async { tokio::join!(hanging.own_profile(), session.settings()) }).await;
    assert_eq!(kind(profile), ErrorKind::Timeout);
    settings.unwrap();
}

#[tokio::test]
async fn a_log_in_that_is_never_answered_fails_the_connection_in_time() {
    let env = TestEnv::start().await;
    let mut timeouts = Timeouts::default();
    timeouts.rest = SHORT;
    let app = TestEnv::app_of(&env.server).timeouts(timeouts).build().await.unwrap();
    let credentials = env.register("alice").await;
    env.server.fault().request("/login").silence();
    let outcome = within("the deadline", async { app.connect(&credentials).await }).await;
    assert_eq!(kind(outcome), ErrorKind::Timeout);
}
