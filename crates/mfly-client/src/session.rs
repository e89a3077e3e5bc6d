//! The handle on a session: what its features build on.

use crate::driver::{Asking, DriverHandle};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Events, Subscriptions};
use crate::machine::{ConnectionState, EndReason, RequestFailure};
use crate::quirks::Quirks;
use crate::user::AsUser;
use mfly_api::{Api, Endpoint, Feature, Features};
use mfly_proto::cipher::{Iv, ProfileCipher};
use mfly_proto::jid::{BareJid, FullJid, UserId};
use mfly_proto::secret::LicenceKey;
use mfly_proto::stanza::IqRequest;
use mfly_proto::xml::Writer;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{Mutex, watch};

/// A connected user.
///
/// Clones are cheap and share the session. It ends by [`Session::close`], by [`Session::logout`],
/// for a reason of the server's ([`EndReason`]), or when its last clone is dropped. A lost
/// connection is no end: it comes back by itself.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    asking: Asking,
}

/// What all clones share.
pub(crate) struct Shared {
    pub(crate) link: DriverHandle,
    /// The address that the first connection got.
    pub(crate) first_jid: FullJid,
    pub(crate) api: Api,
    pub(crate) context: Arc<Context>,
    pub(crate) subscriptions: Subscriptions,
    /// Whether message media are sealed.
    pub(crate) media_encryption: AtomicBool,
    /// Held while the own profile is read, changed and written.
    pub(crate) profile_writer: Mutex<()>,
    /// The id of the login by code that the session came from.
    pub(crate) qr_socket_id: Option<String>,
}

/// What is known about the user and the plan; never changes during a session.
pub(crate) struct Context {
    pub(crate) user: UserId,
    pub(crate) account: BareJid,
    pub(crate) features: Features,
    pub(crate) quirks: Quirks,
    pub(crate) licence_key: LicenceKey,
    /// Seals private profile fields.
    pub(crate) profile_iv: Iv,
    /// Seals message media.
    pub(crate) media_iv: Iv,
}

impl Context {
    /// The cipher of the own profile.
    pub(crate) fn own_cipher(&self) -> ProfileCipher {
        ProfileCipher::new(&self.user, &self.profile_iv)
    }

    /// Refuses what the plan does not include.
    pub(crate) fn require(&self, feature: Feature) -> Result<()> {
        if self.features.contains(feature) {
            Ok(())
        } else {
            Err(ErrorKind::PlanGated(feature).into())
        }
    }

    /// The id of a user of this server.
    pub(crate) fn user_id<U: AsUser + ?Sized>(&self, user: &U) -> Result<UserId> {
        Ok(user.as_user(self.account.domain())?)
    }

    /// The address of a user of this server.
    pub(crate) fn address<U: AsUser + ?Sized>(&self, user: &U) -> Result<BareJid> {
        Ok(self.user_id(user)?.at(self.account.domain())?)
    }
}

