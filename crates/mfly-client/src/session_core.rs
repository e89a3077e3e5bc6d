//! What the sessions of both dialects share: the driver's handle, the first address, the
//! subscriptions, and the methods that need nothing else.

use crate::connector::Connector;
use crate::driver::{DriverHandle, DriverParts, PasswordSource, RequestOptions, spawn};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Events, Sender, SessionEvent, Subscriptions};
use crate::machine::{Config, ConnectionState, EndReason, Notice, RequestFailure};
use crate::options::SessionOptions;
use crate::random;
use mfly_proto::jid::FullJid;
use mfly_proto::stanza::IqRequest;
use mfly_proto::xml::Writer;
use std::sync::Arc;
use std::time::Duration;

/// The part of a session that does not depend on the dialect. `E` is the dialect's event.
pub(crate) struct SessionCore<E> {
    pub(crate) driver: DriverHandle,
    /// The address that the first connection got.
    first_jid: FullJid,
    pub(crate) subscriptions: Subscriptions<E>,
}

impl<E: SessionEvent> SessionCore<E> {
    /// Starts the driver and waits for the first connection. `translate` makes the events of a
    /// notice.
    ///
    /// # Errors
    /// When the session ends before.
    pub(crate) async fn start<I: IntoIterator<Item = E>>(
        config: Config,
        options: &SessionOptions,
        connector: Arc<dyn Connector>,
        passwords: Arc<dyn PasswordSource>,
        events: Sender<E>,
        translate: impl Fn(Notice) -> I + Send + 'static,
    ) -> Result<Self> {
        let subscriptions = events.subscriptions();
        let driver = spawn(DriverParts {
            config,
            seed: random::bytes()?,
            connector,
            passwords,
            notices: Box::new(move |notice| {
                translate(notice).into_iter().for_each(|event| events.send(event));
            }),
            request_timeout: options.request_timeout,
            fail_fast: options.fail_fast,
            write_timeout: Duration::from_secs(10),
        });
        let first_jid = driver.ready().await.map_err(Error::from_end)?;
        Ok(Self { driver, first_jid, subscriptions })
    }

    pub(crate) fn jid(&self) -> FullJid {
        self.driver.jid().unwrap_or_else(|| self.first_jid.clone())
    }

    pub(crate) fn events(&self) -> Events<E> {
        self.subscriptions.subscribe()
    }

    pub(crate) async fn check_now(&self) -> Result<Duration> {
        match self.driver.check().await {
            Ok(duration) => Ok(duration),
            Err(failure) => Err(self.error(failure).await),
        }
    }

    pub(crate) async fn request<R: IqRequest>(
        &self,
        request: &R,
        options: RequestOptions,
    ) -> Result<R::Response> {
        match self.driver.request(request, options).await {
            Ok(response) => Ok(response),
            Err(failure) => Err(self.error(failure).await),
        }
    }

