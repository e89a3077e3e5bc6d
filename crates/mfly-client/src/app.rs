//! One licence on one server: what registers and connects users.

use crate::error::{ErrorKind, Result};
use crate::feature::licence;
use crate::options::{DialOptions, SessionOptions, dial_options};
use crate::quirks::Quirks;
use mfly_api::endpoint::config::ServerConfig;
use mfly_api::http::HttpBackend;
use mfly_api::hyper::HyperBackend;
use mfly_api::licence::{Licence, LicenceCache, MemoryLicenceCache};
use mfly_api::{Api, BaseUrl, Mode};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::framing::ReceiveLimits;
use mfly_proto::jid::UserId;
use mfly_proto::secret::LicenceKey;
use mfly_transport::{Address, Options};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// An app that is known to the platform by its licence key. Clones are cheap and share everything.
///
/// ```
/// # use mfly_client::App;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = mfly_testserver::TestServer::start().await?;
/// let app = App::builder(server.licence_key()).api_base_url(&server.api_base_url()).build().await?;
/// assert!(!app.is_trial());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct App {
    shared: Arc<Shared>,
}

/// The state that all clones of an app share.
pub(crate) struct Shared {
    pub(crate) licence_key: LicenceKey,
    pub(crate) mode: Mode,
    /// The REST API without a user's token.
    pub(crate) api: Api,
    /// For requests to other servers than the API's.
    pub(crate) backend: Arc<dyn HttpBackend>,
    pub(crate) transport: Options,
    pub(crate) xmpp_address: Option<Address>,
    pub(crate) quirks: Quirks,
    pub(crate) session: SessionOptions,
    pub(crate) media_encryption: bool,
    configs: Mutex<BTreeMap<UserId, ServerConfig>>,
}

/// Configurations of registered users that have not connected yet. More than this are fetched
/// again.
const MAX_CONFIGS: usize = 1024;

impl App {
    /// An app with this licence key.
    #[doc(alias = "initializeSDK")]
    pub fn builder(licence_key: LicenceKey) -> AppBuilder {
        AppBuilder {
            licence_key,
            api_base_url: None,
            trial: false,
            licence_cache: Arc::new(MemoryLicenceCache::new()),
            licence_url: None,
            dial: DialOptions::default(),
            session: SessionOptions::new(false),
            xmpp_address: None,
            http_backend: None,
            media_encryption: true,
            quirks: Quirks::default(),
        }
    }

    /// Whether the licence is a trial.
    #[must_use]
    pub fn is_trial(&self) -> bool {
        self.shared.mode == Mode::Trial
    }

    /// The base URL of the REST API.
    #[must_use]
    pub fn api_base_url(&self) -> &str {
        self.shared.api.base_url().as_str()
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }
}

impl Shared {
    /// Keeps the configuration that registration brought, for the connection that follows.
    pub(crate) fn keep_config(&self, user: &UserId, config: ServerConfig) {
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        if configs.len() >= MAX_CONFIGS {
            configs.pop_first();
        }
        configs.insert(user.clone(), config);
    }

    /// Takes the configuration of this user, so that a later connection requests a fresh one.
    pub(crate) fn take_config(&self, user: &UserId) -> Option<ServerConfig> {
        self.configs.lock().unwrap_or_else(PoisonError::into_inner).remove(user)
    }
}

/// Puts an [`App`] together.
#[must_use = "call build"]
pub struct AppBuilder {
    licence_key: LicenceKey,
    api_base_url: Option<String>,
    trial: bool,
    licence_cache: Arc<dyn LicenceCache>,
    licence_url: Option<String>,
    dial: DialOptions,
    session: SessionOptions,
    xmpp_address: Option<String>,
    http_backend: Option<Arc<dyn HttpBackend>>,
    media_encryption: bool,
    quirks: Quirks,
}

impl AppBuilder {
    dial_options!();

