//! No secret is shown in logs, `Debug` output, errors or the journal.

use mfly_client::{
    App, Credentials, Error, MediaForm, MediaTarget, MediaUpload, Password, ProfileImage,
    ProfileUpdate, Token, UserIdentifier,
};
use mfly_tests::TestEnv;
use mfly_tests::env::user;
use mfly_tests::raw::auth;
use mfly_testserver::TestServer;
use std::error::Error as StdError;
use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex};
use tracing::subscriber::DefaultGuard;

/// The log of a thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Collects the log from now on, until the guard is dropped.
fn start_log() -> (Log, DefaultGuard) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

fn text(log: &Log) -> String {
    String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned()
}

/// Secrets, and all texts that were shown.
#[derive(Default)]
struct Watch {
    secrets: Vec<(&'static str, String)>,
    shown: Vec<(&'static str, String)>,
}

impl Watch {
    fn secret(&mut self, name: &'static str, value: impl Into<String>) {
        self.secrets.push((name, value.into()));
    }

    fn show(&mut self, what: &'static str, value: &impl Debug) {
        self.shown.push((what, format!("{value:?}")));
        self.shown.push((what, format!("{value:#?}")));
    }

    fn show_error(&mut self, what: &'static str, error: &Error) {
        self.show(what, error);
        self.shown.push((what, error.official().to_string()));
        let mut next: Option<&dyn StdError> = Some(error);
        while let Some(error) = next {
            self.shown.push((what, error.to_string()));
            next = error.source();
        }
    }

    /// Fails if any text shows a secret.
    fn check(&self) {
        for (what, text) in &self.shown {
            for (name, secret) in &self.secrets {
                assert!(!text.contains(secret.as_str()), "{what} shows the {name}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn neither_logs_nor_debug_output_nor_errors_nor_the_journal_show_a_secret() {
    let (log, _guard) = start_log();
    let mut watch = Watch::default();

    let env = TestEnv::start().await;
    watch.secret("licence key", env.server.licence_key().expose());
    let register = env.app.register(&UserIdentifier::new("alice").unwrap());
    watch.show("registration", &register);
    let account = register.await.unwrap();
    let credentials = account.credentials.clone();
    watch.secret("password", credentials.password.expose());
    watch.show("account", &account);
    watch.show("credentials", &credentials);
    watch.show("app", &env.app);

    let connect = env.app.connect(&credentials);
    watch.show("connection request", &connect);
    let mut events = connect.events();
    let session = connect.await.unwrap();
    watch.secret("token", session.user_token().await.unwrap().expose());
    watch.show("session", &session);

    let update = ProfileUpdate::new().nick_name("Alice").email("alice@example.com");
    session.update_profile(update).await.unwrap();
    let file = ProfileImage::File {
        name: "me.png".to_owned(),
        content_type: "image/png".to_owned(),
        bytes: b"content-of-the-image".to_vec().into(),
    };
    watch.secret("image", "content-of-the-image");
    watch.show("image", &file);
    session.set_profile_image(file).await.unwrap();
    for form in [MediaForm::Whole, MediaForm::Chunked] {
        let content = b"content-of-the-file".to_vec();
        let target = MediaTarget::User(user("bob"));
        let upload = MediaUpload::new(target, "m1", "a.pdf", "application/pdf", content).form(form);
        watch.show("upload", &upload);
        let media = session.upload_media(upload).await.unwrap();
        watch.secret("file key", media.file_key.as_ref().unwrap().expose());
        watch.show("uploaded file", &media);
        watch.show("reference to a file", &media.reference());
        session.download_media(&media.reference()).await.unwrap();
    }
    watch.secret("file", "content-of-the-file");

    // Failures on every layer.
    let wrong = Credentials::new(user("alice"), Password::new("wrong-password-123").unwrap());
    watch.secret("wrong password", "wrong-password-123");
    let error = env.app.connect(&wrong).await.unwrap_err();
    watch.show_error("a refused log-in", &error);
    session.set_user_token(Token::new("refused.token.string").unwrap());
    watch.secret("refused token", "refused.token.string");
    env.server.fault().request("/login").refuse(400, "Invalid Credentials");
    watch.show_error("a refused renewal", &session.own_profile().await.unwrap_err());
    session.own_profile().await.unwrap();
    watch.secret("second token", session.user_token().await.unwrap().expose());
    env.server.fault().request("/contacts/vcard").garbage("no json");
    watch.show_error("garbage", &session.own_profile().await.unwrap_err());
    env.server.fault().request("/contacts/vcard").times(4).cut();
    watch.show_error("a cut connection", &session.own_profile().await.unwrap_err());
    env.server.fault().clear();
    watch.show_error("a refused request", &session.block(&user("nobody")).await.unwrap_err());

    env.server.fault().connections_of("alice").send("<not xml");
    session.logout().await.unwrap();
    while let Some(event) = events.next().await {
        watch.show("event", &event);
    }
    watch.show("server", &env.server);
    watch.show("journal", &env.server.journal().entries());
    let logged = text(&log);
    assert!(logged.len() > 1000, "hardly anything was logged: {logged}");
    watch.shown.push(("log", logged));
    watch.check();
}

#[tokio::test]
async fn a_trials_unsealed_password_is_not_shown_either() {
    let (log, _guard) = start_log();
    let mut watch = Watch::default();
    let env = TestEnv::with(TestServer::builder().trial(true)).await;
    let account = env.server.user("alice").register().unwrap();
    watch.secret("password", account.password.expose());
    let auth = auth(&env.server, &account);
    watch.secret("encoded password", auth.split(['<', '>']).nth(2).unwrap());
    let credentials = Credentials::new(account.username, account.password);
    let session = env.app.connect(&credentials).await.unwrap();
    session.close().await;
    watch.show("journal", &env.server.journal().entries());
    watch.shown.push(("log", text(&log)));
    watch.check();
}

#[tokio::test]
async fn the_licence_key_is_shown_in_no_form() {
    let env = TestEnv::start().await;
    let mut watch = Watch::default();
    watch.secret("licence key", env.server.licence_key().expose());
    watch.show("licence key", &env.server.licence_key());
    let app = App::builder(env.server.licence_key()).licence_url(&env.server.licence_url());
    watch.show("app", &app.build().await.unwrap());
    watch.show("journal", &env.server.journal().entries());
    watch.check();
    for entry in env.server.journal().requests_to("/license/details") {
        assert!(entry.query.contains("redacted"), "{}", entry.query);
    }
}
