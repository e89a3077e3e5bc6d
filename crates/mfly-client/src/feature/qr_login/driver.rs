//! The side that shows the code, from its first connection to a session.

use super::{CodeText, QrLoginEvent, QrLoginOptions, QrSession};
use crate::app::App;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::machine::{ConnectionState, EndReason};
use crate::session::Session;
use crate::signalling::{Endpoint, Signalling};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::RequestCipher;
use mfly_proto::qr_login::{
    ID, LOGIN_STATUS, LOGOUT_WEB, LoginStatus, QrCode, QrResponse, RESPONSE, is_id,
};
use mfly_proto::signalling::socket_io::Kind;
use mfly_transport::overdue;
use serde_json::Value;
use std::collections::VecDeque;
use std::future::IntoFuture as _;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// The longest wait between two attempts, as in the official SDK.
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// How long the server may take until it sends a first code.
const FIRST_CODE: Duration = Duration::from_secs(10);

/// Events that may come while a login is under way; they are looked at afterwards.
const DEFERRED: usize = 16;

/// How long a login may take once the code was approved.
const LOGIN: Duration = Duration::from_secs(40);

/// Refuses options of which no code could be made.
pub(super) fn check(app: &App, options: &QrLoginOptions) -> Result<(), InvalidArgument> {
    let longest = "x".repeat(64);
    code(app, options, longest).map(drop)
}

fn code(app: &App, options: &QrLoginOptions, token: String) -> Result<String, InvalidArgument> {
    let code =
        QrCode { token, browser: options.browser.clone(), platform: options.platform.clone() };
    code.seal(&RequestCipher::new(&app.shared().licence_key))
}

/// Shows codes until one was approved and its session is connected, or it makes no sense any more.
pub(super) async fn run(
    app: App,
    endpoint: Endpoint,
    options: QrLoginOptions,
    events: Sender<Result<QrLoginEvent>>,
) {
    let mut failures = 0;
    let mut used = Vec::new();
    loop {
        let attempt = Attempt {
            app: &app,
            options: &options,
            events: &events,
            failures: &mut failures,
            used: &mut used,
        };
        let error = match attempt.go(&endpoint).await {
            Ok(Some(session)) => {
                let _ = events.send(Ok(QrLoginEvent::Connected(session))).await;
                return;
            }
            Ok(None) => return,
            Err(error) => error,
        };
        failures += 1;
        tracing::debug!(kind = ?error.kind(), failures, "the login by code was interrupted");
        if failures.max(count(&used)) >= options.attempts {
            let _ = events.send(Err(error)).await;
            return;
        }
        let factor = 2_u32.saturating_pow(failures - 1);
        let delay = options.delay.saturating_mul(factor).min(LONGEST_DELAY);
        let interrupted = QrLoginEvent::Interrupted { delay };
        if events.send(Ok(interrupted)).await.is_err() {
            return;
        }
        tokio::time::sleep(delay).await;
    }
}

fn count(used: &[Value]) -> u32 {
    u32::try_from(used.len()).unwrap_or(u32::MAX)
}

/// One connection to the signalling server.
struct Attempt<'a> {
    app: &'a App,
    options: &'a QrLoginOptions,
    events: &'a Sender<Result<QrLoginEvent>>,
    /// Connections in a row that brought no code.
    failures: &'a mut u32,
    /// Approvals that were taken before: the cipher has no freshness of its own.
    used: &'a mut Vec<Value>,
}

