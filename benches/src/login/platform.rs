//! `mfly-client` with an account of the platform.
//!
//! Connecting includes a REST request, which goes straight to the server: the proxy sees the
//! WebSocket alone.

use super::target::{Platform, Target};
use super::{BoxError, Channel, Client, Place, Session, pipeline};
use async_trait::async_trait;
use mfly_client::{App, Credentials, LicenceKey, UserIdentifier};
use mfly_proto::payload::ping::Ping;
use std::sync::atomic::{AtomicU32, Ordering};

/// Users registered by this process.
static USERS: AtomicU32 = AtomicU32::new(0);

/// `mfly-client` with an account of the platform.
#[derive(Debug)]
pub struct OnPlatform {
    platform: Platform,
    pipelined: bool,
    ready: Option<(App, Credentials)>,
}

impl OnPlatform {
    /// A client whose steps are the official SDK's, one after the other, or leave together
    /// (`pipelined`). `None` where the target is no server of the platform.
    pub fn new(target: &Target, pipelined: bool) -> Option<Self> {
        Some(Self { platform: target.platform.clone()?, pipelined, ready: None })
    }

    async fn app(&self, place: Place) -> Result<App, BoxError> {
        let Platform { api, websocket, licence } = &self.platform;
        let path = websocket.splitn(4, '/').nth(3).unwrap_or_default();
        let app = App::builder(LicenceKey::new(licence)?)
            .api_base_url(api)
            .xmpp_address(&format!("ws://{}/{path}", place.address))
            .build()
            .await?;
        Ok(app)
    }
}

#[async_trait(?Send)]
impl Client for OnPlatform {
    fn name(&self) -> &'static str {
        if self.pipelined { "mfly, platform, pipelined" } else { "mfly, platform, official order" }
    }

    fn is_variant(&self) -> bool {
        self.pipelined
    }

    fn can_use(&self, channel: Channel) -> bool {
        channel == Channel::WebSocket
    }

    async fn prepare(&mut self, place: Place) -> Result<(), BoxError> {
        // A fresh user: an account takes few devices, and this may be called often.
        let number = USERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("login{}x{number}", std::process::id());
        let app = self.app(place).await?;
        let account = app.register(&UserIdentifier::new(&name)?).await?;
        self.ready = Some((app, account.credentials));
        Ok(())
    }

    async fn log_in(&self, _place: Place) -> Result<Box<dyn Session>, BoxError> {
        let (app, credentials) = self.ready.as_ref().ok_or("not registered")?;
        let session = app.connect(credentials).pipelined(self.pipelined).await?;
        Ok(Box::new(Online { session }))
    }
}

struct Online {
    session: mfly_client::Session,
}

#[async_trait(?Send)]
impl Session for Online {
    async fn ping(&mut self, count: usize, outstanding: usize) -> Result<(), BoxError> {
        let ping = Ping { to: None };
        pipeline(count, outstanding, || self.session.request(&ping)).await
    }

    async fn close(self: Box<Self>) {
        self.session.close().await;
    }
}
