//! Options that several builders have, each written once.

use crate::dialler::check_clear_text;
use crate::error::Result;
use crate::machine::{Config, KeepaliveConfig, ReconnectPolicy, RedirectPolicy};
use crate::timeouts::Timeouts;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::framing::ReceiveLimits;
use mfly_transport::{Address, Options, Proxy, StartTls, Tls};
use std::time::Duration;

/// How to reach servers.
#[derive(Clone, Debug, Default)]
pub(crate) struct DialOptions {
    pub(crate) tls: Option<Tls>,
    pub(crate) timeouts: Timeouts,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) allow_cleartext: bool,
    pub(crate) start_tls: StartTls,
}

impl DialOptions {
    /// The options of the transport.
    ///
    /// # Errors
    /// When no TLS settings are given and no roots are compiled in.
    pub(crate) fn transport(&self, limits: ReceiveLimits) -> Result<Options> {
        let mut options = Options::new(self.tls.clone().map_or_else(default_tls, Ok)?);
        options.timeouts = self.timeouts.transport();
        options.allow_cleartext = self.allow_cleartext;
        options.start_tls = self.start_tls;
        options.proxy.clone_from(&self.proxy);
        options.limits = limits;
        Ok(options)
    }

    /// Reads an XMPP address that the app chose.
    ///
    /// # Errors
    /// When the text is no address, or clear text to it is not allowed.
    pub(crate) fn address(&self, text: &str) -> Result<Address, InvalidArgument> {
        let address = text.parse()?;
        check_clear_text(&address, self.allow_cleartext)?;
        Ok(address)
    }
}

#[cfg(any(feature = "platform-roots", feature = "bundled-roots"))]
fn default_tls() -> Result<Tls> {
    Ok(Tls::default())
}

#[cfg(not(any(feature = "platform-roots", feature = "bundled-roots")))]
fn default_tls() -> Result<Tls> {
    Err(InvalidArgument::new("tls", "must be given: no roots are compiled in").into())
}

/// The builder methods of [`DialOptions`]. The type has it in the field `dial`.
macro_rules! dial_options {
    () => {
        /// Which servers to trust. Default: the certificate authorities of the operating system.
        pub fn tls(mut self, tls: mfly_transport::Tls) -> Self {
            self.dial.tls = Some(tls);
            self
        }

        /// How long each step of reaching a server may take.
        pub fn timeouts(mut self, timeouts: crate::Timeouts) -> Self {
            self.dial.timeouts = timeouts;
            self
        }

        /// Goes through a proxy: `"http://[user:password@]host:port"` or `"socks5://…"`, parsed. An
        /// app uses it for the REST API too, unless it has an HTTP backend of its own
        /// ([`AppBuilder::http_backend`](crate::AppBuilder::http_backend)).
        pub fn proxy(mut self, proxy: mfly_transport::Proxy) -> Self {
            self.dial.proxy = Some(proxy);
            self
        }

        /// Whether clear text may leave this machine. All messages can then be read on the way, and
        /// so can the passwords of trial licences. A standard session still does not send a
        /// password as it is. Default `false`.
        pub fn allow_cleartext(mut self, allow: bool) -> Self {
            self.dial.allow_cleartext = allow;
            self
        }
    };
}
pub(crate) use dial_options;

/// How a session behaves, in either dialect.
#[derive(Clone, Debug)]
pub(crate) struct SessionOptions {
    pub(crate) reconnect: ReconnectPolicy,
    pub(crate) keepalive: KeepaliveConfig,
    pub(crate) attempts: u32,
    pub(crate) redirects: RedirectPolicy,
    pub(crate) pipelined: bool,
    pub(crate) limits: ReceiveLimits,
    pub(crate) request_timeout: Duration,
    pub(crate) fail_fast: bool,
    pub(crate) event_capacity: usize,
}

