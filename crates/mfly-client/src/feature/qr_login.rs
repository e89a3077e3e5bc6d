//! Logging in by a code, both sides: the one that shows it, and the phone that approves it.
//!
//! Messages: [`mfly_proto::qr_login`]. Official name: `generateQrCode`; the phone's side has none
//! there, and how it approves is inferred.

mod approve;
mod driver;

pub use approve::ApprovedQr;

use super::logout::check_socket_id;
use crate::app::App;
use crate::credentials::Credentials;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::machine::EndReason;
use crate::session::Session;
use crate::signalling::Endpoint;
use futures_core::Stream;
use mfly_proto::payload::logout::LogOut;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Events that may wait for their reader. The login pauses while it does not read.
const EVENTS: usize = 16;

/// How to log in by a code.
#[derive(Clone, Debug)]
#[must_use = "pass it to App::qr_login"]
pub struct QrLoginOptions {
    pub(crate) signalling_url: String,
    pub(crate) browser: String,
    pub(crate) platform: String,
    pub(crate) attempts: u32,
    pub(crate) delay: Duration,
    pub(crate) polling_only: bool,
}

impl QrLoginOptions {
    /// With codes from this signalling server: `https://host[:port]`, without a path (official name
    /// `socketUrl`).
    pub fn new(signalling_url: &str) -> Self {
        Self {
            signalling_url: signalling_url.to_owned(),
            browser: concat!("mfly ", env!("CARGO_PKG_VERSION")).to_owned(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            attempts: 5,
            delay: Duration::from_secs(1),
            polling_only: false,
        }
    }

    /// What the phone shows as the program that asks. Default: this library with its version.
    pub fn browser(mut self, browser: &str) -> Self {
        browser.clone_into(&mut self.browser);
        self
    }

    /// What the phone shows as the machine. Default: operating system and architecture.
    pub fn platform(mut self, platform: &str) -> Self {
        platform.clone_into(&mut self.platform);
        self
    }

    /// How many times in a row the signalling server may be lost, or send what cannot be used,
    /// before that is an error. At least 1, default 5.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// How long to wait before the first further attempt; doubles up to 5 s. Default 1 s, as in the
    /// official SDK.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Does not try WebSocket. Default: long-polling is used when WebSocket is refused.
    pub fn polling_only(mut self, polling_only: bool) -> Self {
        self.polling_only = polling_only;
        self
    }
}

/// A login by code under way: a stream of what happens. Dropping it gives the login up, and its
/// code is void.
#[derive(Debug)]
#[must_use = "read its events"]
pub struct QrLogin {
    events: mpsc::Receiver<Result<QrLoginEvent>>,
    task: JoinHandle<()>,
}

/// What happens in a login by code.
#[derive(Debug)]
#[non_exhaustive]
pub enum QrLoginEvent {
    /// Show this code, in place of any earlier one: that cannot be approved any more.
    Code(CodeText),
    /// The code on show is void; another one comes after this time.
    Interrupted {
        /// Until the next attempt.
        delay: Duration,
    },
    /// The code was approved, but no session came of it. Another code follows.
    Failed(Error),
    /// The code was approved and the user is connected. Nothing follows.
    Connected(QrSession),
}

/// The text of a code to show. Every logged-in phone that reads it can approve it, so `Debug` hides
/// it.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeText(String);

impl CodeText {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text to draw as a QR code, error level H as the official SDK does.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CodeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeText({} bytes)", self.0.len())
    }
}

/// What a login by code ends with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct QrSession {
    /// The connected user.
    pub session: Session,
    /// What the user can connect with again; see
    /// [`ConnectRequest::qr_socket_id`](crate::ConnectRequest::qr_socket_id).
    pub credentials: Credentials,
    /// The id by which the phone can end the session. Keep it with the credentials.
    pub socket_id: String,
}

impl App {
    /// Logs in by a code that a signed-in phone approves.
    ///
    /// ```
    /// # use mfly_client::{App, QrLoginEvent, QrLoginOptions, UserIdentifier};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = mfly_testserver::TestServer::start().await?;
    /// # let app = App::builder(server.licence_key()).api_base_url(&server.api_base_url()).xmpp_address(&server.websocket_url()).build().await?;
    /// # let url = server.signalling_url();
    /// # let phone = app.register(&UserIdentifier::new("alice")?).await?.credentials;
    /// let mut login = app.qr_login(QrLoginOptions::new(&url))?;
    /// while let Some(event) = login.next().await {
    ///     match event? {
    ///         QrLoginEvent::Code(text) => {
    ///             // Draw it. Elsewhere, the phone reads and approves it:
    ///             # let (app, url, phone) = (app.clone(), url.clone(), phone.clone());
    ///             tokio::spawn(async move { app.approve_qr(&url, text.as_str(), &phone).await });
    ///         }
    ///         QrLoginEvent::Connected(web) => assert_eq!(web.credentials.user.as_str(), "alice"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an address that cannot be used,
    /// or a platform so long that no code holds it. What happens later comes as an event.
    #[doc(alias = "generateQrCode")]
    pub fn qr_login(&self, options: QrLoginOptions) -> Result<QrLogin> {
        let endpoint = Endpoint::new(self, &options.signalling_url, options.polling_only)?;
        driver::check(self, &options)?;
        let (sender, events) = mpsc::channel(EVENTS);
        let task = tokio::spawn(driver::run(self.clone(), endpoint, options, sender));
        Ok(QrLogin { events, task })
    }
}

impl QrLogin {
    /// The next event; `None` after [`QrLoginEvent::Connected`] or an error.
    ///
    /// # Errors
    /// When the signalling server cannot be reached, or sends what cannot be used, as often as the
    /// options allow.
    pub async fn next(&mut self) -> Option<Result<QrLoginEvent>> {
        self.events.recv().await
    }
}

impl Stream for QrLogin {
    type Item = Result<QrLoginEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.poll_recv(cx)
    }
}

impl Drop for QrLogin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Session {
    /// The id of the login by code that this session came from, if it did.
    #[must_use]
    pub fn qr_socket_id(&self) -> Option<&str> {
        self.shared().qr_socket_id.as_deref()
    }

    /// Ends another session of the own account that came from a code, as the phone does.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an id that cannot be one; see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn end_qr_session(&self, socket_id: &str) -> Result<()> {
        check_socket_id(socket_id)?;
        let socket_id = socket_id.to_owned();
        self.request(&LogOut { socket_id }).await
    }

    /// Ends this session when it is told to by a notice of a forced log-out.
    pub(crate) fn obey_forced_logout(&self, socket_id: String) {
        let (mut events, weak) = (self.events(), self.downgrade());
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let is_meant = matches!(&event, Event::ForcedLogout { socket_ids, .. } if socket_ids.contains(&socket_id));
                if is_meant {
                    if let Some(session) = weak.upgrade() {
                        session.end(EndReason::LoggedOutRemotely).await;
                    }
                    return;
                }
            }
        });
    }
}
