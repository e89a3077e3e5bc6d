//! The look-up of the base URL of a licence key, and its cache.
//!
//! The caching rule is the official SDK's (observed: Web SDK 4.25.10): the URL is cached only if
//! `trialMode` is exactly `false`; any other response clears the cache.

pub use crate::endpoint::licence::Licence;

use crate::api::{DEFAULT_TIMEOUT, SendSettings, send_prepared, system_clock};
use crate::base_url::BaseUrl;
use crate::endpoint::licence;
use crate::error::ApiError;
use crate::http::{Cleartext, HttpBackend, check_cleartext};
use crate::mode::Mode;
use crate::request::Prepared;
use async_trait::async_trait;
use mfly_proto::secret::LicenceKey;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A store for the base URL of one live licence.
///
/// A store that fails behaves like an empty one, which costs one request.
#[async_trait]
pub trait LicenceCache: Send + Sync {
    /// The base URL that was stored for this key.
    async fn load(&self, licence_key: &LicenceKey) -> Option<BaseUrl>;
    /// Replaces the content by `base_url` for this key.
    async fn store(&self, licence_key: &LicenceKey, base_url: &BaseUrl);
    /// Removes the content.
    async fn clear(&self);
}

/// A cache in memory.
#[derive(Debug, Default)]
pub struct MemoryLicenceCache {
    entry: Mutex<Option<(LicenceKey, BaseUrl)>>,
}

impl MemoryLicenceCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn entry(&self) -> MutexGuard<'_, Option<(LicenceKey, BaseUrl)>> {
        self.entry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl LicenceCache for MemoryLicenceCache {
    async fn load(&self, licence_key: &LicenceKey) -> Option<BaseUrl> {
        let entry = self.entry();
        entry.as_ref().filter(|(key, _)| key == licence_key).map(|(_, base_url)| base_url.clone())
    }

    async fn store(&self, licence_key: &LicenceKey, base_url: &BaseUrl) {
        *self.entry() = Some((licence_key.clone(), base_url.clone()));
    }

    async fn clear(&self) {
        *self.entry() = None;
    }
}

/// Looks up a licence key in the cache, and otherwise at the platform's licence server.
///
/// # Errors
/// When the licence server refuses the key, cannot be reached, returns an unusable URL, or returns
/// an `http` URL to another machine although `cleartext` refuses that. The cache is unchanged then.
pub async fn look_up(
    backend: &dyn HttpBackend,
    cache: &dyn LicenceCache,
    licence_key: &LicenceKey,
    cleartext: Cleartext,
) -> Result<Licence, ApiError> {
    let cached = cache.load(licence_key).await;
    if let Some(base_url) = cached.filter(|url| check_cleartext(url.origin(), cleartext).is_ok()) {
        return Ok(Licence { base_url, mode: Mode::Live });
    }
    let request = licence::Request::new(licence_key.clone());
    let prepared = Prepared::new(&request, None)?;
    let settings =
        SendSettings { backend, timeout: DEFAULT_TIMEOUT, cleartext, clock: &system_clock };
    let response = send_prepared(settings, &request, &prepared, None).await?;
    check_cleartext(response.licence.base_url.origin(), cleartext)?;
    if response.is_cacheable {
        cache.store(licence_key, &response.licence.base_url).await;
    } else {
        cache.clear().await;
    }
    Ok(response.licence)
}