    /// The base URL of the REST API, for example `https://api.example.com/api/v1`. Without it, the
    /// platform's licence server is asked.
    pub fn api_base_url(mut self, url: &str) -> Self {
        self.api_base_url = Some(url.to_owned());
        self
    }

    /// Whether the licence is a trial licence. Default `false`. Only read together with
    /// [`AppBuilder::api_base_url`]: the licence server knows it. The official SDK assumes a
    /// trial licence by default.
    pub fn trial(mut self, trial: bool) -> Self {
        self.trial = trial;
        self
    }

    /// Stores the licence server's answer between runs of the program.
    pub fn licence_cache(mut self, cache: Arc<dyn LicenceCache>) -> Self {
        self.licence_cache = cache;
        self
    }

    /// Asks another licence server than the platform's. Its answers are not cached.
    pub fn licence_url(mut self, url: &str) -> Self {
        self.licence_url = Some(url.to_owned());
        self
    }

    /// Connects to this XMPP server instead of the one that the configuration names:
    /// `wss://host[:port]/path`, `xmpp://host[:port]` (TCP with STARTTLS), `xmpps://host[:port]`
    /// (TCP with TLS from the start), or `ws://…` within this machine.
    pub fn xmpp_address(mut self, address: &str) -> Self {
        self.xmpp_address = Some(address.to_owned());
        self
    }

    /// Sends REST requests through another HTTP client.
    pub fn http_backend(mut self, backend: Arc<dyn HttpBackend>) -> Self {
        self.http_backend = Some(backend);
        self
    }

    /// Whether sessions of this app seal the files that they upload, until
    /// [`Session::set_media_encryption`](crate::Session::set_media_encryption) says otherwise.
    /// Default `true`, as in the official SDK 4.25.10; its page names `false`. Profile images are
    /// never sealed.
    #[doc(alias = "setMediaEncryption")]
    pub fn media_encryption(mut self, on: bool) -> Self {
        self.media_encryption = on;
        self
    }

    /// Changes how the client behaves where the platform's behaviour is inferred.
    pub fn quirks(mut self, quirks: Quirks) -> Self {
        self.quirks = quirks;
        self
    }

    /// How many events each subscription holds before it loses the oldest. Default 256.
    pub fn event_capacity(mut self, capacity: usize) -> Self {
        self.session.event_capacity = capacity;
        self
    }

    /// How much each session accepts from the XMPP server at once; [`ReceiveLimits`] says what the
    /// defaults fit and what raising them costs. What exceeds a limit is skipped
    /// ([`Event::StanzaSkipped`](crate::Event::StanzaSkipped)), or fails the request that it
    /// answers ([`AnswerTooLarge`](crate::ErrorKind::AnswerTooLarge)). [`ConnectRequest::limits`]
    /// sets it for one session.
    ///
    /// [`ConnectRequest::limits`]: crate::ConnectRequest::limits
    pub fn limits(mut self, limits: ReceiveLimits) -> Self {
        self.session.limits = limits;
        self
    }

    /// Makes the app. Nothing is sent unless the licence server has to be asked.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when an address cannot be used or
    /// would carry clear text beyond this machine, or when limits are too low; when the licence
    /// server refuses the key or cannot be reached.
    pub async fn build(self) -> Result<App> {
        self.session.check()?;
        let transport = self.dial.transport(self.session.limits)?;
        let address = |text| self.dial.address(text);
        let xmpp_address = self.xmpp_address.as_deref().map(address).transpose()?;
        let backend = self.backend(&transport);
        let Licence { base_url, mode } = self.licence(&backend).await?;
        Ok(App {
            shared: Arc::new(Shared {
                licence_key: self.licence_key,
                mode,
                api: Api::new(Arc::clone(&backend), base_url)
                    .with_timeout(self.dial.timeouts.rest)
                    .with_cleartext(self.dial.allow_cleartext.into()),
                backend,
                transport,
                xmpp_address,
                quirks: self.quirks,
                session: self.session,
                media_encryption: self.media_encryption,
                configs: Mutex::default(),
            }),
        })
    }