    /// Sends a stanza that is not answered.
    ///
    /// # Errors
    /// When XML cannot hold what is written, or there is no connection.
    pub(crate) async fn send_stanza(&self, write: impl FnOnce(&mut Writer<'_>)) -> Result<()> {
        let mut stanza = Vec::new();
        let mut writer = Writer::new(&mut stanza);
        write(&mut writer);
        writer.finish()?;
        match self.driver.send(stanza).await {
            Ok(()) => Ok(()),
            Err(failure) => Err(self.error(failure).await),
        }
    }

    /// The public error of a failed request.
    async fn error(&self, failure: RequestFailure) -> Error {
        let has_ended = self.driver.state() == ConnectionState::Ended;
        let kind = match &failure {
            RequestFailure::Closed if has_ended => ErrorKind::Ended(self.driver.ended().await),
            RequestFailure::Closed => ErrorKind::Ended(EndReason::Closed),
            RequestFailure::InvalidArgument(error) => ErrorKind::InvalidArgument(error.clone()),
            RequestFailure::ConnectionLost(cause) => {
                let kind = ErrorKind::ConnectionLost { cause: cause.clone() };
                return Error::new(kind, (**cause).clone());
            }
            RequestFailure::AnswerTooLarge(limit) => {
                ErrorKind::AnswerTooLarge { limit: *limit, setting: limit.setting("iq") }
            }
            RequestFailure::Malformed(_) => ErrorKind::UnexpectedAnswer,
            RequestFailure::NotConnected { last: Some(last) } => {
                return Error::new(ErrorKind::NotConnected, (**last).clone());
            }
            RequestFailure::NotConnected { last: None } => ErrorKind::NotConnected,
            RequestFailure::Refused(error) => ErrorKind::RequestRefused(error.clone()),
            RequestFailure::TimedOut => ErrorKind::Timeout,
            RequestFailure::TooLarge { limit } => ErrorKind::TooLarge { limit: *limit },
            RequestFailure::TooManyRequests => ErrorKind::TooManyRequests,
        };
        Error::new(kind, failure)
    }
}

/// The public methods that both session types have. The type has the fields `shared`, whose `core`
/// is a [`SessionCore`], and `options`.
macro_rules! session_methods {
    (events: $events:ty, first_events: $first_events:literal, fail_fast: $fail_fast:literal) => {
        /// Returns a handle on this session whose requests have another deadline. On a platform
        /// session it also bounds each REST request, whose own time-outs stay in force.
        ///
        /// ```
        /// # use std::time::Duration;
        /// # async fn hurry(session: &mfly_client::Session, bob: &mfly_client::UserId) -> mfly_client::Result<()> {
        /// let seen = session.with_timeout(Duration::from_secs(2)).last_seen(bob).await?;
        /// # let _ = seen; Ok(())
        /// # }
        /// ```
        #[must_use]
        pub fn with_timeout(&self, timeout: std::time::Duration) -> Self {
            let options = RequestOptions { timeout: Some(timeout), ..self.options };
            Self { options, ..self.clone() }
        }

        /// Returns a handle on this session with another rule for requests made while there is no
        /// connection: with `true` they fail at once with
        /// [`NotConnected`](crate::ErrorKind::NotConnected), with `false` they wait for the next
        /// connection. Without this, the session's setting applies:
        #[doc = concat!("[`", $fail_fast, "`](crate::", $fail_fast, ").")]
        #[must_use]
        pub fn with_fail_fast(&self, fail_fast: bool) -> Self {
            let options = RequestOptions { fail_fast: Some(fail_fast), ..self.options };
            Self { options, ..self.clone() }
        }

        /// Asks the server for a sign of life now and returns how long the answer took. Call it
        /// after the machine was suspended, or when the app comes to the foreground: a dead
        /// connection is found within
        /// [`KeepaliveConfig::answer`](crate::KeepaliveConfig::answer), and the session connects
        /// again by itself.
        ///
        /// # Errors
        /// [`ConnectionLost`](crate::ErrorKind::ConnectionLost) when no answer came: the
        /// connection was given up. [`NotConnected`](crate::ErrorKind::NotConnected) when there
        /// was none; [`Session::reconnect_now`] ends the wait for the next attempt.
        pub async fn check_now(&self) -> $crate::error::Result<std::time::Duration> {
            self.shared.core.check_now().await
        }

        /// Connects again now. Call it when the machine's network changed. An open connection is
        /// closed, a running attempt starts anew, and a wait for the next attempt ends. Pending
        /// requests fail with [`ConnectionLost`](crate::ErrorKind::ConnectionLost). Returns when
        /// the attempt has begun, and does nothing after the session's end.
        ///
        /// Each call costs the server a log-in: do not call it in a loop.
        pub async fn reconnect_now(&self) {
            self.shared.core.driver.reconnect().await;
        }

        /// The session's full address; while the session reconnects, that of the last connection.
        #[must_use]
        pub fn jid(&self) -> mfly_proto::jid::FullJid {
            self.shared.core.jid()
        }

        /// The connection state of the session.
        #[must_use]
        pub fn state(&self) -> $crate::machine::ConnectionState {
            self.shared.core.driver.state()
        }

        /// Follows the connection state. [`Session::events`] also tells the reason of each change.
        #[must_use]
        pub fn state_changes(&self) -> $crate::StateChanges {
            self.shared.core.driver.state_changes()
        }

        /// Subscribes to the events from now on. Each subscription has its own bounded queue.
        ///
        /// To see the first connection too, subscribe before it:
        #[doc = concat!("[`", $first_events, "`](crate::", $first_events, ").")]
        #[must_use]
        pub fn events(&self) -> $events {
            self.shared.core.events()
        }

        /// Closes the session and waits until it is over, at most a few seconds. The account stays
        /// logged in on the server.
        ///
        /// Messages, presence and requests that were accepted before leave first, as far as the
        /// server takes them in that time. Their answers still reach the callers. Dropping the
        /// last handle does this without waiting, but only while the runtime runs: call `close`
        /// before the end of `main`.
        pub async fn close(&self) {
            self.shared.core.driver.close($crate::machine::EndReason::Closed).await;
        }

        /// Waits until the session is over and returns the reason.
        pub async fn ended(&self) -> $crate::machine::EndReason {
            self.shared.core.driver.ended().await
        }

        /// Sends any typed request of the protocol and returns the response. For requests that
        /// have no method here.
        ///
        /// # Errors
        /// See [`ErrorKind`](crate::ErrorKind).
        pub async fn request<R: mfly_proto::stanza::IqRequest>(
            &self,
            request: &R,
        ) -> $crate::error::Result<R::Response> {
            self.shared.core.request(request, self.options).await
        }

        /// Sends a stanza that is not answered.
        pub(crate) async fn send_stanza(
            &self,
            write: impl FnOnce(&mut mfly_proto::xml::Writer<'_>),
        ) -> $crate::error::Result<()> {
            self.shared.core.send_stanza(write).await
        }
    };
}
pub(crate) use session_methods;
