//! What a server is started with.

mod bounds;
mod start_error;

pub(crate) use bounds::{LOGIN_DEADLINE, MAX_SESSIONS, MAX_UNAUTHENTICATED};
pub use start_error::StartError;

use crate::core::Core;
use crate::core::world::{Contacts, Settings};
use crate::handle::server::TestServer;
use crate::net::admission::Admission;
use crate::net::certificate::{self, Authority, AuthorityError, Certificates};
use crate::net::descriptors;
use crate::net::file;
use crate::net::listener::Ports;
use crate::shared::Shared;
use bounds::Bounds;
use mfly_api::Feature;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::secret::LicenceKey;
use rand::TryRng as _;
use rand::rngs::SysRng;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The licence key unless another is given. It opens nothing but servers of this crate.
pub(crate) const LICENCE_KEY: &str = "MflyLocalLicenceKey0123456789abc";

/// A loopback port that the system chooses.
const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How many iterations SCRAM may ask for.
const ITERATIONS: std::ops::RangeInclusive<u32> = 1..=10_000_000;

/// Settings of a server; see [`TestServer::builder`].
#[derive(Clone, Debug)]
pub struct Builder {
    licence_key: String,
    trial: bool,
    session_limit: Option<usize>,
    xmpp_host: Option<String>,
    disabled: Vec<Feature>,
    token_lifetime: Option<Duration>,
    are_contacts_explicit: bool,
    listen: SocketAddr,
    has_tls: bool,
    tls_listen: Option<SocketAddr>,
    authority: Option<PathBuf>,
    tcp_listen: Option<SocketAddr>,
    tcps_listen: Option<SocketAddr>,
    is_tcp_cleartext: bool,
    scram: bool,
    channel_binding: bool,
    scram_iterations: Option<u32>,
    sasl2: bool,
    anonymous: bool,
    certificate: Option<Certificates>,
    seed: Option<[u8; 32]>,
    qr_code_lifetime: Duration,
    announces_signalling: bool,
    are_uploads_committed_by_id: bool,
    bounds: Bounds,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            licence_key: LICENCE_KEY.to_owned(),
            trial: false,
            session_limit: None,
            xmpp_host: None,
            disabled: Vec::new(),
            token_lifetime: None,
            are_contacts_explicit: false,
            listen: ANY_PORT,
            authority: None,
            has_tls: true,
            tls_listen: None,
            tcp_listen: None,
            tcps_listen: None,
            is_tcp_cleartext: false,
            scram: false,
            channel_binding: true,
            scram_iterations: None,
            sasl2: false,
            anonymous: false,
            certificate: None,
            seed: None,
            qr_code_lifetime: Duration::from_secs(60),
            announces_signalling: false,
            are_uploads_committed_by_id: false,
            bounds: Bounds::default(),
        }
    }

    /// The licence key that clients have to know.
    #[must_use]
    pub fn licence_key(mut self, licence_key: impl Into<String>) -> Self {
        self.licence_key = licence_key.into();
        self
    }

    /// Whether the licence is a trial: registration data and passwords then travel as they are.
    /// Default: no.
    #[must_use]
    pub fn trial(mut self, is_trial: bool) -> Self {
        self.trial = is_trial;
        self
    }

    /// How many devices an account may have registered at a time; at least 1. Default: 5.
    #[must_use]
    pub fn session_limit(mut self, limit: usize) -> Self {
        self.session_limit = Some(limit);
        self
    }

    /// The domain of every JID, which clients also connect to. Default: `localhost`.
    #[must_use]
    pub fn xmpp_host(mut self, host: impl Into<String>) -> Self {
        self.xmpp_host = Some(host.into());
        self
    }

    /// Takes a feature out of the plan. Default: the plan has all.
    #[must_use]
    pub fn disable(mut self, feature: Feature) -> Self {
        self.disabled.push(feature);
        self
    }

    /// How long a REST token is valid. Default: an hour.
    #[must_use]
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = Some(lifetime);
        self
    }

    /// Nobody is anybody's contact until made so. Default: everybody knows everybody.
    #[must_use]
    pub fn contacts_explicit(mut self) -> Self {
        self.are_contacts_explicit = true;
        self
    }

    /// Where to listen for plain HTTP and WebSocket. Default: a free port of 127.0.0.1.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Whether to serve TLS on ports that are not asked for by name: HTTP over TLS, XMPP over TCP
    /// with STARTTLS, and XMPP over TLS. Default: yes, each on a free port of 127.0.0.1.
    #[must_use]
    pub fn tls(mut self, is_on: bool) -> Self {
        self.has_tls = is_on;
        self
    }

    /// Where to listen for HTTP over TLS.
    #[must_use]
    pub fn tls_listen(mut self, address: SocketAddr) -> Self {
        self.tls_listen = Some(address);
        self
    }

    /// Keeps the certificate authority in this file, and its key beside it in a file with `.key`
    /// behind the name: both are made at the first start, and used again at later ones. Several
    /// servers may start with one new file at a time. Default: every server makes its own and
    /// forgets the key.
    #[must_use]
    pub fn authority(mut self, path: impl Into<PathBuf>) -> Self {
        self.authority = Some(path.into());
        self
    }

    /// Where to listen for XMPP over TCP. STARTTLS is offered there and required, unless
    /// [`Builder::tcp_cleartext`] says otherwise.
    #[must_use]
    pub fn tcp_listen(mut self, address: SocketAddr) -> Self {
        self.tcp_listen = Some(address);
        self
    }

    /// Where to listen for XMPP over TLS.
    #[must_use]
    pub fn tcps_listen(mut self, address: SocketAddr) -> Self {
        self.tcps_listen = Some(address);
        self
    }

    /// Speaks XMPP over TCP in the clear, and does not offer STARTTLS: for measurements, and for
    /// tests of clients that must refuse that. Default: no.
    #[must_use]
    pub fn tcp_cleartext(mut self, is_on: bool) -> Self {
        self.is_tcp_cleartext = is_on;
        self
    }

    /// Offers SCRAM-SHA-1, -256 and -512, and their -PLUS forms where there is TLS. Standard
    /// accounts can use them; those of the platform have PLAIN alone. Default: no.
    #[must_use]
    pub fn scram(mut self, is_on: bool) -> Self {
        self.scram = is_on;
        self
    }

    /// Whether [`Builder::scram`] offers the -PLUS forms, which tie a login to its TLS connection
    /// (RFC 5802 §6). Without them, clients can be tested that choose a -PLUS form but cannot bind,
    /// as stanza.js 12 does. Default: yes.
    #[must_use]
    pub fn channel_binding(mut self, is_on: bool) -> Self {
        self.channel_binding = is_on;
        self
    }

    /// How many iterations SCRAM asks for. Default: 4096.
    #[must_use]
    pub fn scram_iterations(mut self, count: u32) -> Self {
        self.scram_iterations = Some(count);
        self
    }

    /// Offers SASL2 (XEP-0388), and a resource along with it (XEP-0386). Default: no.
    #[must_use]
    pub fn sasl2(mut self, is_on: bool) -> Self {
        self.sasl2 = is_on;
        self
    }

    /// Offers ANONYMOUS: whoever uses it gets a standard account that goes with its last session.
    /// Default: no.
    #[must_use]
    pub fn anonymous(mut self, is_on: bool) -> Self {
        self.anonymous = is_on;
        self
    }

    /// Shows this certificate (`chain`) with this `key`, both PEM text, instead of one of its own
    /// authority's making; [`TestServer::ca_certificate_pem`] then is none.
    #[must_use]
    pub fn certificate(mut self, chain: impl Into<String>, key: impl Into<String>) -> Self {
        self.certificate = Some(Certificates { chain_pem: chain.into(), key_pem: key.into() });
        self
    }

    /// Draws passwords and ids from this seed, so that they are the same in every run. Default: a
    /// random one.
    #[must_use]
    pub fn seed(mut self, seed: [u8; 32]) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How long a code for logging in can be approved before a fresh one takes its place. Default:
    /// a minute (inferred); at least 10 milliseconds.
    #[must_use]
    pub fn qr_code_lifetime(mut self, lifetime: Duration) -> Self {
        self.qr_code_lifetime = lifetime.max(Duration::from_millis(10));
        self
    }

    /// Names this server as signalling server in configurations. Default: no, because apps then
    /// open a connection for calls, which are not served here. Logging in by code needs no
    /// announcement: apps are given that address.
    #[must_use]
    pub fn announce_signalling(mut self, is_on: bool) -> Self {
        self.announces_signalling = is_on;
        self
    }

    /// Commits uploads in parts by their `uploadId`, as with Amazon's stores, rather than by an
    /// address, as with Oracle's. Default: no, because the official SDK (4.25.10) then fails to
    /// send a file of more than one part.
    #[must_use]
    pub fn commit_uploads_by_id(mut self, is_on: bool) -> Self {
        self.are_uploads_committed_by_id = is_on;
        self
    }

    fn settings(&self) -> Result<Settings, InvalidArgument> {
        let mut settings = Settings::new(LicenceKey::new(self.licence_key.clone())?);
        settings.trial = self.trial;
        if let Some(limit) = self.session_limit {
            settings.session_limit = limit.max(1);
        }
        if let Some(host) = &self.xmpp_host {
            settings.xmpp_host.clone_from(host);
        }
        for feature in &self.disabled {
            settings.features = settings.features.with(*feature, false);
        }
        if let Some(lifetime) = self.token_lifetime {
            settings.token_lifetime = lifetime;
        }
        if self.are_contacts_explicit {
            settings.contacts = Contacts::Explicit;
        }
        settings.announces_signalling = self.announces_signalling;
        settings.are_uploads_committed_by_id = self.are_uploads_committed_by_id;
        settings.scram = self.scram;
        settings.channel_binding = self.channel_binding;
        if let Some(count) = self.scram_iterations {
            if !ITERATIONS.contains(&count) {
                let reason = "must be 1 to 10,000,000";
                return Err(InvalidArgument::new("scramIterations", reason));
            }
            settings.scram_iterations = count;
        }
        settings.sasl2 = self.sasl2;
        settings.anonymous = self.anonymous;
        self.bounds.apply(&mut settings);
        Ok(settings)
    }

    async fn certificate_authority(&self) -> Result<Authority, StartError> {
        let authority = match self.authority.clone() {
            Some(path) => {
                let asked = path.clone();
                let kept = file::aside(move || Authority::keep(&asked)).await;
                kept.unwrap_or_else(|source| Err(AuthorityError::File { path, source }))
            }
            None => Authority::generate().map_err(AuthorityError::from),
        };
        authority.map_err(|error| StartError::Authority { source: error.into() })
    }

    /// Starts the server. It stops when the returned value is dropped.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(self) -> Result<TestServer, StartError> {
        let settings = self.settings()?;
        let xmpp_host = settings.xmpp_host.clone();
        let mut seed = [0; 32];
        random(&mut seed)?;
        let core = Core::new(settings, self.seed.unwrap_or(seed))?;
        let mut token_secret = [0; 64];
        random(&mut token_secret)?;

        let ports = self.ports();
        let admission = self.bounds.admission();
        descriptors::raise(self.bounds.descriptors());
        let mut authority = None;
        let certificates = match &self.certificate {
            _ if !ports.need_certificates() => None,
            Some(given) => Some(given.clone()),
            None => {
                let made = self.certificate_authority().await?;
                let certificates = certificate::generate(&xmpp_host, &made)
                    .map_err(|error| StartError::Certificate { source: error.into() })?;
                authority = Some(made);
                Some(certificates)
            }
        };
        let (addresses, listening) = ports.bind(certificates.as_ref()).await?;
        let shared = Arc::new(Shared::new(
            core,
            token_secret,
            addresses,
            self.bounds.memory,
            Admission::new(admission),
            self.qr_code_lifetime,
        ));
        Ok(TestServer::run(shared, listening, authority.as_ref()))
    }

    fn ports(&self) -> Ports {
        let wanted =
            |named: Option<SocketAddr>, unasked: bool| named.or(unasked.then_some(ANY_PORT));
        Ports {
            plain: self.listen,
            tls: wanted(self.tls_listen, self.has_tls),
            tcp: wanted(self.tcp_listen, self.has_tls || self.is_tcp_cleartext),
            tcps: wanted(self.tcps_listen, self.has_tls),
            is_tcp_cleartext: self.is_tcp_cleartext,
        }
    }
}

fn random(bytes: &mut [u8]) -> Result<(), StartError> {
    SysRng.try_fill_bytes(bytes).map_err(|_| StartError::Random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_host_that_is_no_domain_does_not_start() {
        let started = TestServer::builder().xmpp_host("alice@host").start().await;
        assert!(matches!(started, Err(StartError::InvalidArgument(_))));
    }

    #[tokio::test]
    async fn a_taken_port_is_named() {
        let first = TestServer::builder().tls(false).start().await.unwrap();
        let address = first.listen_address();
        let second = TestServer::builder().tls(false).listen(address).start().await;
        assert!(second.unwrap_err().to_string().contains(&address.to_string()));
    }

    #[tokio::test]
    async fn an_empty_licence_key_is_refused() {
        let started = TestServer::builder().licence_key("").start().await;
        assert!(
            matches!(started, Err(StartError::InvalidArgument(error)) if error.name == "licenseKey")
        );
    }
}
