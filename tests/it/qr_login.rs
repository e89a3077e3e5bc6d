//! Logging in by a QR code: showing it, approving it, and ending the session.

mod approval;

use mfly_client::{
    App, ConnectionState, Credentials, EndReason, ErrorKind, Event, LicenceKey, Password, QrLogin,
    QrLoginEvent, QrLoginOptions, QrSession,
};
use mfly_tests::env::refused_status;
use mfly_tests::wait::wait_for_forced_logout;
use mfly_tests::{TestEnv, argument, expect_event, kind, within};
use mfly_testserver::{Builder, TestServer};
use std::time::Duration;

/// Waits for the next code.
async fn wait_for_code(login: &mut QrLogin) -> String {
    loop {
        match within("a code", login.next()).await.unwrap().unwrap() {
            QrLoginEvent::Code(text) => return text.as_str().to_owned(),
            QrLoginEvent::Interrupted { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn wait_for_session(login: &mut QrLogin) -> QrSession {
    match within("a session", login.next()).await.unwrap().unwrap() {
        QrLoginEvent::Connected(web) => web,
        other => panic!("{other:?}"),
    }
}

async fn wait_for_interruption(login: &mut QrLogin) {
    let event = within("the interruption", login.next()).await;
    assert!(matches!(event, Some(Ok(QrLoginEvent::Interrupted { .. }))), "{event:?}");
}

/// A server, the phone of `alice`, and a login that shows a code.
struct Shown {
    env: TestEnv,
    phone: Credentials,
    login: QrLogin,
    code: String,
}

impl Shown {
    async fn start() -> Self {
        Self::with(TestServer::builder(), |options| options).await
    }

    async fn with(builder: Builder, change: impl FnOnce(QrLoginOptions) -> QrLoginOptions) -> Self {
        let env = TestEnv::with(builder).await;
        let phone = env.register("alice").await;
        // Another app than the phone's: it does not know the configuration yet.
        let web = TestEnv::app_of(&env.server).build().await.unwrap();
        let options = QrLoginOptions::new(&env.server.signalling_url());
        let mut login = web.qr_login(change(options.delay(Duration::from_millis(10)))).unwrap();
        let code = wait_for_code(&mut login).await;
        Self { env, phone, login, code }
    }

    async fn approve(&self, code: &str) -> mfly_client::Result<mfly_client::ApprovedQr> {
        let url = self.env.server.signalling_url();
        within("the approval", self.env.app.approve_qr(&url, code, &self.phone)).await
    }

    /// Approves the current code and waits for its session.
    async fn log_in(&mut self) -> QrSession {
        let url = self.env.server.signalling_url();
        let approving = self.env.app.approve_qr(&url, &self.code, &self.phone);
        let (approved, web) = tokio::join!(approving, wait_for_session(&mut self.login));
        assert_eq!(approved.unwrap().socket_id, web.socket_id);
        assert!(self.login.next().await.is_none());
        web
    }
}

#[tokio::test]
async fn an_approved_code_connects_with_its_own_password_over_websocket_and_long_polling() {
    for polling_only in [false, true] {
        let mut shown =
            Shown::with(TestServer::builder(), |options| options.polling_only(polling_only)).await;
        let web = shown.log_in().await;
        assert_eq!(web.session.state(), ConnectionState::Connected);
        assert_eq!(web.session.user().as_str(), "alice");
        assert_eq!(web.session.qr_socket_id(), Some(web.socket_id.as_str()));
        assert_ne!(web.credentials.password, shown.phone.password);
        shown.env.app.connect(&shown.phone).await.unwrap();
        web.session.own_profile().await.unwrap();
        assert!(!format!("{web:?}").contains(web.credentials.password.expose()));
    }
}

#[tokio::test]
async fn the_phone_gets_the_names_of_browser_and_platform() {
    let named = |options: QrLoginOptions| options.browser("Kiosk 7").platform("lobby");
    let mut shown = Shown::with(TestServer::builder(), named).await;
    let url = shown.env.server.signalling_url();
    let approving = shown.env.app.approve_qr(&url, &shown.code, &shown.phone);
    let (approved, _) = tokio::join!(approving, wait_for_session(&mut shown.login));
    let approved = approved.unwrap();
    assert_eq!((approved.browser.as_str(), approved.platform.as_str()), ("Kiosk 7", "lobby"));
}

#[tokio::test]
async fn an_expired_code_is_replaced_and_refused() {
    let lifetime = Duration::from_millis(100);
    let builder = TestServer::builder().qr_code_lifetime(lifetime);
    let mut shown = Shown::with(builder, |options| options).await;
    let next = wait_for_code(&mut shown.login).await;
    assert_ne!(shown.code, next);
    assert_eq!(refused_status(shown.approve(&shown.code).await), 410);
}

#[tokio::test]
async fn a_code_of_another_licence_cannot_be_read() {
    let mut shown = Shown::start().await;
    let other = App::builder(LicenceKey::new("another").unwrap())
        .api_base_url(&shown.env.server.api_base_url())
        .build()
        .await
        .unwrap();
    shown.env.server.journal().clear();
    let url = shown.env.server.signalling_url();
    let refused = other.approve_qr(&url, &shown.code, &shown.phone).await;
    assert_eq!(argument(refused).0, "codeText");
    assert!(shown.env.server.journal().requests().is_empty());
    shown.login = other.qr_login(QrLoginOptions::new(&url)).unwrap();
    let foreign = wait_for_code(&mut shown.login).await;
    assert_eq!(argument(shown.approve(&foreign).await).0, "codeText");
}

#[tokio::test]
async fn an_approval_with_a_wrong_password_fails_and_does_not_use_up_the_code() {
    let mut shown = Shown::start().await;
    let password = std::mem::replace(&mut shown.phone.password, Password::new("wrong").unwrap());
    let refused = shown.approve(&shown.code).await;
    assert!(matches!(kind(refused), ErrorKind::InvalidCredentials { .. }));
    shown.phone.password = password;
    shown.log_in().await;
}

#[tokio::test]
async fn at_the_session_limit_the_approval_fails_and_another_code_is_shown() {
    let mut shown = Shown::with(TestServer::builder().session_limit(1), |options| options).await;
    assert_eq!(kind(shown.approve(&shown.code).await), ErrorKind::SessionLimit);
    assert_ne!(wait_for_code(&mut shown.login).await, shown.code);
}

#[tokio::test]
async fn a_failed_login_is_an_error_of_both_sides_and_another_code_is_shown() {
    let mut shown = Shown::start().await;
    shown.env.server.fault().request("/users/config").refuse(500, "not now");
    let url = shown.env.server.signalling_url();
    let (approved, failed) = tokio::join!(
        shown.env.app.approve_qr(&url, &shown.code, &shown.phone),
        within("the failure", shown.login.next())
    );
    assert_eq!(refused_status(approved), 500);
    assert!(matches!(failed, Some(Ok(QrLoginEvent::Failed(_)))));
    shown.code = wait_for_code(&mut shown.login).await;
    shown.log_in().await;
}

#[tokio::test]
async fn a_lost_signalling_connection_is_followed_by_another_code() {
    let mut shown = Shown::start().await;
    assert_eq!(shown.env.server.fault().cut_signalling(), 1);
    wait_for_interruption(&mut shown.login).await;
    let next = wait_for_code(&mut shown.login).await;
    assert_eq!(refused_status(shown.approve(&shown.code).await), 410);
    shown.code = next;
    shown.log_in().await;
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_an_error_after_the_allowed_attempts() {
    let env = TestEnv::start().await;
    let options =
        QrLoginOptions::new("http://127.0.0.1:9").attempts(2).delay(Duration::from_millis(1));
    let mut login = env.app.qr_login(options).unwrap();
    wait_for_interruption(&mut login).await;
    let error = within("the error", login.next()).await.unwrap();
    assert_eq!(kind(error), ErrorKind::Network);
    assert!(login.next().await.is_none());
}

#[tokio::test]
async fn the_phone_ends_the_session_and_no_other_user_can() {
    let mut shown = Shown::start().await;
    let web = shown.log_in().await;
    let phone = shown.env.app.connect(&shown.phone).await.unwrap();
    let bob = shown.env.connect("bob").await;
    assert_eq!(argument(phone.end_qr_session("a,b").await).0, "socketId");
    phone.end_qr_session("another-session").await.unwrap();
    bob.end_qr_session(&web.socket_id).await.unwrap();
    web.session.settings().await.unwrap();
    assert_eq!(web.session.state(), ConnectionState::Connected);
    phone.end_qr_session(&web.socket_id).await.unwrap();
    let reason = within("the end", web.session.ended()).await;
    assert_eq!(reason, EndReason::LoggedOutRemotely);
    assert_eq!(phone.state(), ConnectionState::Connected);
    let again = shown.env.app.connect(&web.credentials).await;
    assert!(matches!(kind(again), ErrorKind::InvalidCredentials { .. }));
}

#[tokio::test]
async fn a_session_restored_in_a_later_run_is_ended_by_the_push_over_xmpp() {
    let mut shown = Shown::start().await;
    let web = shown.log_in().await;
    web.session.close().await;
    let restored = shown.env.app.connect(&web.credentials).qr_socket_id(&web.socket_id);
    let restored = restored.await.unwrap();
    let mut events = restored.events();
    let phone = shown.env.app.connect(&shown.phone).await.unwrap();
    phone.end_qr_session(&web.socket_id).await.unwrap();
    expect_event!(&mut events, Event::ForcedLogout { .. } => ());
    let reason = within("the end", restored.ended()).await;
    assert_eq!(reason, EndReason::LoggedOutRemotely);
}

#[tokio::test]
async fn a_log_out_of_the_browser_is_an_event_of_the_phone_which_stays_logged_in() {
    let mut shown = Shown::start().await;
    let web = shown.log_in().await;
    let phone = shown.env.app.connect(&shown.phone).await.unwrap();
    let mut events = phone.events();
    assert!(web.session.logout().await.unwrap().server_told);
    assert_eq!(wait_for_forced_logout(&mut events).await, [web.socket_id]);
    phone.settings().await.unwrap();
}

#[tokio::test]
async fn unusable_options_are_refused_by_name() {
    let env = TestEnv::start().await;
    for url in ["", "ftp://x", "http://127.0.0.1:1/chat", "http://signalling.example.test"] {
        let refused = env.app.qr_login(QrLoginOptions::new(url));
        assert_eq!(argument(refused).0, "socketUrl", "{url}");
    }
    let long = QrLoginOptions::new(&env.server.signalling_url()).platform(&"x".repeat(2000));
    assert_eq!(argument(env.app.qr_login(long)).0, "platform");
}
