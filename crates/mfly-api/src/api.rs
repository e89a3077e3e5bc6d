//! The client of the REST API: every request is sent by [`Api::send`].

use crate::auth::Auth;
use crate::base_url::BaseUrl;
use crate::endpoint::{Endpoint, login};
use crate::envelope::RawResponse;
use crate::error::ApiError;
use crate::http::{self, Cleartext, HttpBackend, HttpError, retry_after};
use crate::refresh::Refresh;
use crate::request::Prepared;
use crate::token::TokenSource;
use mfly_proto::secret::Token;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The default time limit of a request. Some endpoints have their own.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// A clock that returns the milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A client of the REST API of one server, with the token of at most one user.
///
/// Clones share everything, including the token.
#[derive(Clone)]
pub struct Api {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    refresh: Refresh,
}

#[derive(Clone)]
struct Settings {
    backend: Arc<dyn HttpBackend>,
    base_url: BaseUrl,
    source: Option<Arc<dyn TokenSource>>,
    clock: Clock,
    timeout: Duration,
    cleartext: Cleartext,
}

impl Api {
    /// A client without token and token source, with the system's clock and the default time limit.
    /// Clear text is used within this machine only.
    #[must_use]
    pub fn new(backend: Arc<dyn HttpBackend>, base_url: BaseUrl) -> Self {
        Self::from_settings(Settings {
            backend,
            base_url,
            source: None,
            clock: Arc::new(system_clock),
            timeout: DEFAULT_TIMEOUT,
            cleartext: Cleartext::Refused,
        })
    }

    /// A copy for one user, with a token source and without token.
    #[must_use]
    pub fn with_token_source(&self, source: Arc<dyn TokenSource>) -> Self {
        self.with(|settings| settings.source = Some(source))
    }

    /// A copy with another clock. It has no token.
    #[must_use]
    pub fn with_clock(&self, clock: Clock) -> Self {
        self.with(|settings| settings.clock = clock)
    }

    /// A copy with another default time limit of a request. It has no token.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        self.with(|settings| settings.timeout = timeout)
    }

    /// A copy that may, or may not, use clear text to other machines: for the base URL, for URLs in
    /// responses, and for redirects. It has no token.
    #[must_use]
    pub fn with_cleartext(&self, cleartext: Cleartext) -> Self {
        self.with(|settings| settings.cleartext = cleartext)
    }

    fn with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.inner.settings.clone();
        change(&mut settings);
        Self::from_settings(settings)
    }

    fn from_settings(settings: Settings) -> Self {
        Self { inner: Arc::new(Inner { settings, refresh: Refresh::default() }) }
    }

    /// The base URL of the API.
    #[must_use]
    pub fn base_url(&self) -> &BaseUrl {
        &self.inner.settings.base_url
    }

    /// The time of this client's clock, in milliseconds since the epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        (self.inner.settings.clock)()
    }

    /// The token of the next request, if there is one.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        self.inner.refresh.current()
    }

    /// Sets the token of all further requests.
    pub fn set_token(&self, token: Token) {
        self.inner.refresh.set(Some(token));
    }

    /// Removes the token. The next request that needs one gets it from the token source.
    pub fn clear_token(&self) {
        self.inner.refresh.set(None);
    }

    /// Gets a new token from the token source, for example because the current token [is about to
    /// expire](crate::token::is_expired). Concurrent callers share one call of the source.
    ///
    /// # Errors
    /// When there is no token source, or it fails.
    pub async fn refresh_token(&self) -> Result<Token, ApiError> {
        let used = self.token();
        self.inner.renew(used.as_ref()).await
    }

    /// Sends a request and decodes its response.
    ///
    /// A token that is needed and missing comes from the token source. When the response has status
    /// 401, of HTTP or in the body, one refresh that all waiting requests share replaces the token,
    /// and the request is sent once more. Dropping the future cancels the request.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn send<E: Endpoint>(&self, endpoint: &E) -> Result<E::Response, ApiError> {
        let inner = &*self.inner;
        let prepared = Prepared::new(endpoint, Some(&inner.settings.base_url))?;
        if !E::Auth::NEEDS_TOKEN {
            return inner.attempt(endpoint, &prepared, None).await;
        }
        let token = match self.token() {
            Some(token) => token,
            None => inner.renew(None).await?,
        };
        let first = inner.attempt(endpoint, &prepared, Some(&token)).await;
        let has_other_token =
            || inner.settings.source.is_some() || self.token().as_ref() != Some(&token);
        match first {
            Err(ApiError::Unauthorized { .. }) if has_other_token() => {
                let token = inner.renew(Some(&token)).await?;
                inner.attempt(endpoint, &prepared, Some(&token)).await
            }
            result => result,
        }
    }
}