impl SessionOptions {
    pub(crate) fn new(pipelined: bool) -> Self {
        Self {
            reconnect: ReconnectPolicy::default(),
            keepalive: KeepaliveConfig::default(),
            attempts: 1,
            redirects: RedirectPolicy::default(),
            pipelined,
            limits: ReceiveLimits::default(),
            request_timeout: Duration::from_secs(15),
            fail_fast: false,
            event_capacity: 256,
        }
    }

    /// Refuses options that cannot work.
    pub(crate) fn check(&self) -> Result<(), InvalidArgument> {
        if self.event_capacity == 0 {
            return Err(InvalidArgument::new("event_capacity", "must be at least 1"));
        }
        self.limits.check()
    }

    /// Sets what the machine has to know.
    pub(crate) fn apply(&self, config: &mut Config) {
        config.reconnect = self.reconnect;
        config.keepalive = self.keepalive;
        config.first_attempts = self.attempts;
        config.redirects = self.redirects.clone();
        config.pipelined = self.pipelined;
        config.limits = self.limits;
    }
}

/// The builder methods of [`SessionOptions`] that both dialects have. The type has it in the field
/// `options`.
macro_rules! session_options {
    () => {
        /// When and how often to connect again after a loss. Default: without end, with growing
        /// waits up to a minute.
        pub fn reconnect(mut self, policy: crate::ReconnectPolicy) -> Self {
            self.options.reconnect = policy;
            self
        }

        /// When a silent server counts as gone. Default: 30 s of silence, then 10 s to answer.
        pub fn keepalive(mut self, keepalive: crate::KeepaliveConfig) -> Self {
            self.options.keepalive = keepalive;
            self
        }

        /// How many attempts may fail before the first connection counts as impossible. Default 1.
        pub fn attempts(mut self, attempts: u32) -> Self {
            self.options.attempts = attempts.max(1);
            self
        }

        /// How long each request over XMPP may take. Default 15 s.
        pub fn request_timeout(mut self, timeout: std::time::Duration) -> Self {
            self.options.request_timeout = timeout;
            self
        }

        /// Whether a request that is made while the session reconnects fails at once, with
        /// [`NotConnected`](crate::ErrorKind::NotConnected). Otherwise it waits for the next
        /// connection, until its own deadline; 128 may wait at a time. Default `false`. For single
        /// calls: `Session::with_fail_fast`.
        pub fn fail_fast(mut self, fail_fast: bool) -> Self {
            self.options.fail_fast = fail_fast;
            self
        }

        /// Which pointers to another server are followed. Default: those within the own domain.
        pub fn redirects(mut self, policy: crate::RedirectPolicy) -> Self {
            self.options.redirects = policy;
            self
        }

        /// Whether steps of logging in that do not depend on each other's answer leave together,
        /// which saves two to three round trips. The server's answers are checked all the same.
        /// Default: `false` on the platform, as in the official SDK; `true` elsewhere.
        pub fn pipelined(mut self, pipelined: bool) -> Self {
            self.options.pipelined = pipelined;
            self
        }

        /// How much this session accepts from the server at once; [`ReceiveLimits`] explains what
        /// the defaults fit and what raising them costs. What exceeds a limit is skipped (event
        /// `StanzaSkipped`), or fails the request that it answers
        /// ([`AnswerTooLarge`](crate::ErrorKind::AnswerTooLarge)). Connections of an own
        /// [`Connector`](crate::standard::Connector) must have the same limits.
        ///
        /// [`ReceiveLimits`]: crate::ReceiveLimits
        pub fn limits(mut self, limits: mfly_proto::framing::ReceiveLimits) -> Self {
            self.options.limits = limits;
            self
        }
    };
}
pub(crate) use session_options;

/// Lets a builder be awaited: it is sent by this method.
macro_rules! await_by {
    ($request:ty => $output:ty, $method:ident) => {
        impl std::future::IntoFuture for $request {
            type Output = crate::Result<$output>;
            type IntoFuture = futures_core::future::BoxFuture<'static, Self::Output>;

            fn into_future(self) -> Self::IntoFuture {
                Box::pin(self.$method())
            }
        }
    };
}
pub(crate) use await_by;