impl Session {
    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared), asking: Asking::default() }
    }

    /// A handle that does not keep the session alive.
    pub(crate) fn downgrade(&self) -> WeakSession {
        WeakSession(Arc::downgrade(&self.shared))
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn context(&self) -> &Context {
        &self.shared.context
    }

    /// The same session, with another deadline for each request made through this handle. REST
    /// requests take it as an upper bound: the time-outs of the
    /// [`AppBuilder`](crate::AppBuilder::timeouts) stay in force.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn hurry(session: &mfly_client::Session, bob: &mfly_client::UserId) -> mfly_client::Result<()> {
    /// let seen = session.with_timeout(Duration::from_secs(2)).last_seen(bob).await?;
    /// # let _ = seen; Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            shared: self.shared.clone(),
            asking: Asking { timeout: Some(timeout), ..self.asking },
        }
    }

    /// The same session, with another answer to what becomes of requests made through this handle
    /// while there is no connection: with `true` they fail at once with
    /// [`NotConnected`](ErrorKind::NotConnected), with `false` they wait for the next connection.
    /// Without this, the session's own setting counts
    /// ([`ConnectRequest::fail_fast`](crate::ConnectRequest::fail_fast)).
    #[must_use]
    pub fn with_fail_fast(&self, fail_fast: bool) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            asking: Asking { fail_fast: Some(fail_fast), ..self.asking },
        }
    }

    /// Asks the server now whether it answers, and says how long that took. For a machine that was
    /// suspended, or an app that comes back to the front: a dead connection is found out within
    /// [`KeepaliveConfig::answer`](crate::KeepaliveConfig::answer), and a new one follows by
    /// itself.
    ///
    /// # Errors
    /// [`ConnectionLost`](ErrorKind::ConnectionLost) when no answer came: the connection was given
    /// up. [`NotConnected`](ErrorKind::NotConnected) when there was none;
    /// [`Session::reconnect_now`] cuts the wait short.
    pub async fn check_now(&self) -> Result<Duration> {
        let link = &self.shared.link;
        match link.check().await {
            Ok(took) => Ok(took),
            Err(failure) => Err(explain(failure, link).await),
        }
    }

    /// Connects again now: for a machine whose network changed. A connection that stands is closed,
    /// an attempt that is under way begins anew, and a wait for the next attempt is over. Requests
    /// that are out fail with [`ConnectionLost`](ErrorKind::ConnectionLost). Returns when the
    /// attempt has begun, and does nothing when the session is over.
    ///
    /// Each call costs the server a log-in: call it when something happened, not in a loop.
    pub async fn reconnect_now(&self) {
        self.shared.link.reconnect().await;
    }

    /// The session's own address; the last one while it reconnects.
    #[must_use]
    pub fn jid(&self) -> FullJid {
        self.shared.link.jid().unwrap_or_else(|| self.shared.first_jid.clone())
    }

    /// Where the session stands.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        *self.shared.link.state().borrow()
    }

    /// Follows where the session stands. For the reasons behind the changes use
    /// [`Session::events`].
    #[must_use]
    pub fn state_changes(&self) -> watch::Receiver<ConnectionState> {
        self.shared.link.state()
    }

    /// A subscription to what happens from now on. Each has its own bounded queue.
    ///
    /// To see the first connection too, subscribe before it:
    /// [`ConnectRequest::events`](crate::ConnectRequest::events).
    #[must_use]
    pub fn events(&self) -> Events {
        self.shared.subscriptions.subscribe()
    }

    /// Closes the session and waits until it is over, at most a few seconds. The account stays
    /// logged in on the server; see [`Session::logout`].
    ///
    /// What was accepted before leaves first: messages, presence and requests that were made. All
    /// of it takes a few seconds at most, and what the server does not take in that time is lost.
    /// Answers that arrive meanwhile still reach their callers. Dropping the last handle does the
    /// same without waiting for it, for as long as the runtime runs: before the end of `main`, call
    /// this.
    pub async fn close(&self) {
        self.end(EndReason::Closed).await;
    }

    /// Waits until the session is over and says why.
    pub async fn ended(&self) -> EndReason {
        self.shared.link.ended().await
    }

    /// Any request of the protocol, typed: the way to what has no method here.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn request<R: IqRequest>(&self, request: &R) -> Result<R::Response> {
        match self.shared.link.request(request, self.asking).await {
            Ok(response) => Ok(response),
            Err(failure) => Err(explain(failure, &self.shared.link).await),
        }
    }

    /// Any REST request, typed: the way to what has no method here. It works while the session
    /// reconnects, too.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn send<E: Endpoint>(&self, endpoint: &E) -> Result<E::Response> {
        self.refuse_when_ended().await?;
        let sending = self.shared.api.send(endpoint);
        match self.asking.timeout {
            Some(timeout) => mfly_transport::overdue::timeout(timeout, sending)
                .await
                .map_err(|elapsed| Error::new(ErrorKind::Timeout, elapsed))?
                .map_err(Error::from),
            None => sending.await.map_err(Error::from),
        }
    }

    /// Fails when the session is over.
    pub(crate) async fn refuse_when_ended(&self) -> Result<()> {
        if self.state() == ConnectionState::Ended {
            return Err(ErrorKind::Ended(self.ended().await).into());
        }
        Ok(())
    }

    /// Sends a stanza that is not answered, unless XML cannot hold what is to be written.
    pub(crate) async fn send_stanza(&self, write: impl FnOnce(&mut Writer<'_>)) -> Result<()> {
        let mut stanza = Vec::new();
        let mut writer = Writer::new(&mut stanza);
        write(&mut writer);
        writer.finish()?;
        match self.shared.link.send(stanza).await {
            Ok(()) => Ok(()),
            Err(failure) => Err(explain(failure, &self.shared.link).await),
        }
    }

    pub(crate) async fn end(&self, reason: EndReason) {
        self.shared.link.close(reason).await;
    }
}

/// What a failed request is to its caller.
pub(crate) async fn explain(failure: RequestFailure, link: &DriverHandle) -> Error {
    let has_ended = *link.state().borrow() == ConnectionState::Ended;
    let kind = match &failure {
        RequestFailure::Closed if has_ended => ErrorKind::Ended(link.ended().await),
        RequestFailure::Closed => ErrorKind::Ended(EndReason::Closed),
        RequestFailure::InvalidArgument(argument) => ErrorKind::InvalidArgument(argument.clone()),
        RequestFailure::ConnectionLost(cause) => {
            let kind = ErrorKind::ConnectionLost { cause: cause.clone() };
            return Error::new(kind, (**cause).clone());
        }
        RequestFailure::AnswerTooLarge(limit) => {
            ErrorKind::AnswerTooLarge { limit: *limit, setting: limit.setting("iq") }
        }
        RequestFailure::Malformed(_) => ErrorKind::UnexpectedAnswer,
        RequestFailure::NotConnected { last } => match last {
            Some(last) => return Error::new(ErrorKind::NotConnected, (**last).clone()),
            None => ErrorKind::NotConnected,
        },
        RequestFailure::Refused(error) => ErrorKind::RequestRefused(error.clone()),
        RequestFailure::TimedOut => ErrorKind::Timeout,
        RequestFailure::TooLarge { limit } => ErrorKind::TooLarge { limit: *limit },
        RequestFailure::TooManyRequests => ErrorKind::TooManyRequests,
    };
    Error::new(kind, failure)
}

/// A handle that does not keep its session alive.
pub(crate) struct WeakSession(Weak<Shared>);

impl WeakSession {
    /// The session, unless its last handle was dropped.
    pub(crate) fn upgrade(&self) -> Option<Session> {
        let shared = self.0.upgrade()?;
        Some(Session { shared, asking: Asking::default() })
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("user", &self.context().user)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_that_the_plan_lacks_or_that_is_not_known_yet_is_gated() {
        let user = UserId::new("u1").unwrap();
        let mut context = Context {
            account: user.at("xmpp.example.test").unwrap(),
            user,
            features: Features::all().with(Feature::Block, false),
            quirks: Quirks::default(),
            licence_key: LicenceKey::new("TestLicenceKey0123456789abcdef").unwrap(),
            profile_iv: Iv::REQUEST,
            media_iv: Iv::REQUEST,
        };
        let gated = context.require(Feature::Block).unwrap_err();
        assert_eq!(*gated.kind(), ErrorKind::PlanGated(Feature::Block));
        assert_eq!(gated.status_code(), 403);
        assert!(context.require(Feature::Report).is_ok());
        context.features = Features::default();
        assert!(context.require(Feature::Report).is_err());
    }
}