    fn backend(&self, transport: &Options) -> Arc<dyn HttpBackend> {
        match &self.http_backend {
            Some(backend) => Arc::clone(backend),
            None => Arc::new(HyperBackend::with_proxy(
                &transport.tls,
                self.dial.timeouts.http(),
                transport.proxy.clone(),
            )),
        }
    }

    /// The licence that the app names, or that the licence server knows.
    async fn licence(&self, backend: &Arc<dyn HttpBackend>) -> Result<Licence> {
        let allow_cleartext = self.dial.allow_cleartext;
        let licence_url = match self.licence_url.as_deref().map(BaseUrl::new) {
            None => None,
            Some(Ok(url)) => {
                check_clear_text_http("licence_url", &url, allow_cleartext)?;
                Some(url)
            }
            Some(Err(error)) => {
                return Err(InvalidArgument::new("licence_url", error.reason).into());
            }
        };
        if let Some(url) = &self.api_base_url {
            let base_url = BaseUrl::new(url)?;
            check_clear_text_http("apiBaseUrl", &base_url, allow_cleartext)?;
            return Ok(Licence {
                base_url,
                mode: if self.trial { Mode::Trial } else { Mode::Live },
            });
        }
        let cleartext = allow_cleartext.into();
        let (cache, key) = (&*self.licence_cache, &self.licence_key);
        let licence = licence::look_up(backend, cache, key, licence_url, cleartext).await?;
        if licence.base_url.origin().is_private() || allow_cleartext {
            Ok(licence)
        } else {
            let origin = licence.base_url.origin().clone();
            Err(ErrorKind::Cleartext { origin }.into())
        }
    }
}

