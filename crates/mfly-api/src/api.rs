//! The one way a request leaves.

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

/// How long a request takes at most, unless its endpoint says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The time, in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The REST API of one server, with the token of at most one user.
///
/// Clones share everything, the token too.
#[derive(Clone)]
pub struct Api {
    shared: Arc<Shared>,
}

struct Shared {
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
    /// An API without token and without a source of tokens, by the system's clock and with the
    /// default time-out. Clear text stays within this machine.
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

    /// The same API for one user: with a source of tokens, and without a token yet.
    #[must_use]
    pub fn with_token_source(&self, source: Arc<dyn TokenSource>) -> Self {
        self.with(|settings| settings.source = Some(source))
    }

    /// The same API by another clock; the token does not come along.
    #[must_use]
    pub fn with_clock(&self, clock: Clock) -> Self {
        self.with(|settings| settings.clock = clock)
    }

    /// The same API with another time-out for each request; the token does not come along.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        self.with(|settings| settings.timeout = timeout)
    }

    /// The same API, which may or may not use clear text beyond this machine: for the base URL, for
    /// URLs in answers, and for redirects. The token does not come along.
    #[must_use]
    pub fn with_cleartext(&self, cleartext: Cleartext) -> Self {
        self.with(|settings| settings.cleartext = cleartext)
    }

    fn with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.shared.settings.clone();
        change(&mut settings);
        Self::from_settings(settings)
    }

    fn from_settings(settings: Settings) -> Self {
        let refresh = Refresh::default();
        Self { shared: Arc::new(Shared { settings, refresh }) }
    }

    /// Where the API is.
    #[must_use]
    pub fn base_url(&self) -> &BaseUrl {
        &self.shared.settings.base_url
    }

    /// The time by this API's clock, in milliseconds since the epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        (self.shared.settings.clock)()
    }

    /// The token that the next request would carry.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        self.shared.refresh.current()
    }

    /// Uses `token` from now on.
    pub fn set_token(&self, token: Token) {
        self.shared.refresh.set(Some(token));
    }

    /// Forgets the token. The next request that needs one asks the source.
    pub fn clear_token(&self) {
        self.shared.refresh.set(None);
    }

    /// Asks the source for a token now, unless another caller already does; for example because
    /// the present one [is about to expire](crate::token::is_expired).
    ///
    /// # Errors
    /// When there is no source, or it has none.
    pub async fn refresh_token(&self) -> Result<Token, ApiError> {
        let used = self.token();
        self.shared.renew(used.as_ref()).await
    }

    /// Sends `endpoint` and reads its answer.
    ///
    /// An endpoint that needs a token gets one from the source if there is none. When the server
    /// answers 401, by HTTP or in the body, the token is refreshed once, shared with every other
    /// request that needs it, and the request is sent once more. Dropping the future gives the
    /// request up.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn send<E: Endpoint>(&self, endpoint: &E) -> Result<E::Response, ApiError> {
        let shared = &*self.shared;
        let prepared = Prepared::new(endpoint, Some(&shared.settings.base_url))?;
        if !E::Auth::NEEDS_TOKEN {
            return shared.attempt(endpoint, &prepared, None).await;
        }
        let token = match self.token() {
            Some(token) => token,
            None => shared.renew(None).await?,
        };
        let first = shared.attempt(endpoint, &prepared, Some(&token)).await;
        let has_other_token =
            || shared.settings.source.is_some() || self.token().as_ref() != Some(&token);
        match first {
            Err(ApiError::Unauthorized { .. }) if has_other_token() => {
                let token = shared.renew(Some(&token)).await?;
                shared.attempt(endpoint, &prepared, Some(&token)).await
            }
            result => result,
        }
    }
}

impl Shared {
    async fn attempt<E: Endpoint>(
        &self,
        endpoint: &E,
        prepared: &Prepared,
        token: Option<&Token>,
    ) -> Result<E::Response, ApiError> {
        let way = Way {
            backend: &*self.settings.backend,
            timeout: self.settings.timeout,
            cleartext: self.settings.cleartext,
            clock: &*self.settings.clock,
        };
        send_prepared(way, endpoint, prepared, token).await
    }

    async fn renew(&self, used: Option<&Token>) -> Result<Token, ApiError> {
        self.refresh.run(used, self.fetch_token(used)).await
    }

    async fn fetch_token(&self, refused: Option<&Token>) -> Result<Token, ApiError> {
        let Some(source) = &self.settings.source else {
            let message = "there is no token; register, log in or set one".to_owned();
            return Err(ApiError::Unauthorized { message });
        };
        let login = LoginCaller { shared: self, refused };
        within(&*self.settings.backend, self.settings.timeout, source.token(&login)).await?
    }
}

/// What a [`TokenSource`] may use: logging in, past the token and its refresh, so that a refused
/// log-in is final.
pub struct LoginCaller<'a> {
    shared: &'a Shared,
    refused: Option<&'a Token>,
}

impl LoginCaller<'_> {
    /// Logs in.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn login(&self, request: &login::Request) -> Result<Token, ApiError> {
        let prepared = Prepared::new(request, Some(&self.shared.settings.base_url))?;
        Ok(self.shared.attempt(request, &prepared, None).await?.token)
    }

    /// The time, in milliseconds since the epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        (self.shared.settings.clock)()
    }

    /// The token that the server refused, if that is why a new one is needed.
    #[must_use]
    pub fn refused(&self) -> Option<&Token> {
        self.refused
    }
}

/// How a request travels.
#[derive(Clone, Copy)]
pub(crate) struct Way<'a> {
    pub(crate) backend: &'a dyn HttpBackend,
    /// Unless the endpoint has another.
    pub(crate) timeout: Duration,
    pub(crate) cleartext: Cleartext,
    pub(crate) clock: &'a (dyn Fn() -> i64 + Send + Sync),
}

/// Sends one request and decodes its answer. The deadline holds whatever the backend does.
pub(crate) async fn send_prepared<E: Endpoint>(
    way: Way<'_>,
    endpoint: &E,
    prepared: &Prepared,
    token: Option<&Token>,
) -> Result<E::Response, ApiError> {
    let mut limits = endpoint.limits();
    let timeout = limits.timeout.unwrap_or(way.timeout);
    limits.timeout = Some(timeout);
    let request = prepared.with_token(token)?;
    let sending = http::send(way.backend, request, limits, way.cleartext);
    let result = match within(way.backend, timeout, sending).await? {
        Ok(response) => {
            tracing::debug!(method = %E::METHOD, path = E::PATH, status = response.status().as_u16(), "answered");
            let delay = retry_after(response.headers(), time_of((way.clock)()));
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
            .field("base_url", &self.shared.settings.base_url)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LoginCaller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginCaller(..)")
    }
}
