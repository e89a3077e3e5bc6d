//! From a licence key to a base URL: the look-up, and what is remembered of it.
//!
//! The caching rule is the official SDK's (observed: Web SDK 4.25.10): the URL is kept only when
//! `trialMode` is exactly `false`; any other answer makes the cache forget.

use crate::api::{DEFAULT_TIMEOUT, Way, send_prepared, system_clock};
use crate::base_url::BaseUrl;
use crate::endpoint::licence;
use crate::error::ApiError;
use crate::http::{Cleartext, HttpBackend, permit};
use crate::mode::Mode;
use crate::request::Prepared;
use async_trait::async_trait;
use mfly_proto::secret::LicenceKey;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where a licence's API is, and what kind of licence it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// Where the API is.
    pub base_url: BaseUrl,
    /// Live or trial.
    pub mode: Mode,
}

/// Remembers one live licence's base URL between runs.
///
/// A cache that fails behaves as an empty one: losing it costs one request.
#[async_trait]
pub trait LicenceCache: Send + Sync {
    /// What was stored for this key.
    async fn load(&self, licence_key: &LicenceKey) -> Option<BaseUrl>;
    /// Remembers `base_url` for this key, in place of anything before.
    async fn store(&self, licence_key: &LicenceKey, base_url: &BaseUrl);
    /// Forgets everything.
    async fn clear(&self);
}

/// Remembers for as long as it lives.
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

/// What `licence_key` stands for: from the cache, or else from the platform's licence server.
///
/// # Errors
/// When the licence server refuses the key, cannot be reached, or names no usable URL, or one of
/// clear text that is not allowed. The cache is then left as it is.
pub async fn look_up(
    backend: &dyn HttpBackend,
    cache: &dyn LicenceCache,
    licence_key: &LicenceKey,
    cleartext: Cleartext,
) -> Result<Licence, ApiError> {
    let cached = cache.load(licence_key).await;
    if let Some(base_url) = cached.filter(|url| permit(url.origin(), cleartext).is_ok()) {
        return Ok(Licence { base_url, mode: Mode::Live });
    }
    let request = licence::Request::new(licence_key.clone());
    let prepared = Prepared::new(&request, None)?;
    let way = Way { backend, timeout: DEFAULT_TIMEOUT, cleartext, clock: &system_clock };
    let response = send_prepared(way, &request, &prepared, None).await?;
    permit(response.licence.base_url.origin(), cleartext)?;
    if response.is_cacheable {
        cache.store(licence_key, &response.licence.base_url).await;
    } else {
        cache.clear().await;
    }
    Ok(response.licence)
}