/// Refuses an HTTP address that would carry clear text beyond this machine; `name` is the argument
/// that it came with.
fn check_clear_text_http(
    name: &'static str,
    url: &BaseUrl,
    allowed: bool,
) -> Result<(), InvalidArgument> {
    if url.is_tls() || url.is_loopback() || allowed {
        return Ok(());
    }
    Err(InvalidArgument::new(
        name,
        "http:// would send keys and passwords unprotected; use https://, or allow cleartext",
    ))
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("api_base_url", &self.api_base_url())
            .field("mode", &self.shared.mode)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AppBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppBuilder")
            .field("api_base_url", &self.api_base_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};

    fn builder() -> AppBuilder {
        App::builder(LicenceKey::new("TestLicenceKey0123456789abcdef").unwrap())
    }

    fn argument(error: &Error) -> &'static str {
        match error.kind() {
            ErrorKind::InvalidArgument(argument) => argument.name,
            kind => panic!("{kind:?}"),
        }
    }

    #[tokio::test]
    async fn an_unusable_address_is_refused_by_name_before_anything_is_sent() {
        let error = builder().api_base_url("ftp://x").build().await.unwrap_err();
        assert_eq!(argument(&error), "apiBaseUrl");
        let error = builder()
            .api_base_url("http://127.0.0.1:1/api/v1")
            .xmpp_address("xmpp.example.test")
            .build()
            .await
            .unwrap_err();
        assert_eq!(argument(&error), "address");
    }

    #[tokio::test]
    async fn clear_text_beyond_this_machine_must_be_allowed() {
        let url = "http://api.example.test/api/v1";
        let error = builder().api_base_url(url).build().await.unwrap_err();
        assert_eq!(argument(&error), "apiBaseUrl");
        let app = builder().api_base_url(url).allow_cleartext(true).build().await.unwrap();
        assert_eq!(app.api_base_url(), url);
    }

    #[tokio::test]
    async fn clear_text_to_any_server_is_refused_by_the_name_of_the_argument() {
        let refused = |builder: AppBuilder| async { argument(&builder.build().await.unwrap_err()) };
        let local = || builder().api_base_url("http://127.0.0.1:1/api/v1");
        let xmpp = local().xmpp_address("ws://xmpp.example.test/websocket");
        assert_eq!(refused(xmpp).await, "address");
        let licence = local().licence_url("http://licence.example.test/");
        assert_eq!(refused(licence).await, "licence_url");
        let licence = local().licence_url("ftp://licence.example.test/");
        assert_eq!(refused(licence).await, "licence_url");
        let app = local()
            .xmpp_address("ws://xmpp.example.test/websocket")
            .licence_url("http://licence.example.test/")
            .allow_cleartext(true)
            .build()
            .await;
        assert!(app.is_ok(), "{app:?}");
    }

    #[tokio::test]
    async fn an_app_decides_whether_its_sessions_seal_their_files() {
        let server = mfly_testserver::TestServer::start().await.unwrap();
        let app = |is_on: Option<bool>| {
            let builder = App::builder(server.licence_key())
                .api_base_url(&server.api_base_url())
                .xmpp_address(&server.websocket_url());
            match is_on {
                Some(on) => builder.media_encryption(on).build(),
                None => builder.build(),
            }
        };
        for (is_on, expected) in [(None, true), (Some(true), true), (Some(false), false)] {
            let app = app(is_on).await.unwrap();
            let alice = mfly_proto::jid::UserIdentifier::new("alice").unwrap();
            let account = app.register(&alice).await.unwrap();
            let session = app.connect(&account.credentials).await.unwrap();
            assert_eq!(session.media_encryption(), expected, "{is_on:?}");
            session.set_media_encryption(!expected);
            assert_eq!(session.media_encryption(), !expected, "{is_on:?}");
        }
    }

    #[tokio::test]
    async fn a_base_url_of_clear_text_that_the_licence_server_names_is_refused_by_its_origin() {
        let server = mfly_testserver::TestServer::start().await.unwrap();
        let answer = r#"{"status":200,"data":{"apiBaseUrl":"http://api.example.test/v1"}}"#;
        let lookup = Lookup(answer);
        for licence_url in [None, Some("https://licence.example.test/details")] {
            let mut builder = App::builder(server.licence_key()).http_backend(Arc::new(lookup));
            if let Some(url) = licence_url {
                builder = builder.licence_url(url);
            }
            let error = builder.build().await.unwrap_err();
            let ErrorKind::Cleartext { origin } = error.kind() else {
                panic!("{error:?}");
            };
            assert_eq!(origin.to_string(), "http://api.example.test");
            assert_eq!(error.fault(), crate::Fault::Server);
        }
        let builder = App::builder(server.licence_key()).http_backend(Arc::new(lookup));
        assert!(builder.allow_cleartext(true).build().await.is_ok());
    }

    /// A licence server that gives every request this answer.
    #[derive(Clone, Copy)]
    struct Lookup(&'static str);

    #[async_trait::async_trait]
    impl HttpBackend for Lookup {
        async fn send(
            &self,
            _request: http::Request<bytes::Bytes>,
            _limits: mfly_api::http::ResponseLimits,
        ) -> Result<http::Response<bytes::Bytes>, mfly_api::http::HttpError> {
            Ok(http::Response::new(self.0.into()))
        }
    }

    #[tokio::test]
    async fn debug_output_does_not_show_the_licence_key() {
        let app = builder().api_base_url("http://127.0.0.1:1/api/v1").build().await.unwrap();
        assert!(!format!("{app:?}").contains("TestLicenceKey"));
    }

    #[tokio::test]
    async fn a_kept_configuration_serves_one_connection() {
        let app = builder().api_base_url("http://127.0.0.1:1/api/v1").build().await.unwrap();
        let user = UserId::new("u1").unwrap();
        app.shared().keep_config(&user, ServerConfig::default());
        assert!(app.shared().take_config(&user).is_some());
        assert!(app.shared().take_config(&user).is_none());
    }
}
