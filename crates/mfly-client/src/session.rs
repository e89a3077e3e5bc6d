//! The session of a platform user: the type that the features add their operations to.

use crate::driver::RequestOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, EventContext, Events};
use crate::machine::{ConnectionState, EndReason};
use crate::quirks::Quirks;
use crate::session_core::{SessionCore, session_methods};
use crate::user::AsUser;
use mfly_api::{Api, Endpoint, Feature, Features};
use mfly_proto::cipher::{Iv, ProfileCipher};
use mfly_proto::jid::{BareJid, UserId};
use mfly_proto::secret::LicenceKey;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use tokio::sync::Mutex;

/// A connected user.
///
/// Clones are cheap and share the session. It ends by [`Session::close`], by [`Session::logout`],
/// for a reason of the server's ([`EndReason`]), or when its last clone is dropped. A lost
/// connection does not end it: the session connects again by itself.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    options: RequestOptions,
}

/// The state that all clones of a session share.
pub(crate) struct Shared {
    pub(crate) core: SessionCore<Event>,
    pub(crate) api: Api,
    pub(crate) context: Arc<Context>,
    /// Whether message media are sealed.
    pub(crate) media_encryption: AtomicBool,
    /// Held while the own profile is read, changed and written.
    pub(crate) profile_writer: Mutex<()>,
    /// The id of the login by code that the session came from.
    pub(crate) qr_socket_id: Option<String>,
}

/// The facts about the user and the plan, which do not change during a session.
pub(crate) struct Context {
    pub(crate) user: UserId,
    pub(crate) events: EventContext,
    pub(crate) features: Features,
    pub(crate) quirks: Quirks,
    pub(crate) licence_key: LicenceKey,
    /// Seals message media.
    pub(crate) media_iv: Iv,
}

impl Context {
    pub(crate) const fn account(&self) -> &BareJid {
        self.events.account()
    }

    /// The IV that seals private profile fields.
    pub(crate) const fn profile_iv(&self) -> &Iv {
        self.events.profile_iv()
    }

    /// The cipher of the own profile.
    pub(crate) fn own_cipher(&self) -> ProfileCipher {
        ProfileCipher::new(&self.user, self.profile_iv())
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
        Ok(user.as_user(self.account().domain())?)
    }

    /// The address of a user of this server.
    pub(crate) fn address<U: AsUser + ?Sized>(&self, user: &U) -> Result<BareJid> {
        Ok(self.user_id(user)?.at(self.account().domain())?)
    }
}

impl Session {
    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared), options: RequestOptions::default() }
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

    session_methods!(
        events: Events,
        first_events: "ConnectRequest::events",
        fail_fast: "ConnectRequest::fail_fast"
    );

    /// Any REST request, typed: the way to what has no method here. It works while the session
    /// reconnects, too.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn send<E: Endpoint>(&self, endpoint: &E) -> Result<E::Response> {
        self.refuse_when_ended().await?;
        let sending = self.shared.api.send(endpoint);
        match self.options.timeout {
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

    pub(crate) async fn end(&self, reason: EndReason) {
        self.shared.core.driver.close(reason).await;
    }
}

/// A handle that does not keep its session alive.
pub(crate) struct WeakSession(Weak<Shared>);

impl WeakSession {
    /// The session, unless its last handle was dropped.
    pub(crate) fn upgrade(&self) -> Option<Session> {
        let shared = self.0.upgrade()?;
        Some(Session { shared, options: RequestOptions::default() })
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
            events: EventContext::new(user.at("xmpp.example.test").unwrap(), Iv::REQUEST),
            user,
            features: Features::all().with(Feature::Block, false),
            quirks: Quirks::default(),
            licence_key: LicenceKey::new("TestLicenceKey0123456789abcdef").unwrap(),
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