impl Attempt<'_> {
    /// Returns `Ok(None)` when the receiver of the events was dropped.
    async fn go(self, endpoint: &Endpoint) -> Result<Option<QrSession>> {
        let mut signalling = Signalling::connect(endpoint).await?;
        let mut shown: Option<String> = None;
        let mut is_first = true;
        let mut deferred = VecDeque::new();
        loop {
            let kind = if let Some(kind) = deferred.pop_front() {
                kind
            } else if is_first {
                overdue::timeout(FIRST_CODE, signalling.next())
                    .await
                    .map_err(|elapsed| Error::new(ErrorKind::Timeout, elapsed))??
            } else {
                signalling.next().await?
            };
            let Kind::Event { name, arguments, .. } = kind else {
                continue;
            };
            let argument = arguments.first().unwrap_or(&Value::Null);
            match name.as_str() {
                ID => {
                    let id = argument.as_str().filter(|id| is_id(id));
                    let id = id.ok_or(ErrorKind::UnexpectedAnswer)?.to_owned();
                    let text = CodeText::new(code(self.app, self.options, id.clone())?);
                    if self.events.send(Ok(QrLoginEvent::Code(text))).await.is_err() {
                        return Ok(None);
                    }
                    shown = Some(id);
                    is_first = false;
                    *self.failures = 0;
                }
                // Without a code on show there is nothing that could have been approved.
                RESPONSE => {
                    let Some(id) = shown.take() else { continue };
                    let outcome = self.approved(&mut signalling, id, argument, &mut deferred).await;
                    // There are no more of these than attempts.
                    self.used.push(argument.clone());
                    match outcome? {
                        Ok(session) => {
                            watch(signalling, &session.session);
                            return Ok(Some(session));
                        }
                        Err(error) => {
                            if count(self.used) >= self.options.attempts {
                                return Err(error);
                            }
                            let failed = QrLoginEvent::Failed(error);
                            if self.events.send(Ok(failed)).await.is_err() {
                                return Ok(None);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Logs in with what the phone approved. The outer error ends this connection, the inner one
    /// only this code.
    async fn approved(
        &self,
        signalling: &mut Signalling,
        id: String,
        argument: &Value,
        deferred: &mut VecDeque<Kind>,
    ) -> Result<Result<QrSession>> {
        if self.used.contains(argument) {
            return Err(ErrorKind::UnexpectedAnswer.into());
        }
        let cipher = RequestCipher::new(&self.app.shared().licence_key);
        let response = QrResponse::open(&cipher, argument)
            .map_err(|error| Error::new(ErrorKind::UnexpectedAnswer, error))?;
        let credentials = Credentials::new(response.username, response.password);
        let request = self.app.connect(&credentials).qr_socket_id(&id);
        let connecting = overdue::timeout(LOGIN, request.into_future());
        tokio::pin!(connecting);
        // The connection needs its heartbeats meanwhile; its loss makes the approval void.
        let connected = loop {
            tokio::select! {
                connected = &mut connecting => break connected,
                next = signalling.next() => {
                    if deferred.len() == DEFERRED {
                        return Err(ErrorKind::UnexpectedAnswer.into());
                    }
                    deferred.push_back(next?);
                }
            }
        };
        let connected = connected
            .map_err(|elapsed| Error::new(ErrorKind::Timeout, elapsed))
            .and_then(|connected| connected);
        let status = LoginStatus { success: connected.is_ok(), public_key: response.socket_id };
        let told = signalling.emit(LOGIN_STATUS, status.encode()).await;
        match connected {
            Ok(session) => {
                if let Err(error) = told {
                    // The phone would not know of a session that lives.
                    session.close().await;
                    return Err(error);
                }
                Ok(Ok(QrSession { session, credentials, socket_id: id }))
            }
            Err(error) => told.map(|()| Err(error)),
        }
    }
}

/// Waits for `logoutweb` as long as session and connection live. Later the notice over XMPP
/// remains.
fn watch(mut signalling: Signalling, session: &Session) {
    let (weak, mut states) = (session.downgrade(), session.state_changes());
    tokio::spawn(async move {
        let over = states.wait_for(ConnectionState::Ended);
        tokio::pin!(over);
        loop {
            let kind = tokio::select! {
                _ = &mut over => break,
                kind = signalling.next() => kind,
            };
            match kind {
                Ok(Kind::Event { name, .. }) if name == LOGOUT_WEB => {
                    if let Some(session) = weak.upgrade() {
                        session.end(EndReason::LoggedOutRemotely).await;
                    }
                    break;
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
        signalling.close().await;
    });
}