impl Inner {
    async fn attempt<E: Endpoint>(
        &self,
        endpoint: &E,
        prepared: &Prepared,
        token: Option<&Token>,
    ) -> Result<E::Response, ApiError> {
        let settings = SendSettings {
            backend: &*self.settings.backend,
            timeout: self.settings.timeout,
            cleartext: self.settings.cleartext,
            clock: &*self.settings.clock,
        };
        send_prepared(settings, endpoint, prepared, token).await
    }

    async fn renew(&self, used: Option<&Token>) -> Result<Token, ApiError> {
        self.refresh.run(used, self.fetch_token(used)).await
    }

    async fn fetch_token(&self, refused: Option<&Token>) -> Result<Token, ApiError> {
        let Some(source) = &self.settings.source else {
            let message = "there is no token; register, log in or set one".to_owned();
            return Err(ApiError::Unauthorized { message });
        };
        let login = LoginCaller { inner: self, refused };
        within(&*self.settings.backend, self.settings.timeout, source.token(&login)).await?
    }
}

/// The access to the API that a [`TokenSource`] has: it can log in without token. A refused log-in
/// is final.
pub struct LoginCaller<'a> {
    inner: &'a Inner,
    refused: Option<&'a Token>,
}

impl LoginCaller<'_> {
    /// Logs in, and returns the new token.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn login(&self, request: &login::Request) -> Result<Token, ApiError> {
        let prepared = Prepared::new(request, Some(&self.inner.settings.base_url))?;
        Ok(self.inner.attempt(request, &prepared, None).await?.token)
    }

    /// The time of the API's clock, in milliseconds since the epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        (self.inner.settings.clock)()
    }

    /// The token that the server refused, unless there was none.
    #[must_use]
    pub fn refused(&self) -> Option<&Token> {
        self.refused
    }
}

/// The settings for sending one request.
#[derive(Clone, Copy)]
pub(crate) struct SendSettings<'a> {
    pub(crate) backend: &'a dyn HttpBackend,
    /// The time limit, unless the endpoint has its own.
    pub(crate) timeout: Duration,
    pub(crate) cleartext: Cleartext,
    pub(crate) clock: &'a (dyn Fn() -> i64 + Send + Sync),
}

/// Sends one request and decodes its response. The time limit does not depend on the backend.
pub(crate) async fn send_prepared<E: Endpoint>(
    settings: SendSettings<'_>,
    endpoint: &E,
    prepared: &Prepared,
    token: Option<&Token>,
) -> Result<E::Response, ApiError> {
    let mut limits = endpoint.limits();
    let timeout = limits.timeout.unwrap_or(settings.timeout);
    limits.timeout = Some(timeout);
    let request = prepared.with_token(token)?;
    let sending = http::send(settings.backend, request, limits, settings.cleartext);
    let result = match within(settings.backend, timeout, sending).await? {
        Ok(response) => {
            tracing::debug!(method = %E::METHOD, path = E::PATH, status = response.status().as_u16(), "received a response");
            let delay = retry_after(response.headers(), time_of((settings.clock)()));
            endpoint
                .decode(RawResponse::new(E::PATH, response))
                .map_err(|error| error.with_retry_after(delay))
        }
        Err(error) => Err(error.into()),
    };
    if let Err(error) = &result {
        tracing::debug!(method = %E::METHOD, path = E::PATH, code = error.status_code(), "failed");
    }
    result
}

/// Bounds a future by the backend's timer.
async fn within<T>(
    backend: &dyn HttpBackend,
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<T, HttpError> {
    let mut work = pin!(work);
    let mut timer = backend.sleep(limit);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => timer.as_mut().poll(cx).map(|()| Err(HttpError::TimedOut)),
    })
    .await
}

/// The system's clock in milliseconds since the epoch, from 0 to `i64::MAX`. Always 0 on
/// `wasm32-unknown-unknown`, where the standard library has no clock and would panic.
pub(crate) fn system_clock() -> i64 {
    if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        return 0;
    }
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

fn time_of(ms: i64) -> SystemTime {
    let since_epoch = Duration::from_millis(u64::try_from(ms).unwrap_or_default());
    UNIX_EPOCH.checked_add(since_epoch).unwrap_or(UNIX_EPOCH)
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("base_url", &self.inner.settings.base_url)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LoginCaller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginCaller(..)")
    }
}
