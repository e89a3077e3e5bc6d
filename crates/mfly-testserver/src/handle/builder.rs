//! Settings of a server, and how it starts with them.

mod addresses;
mod bounds;

pub(crate) use bounds::{LOGIN_DEADLINE, MAX_SESSIONS, MAX_UNAUTHENTICATED};

use crate::control::Control;
use crate::control::access::Access;
use crate::core::Core;
use crate::core::world::{Contacts, Settings};
use crate::handle::info::Info;
use crate::handle::server::TestServer;
use crate::handle::start_error::StartError;
use crate::net::addresses::{ANY_PORT, Addresses};
use crate::net::admission::Admission;
use crate::net::certificate::{self, Authority, AuthorityError, Certificates};
use crate::net::descriptors;
use crate::net::file;
use crate::net::listener::{Ports, bind};
use crate::state::{Persistence, ServerState};
use bounds::Bounds;
use mfly_api::Feature;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::secret::{LicenceKey, Token};
use rand::TryRng as _;
use rand::rngs::SysRng;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The default licence key. It opens nothing but servers of this crate.
pub(crate) const LICENCE_KEY: &str = "MflyLocalLicenceKey0123456789abc";

/// How many iterations SCRAM may require.
const ITERATIONS: std::ops::RangeInclusive<u32> = 1..=10_000_000;

/// Settings of a server; see [`TestServer::builder`].
#[derive(Clone, Debug)]
#[must_use = "a server runs once it is started"]
pub struct Builder {
    /// The rules of the server, or the first argument that cannot be used.
    settings: Result<Settings, InvalidArgument>,
    /// The ports that were asked for by name.
    ports: Ports,
    /// The addresses that clients are given, or the first argument that cannot be used.
    addresses: Result<Addresses, InvalidArgument>,
    /// Names and addresses in the certificate, beside those that are known.
    certificate_names: Vec<String>,
    /// Whether TLS is served on ports that were not asked for.
    has_tls: bool,
    /// The file of a certificate authority that is kept.
    authority: Option<PathBuf>,
    certificate: Option<Certificates>,
    seed: Option<[u8; 32]>,
    qr_code_lifetime: Duration,
    bounds: Bounds,
    control: Option<SocketAddr>,
    /// The file that keeps the state.
    state_file: Option<PathBuf>,
    /// Who may use the control API, or the first argument that cannot be used.
    access: Result<Access, InvalidArgument>,
}

impl TestServer {
    /// Starts a server with default settings on free ports of this machine.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// Returns the default settings of a server, to change them and start it.
    pub fn builder() -> Builder {
        Builder {
            settings: LicenceKey::new(LICENCE_KEY).map(Settings::new),
            ports: Ports::default(),
            addresses: Ok(Addresses::default()),
            certificate_names: Vec::new(),
            has_tls: true,
            authority: None,
            certificate: None,
            seed: None,
            qr_code_lifetime: Duration::from_secs(60),
            bounds: Bounds::default(),
            control: None,
            state_file: None,
            access: Ok(Access::default()),
        }
    }
}

impl Builder {
    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        if let Ok(settings) = &mut self.settings {
            change(settings);
        }
        self
    }

    /// Sets the licence key that clients must send.
    pub fn licence_key(mut self, licence_key: impl Into<String>) -> Self {
        match LicenceKey::new(licence_key) {
            Ok(key) => self.set(|settings| settings.licence_key = key),
            Err(error) => {
                self.settings = self.settings.and(Err(error));
                self
            }
        }
    }

    /// Makes the plan a trial, whose registration data and passwords are not encrypted. Default:
    /// no.
    pub fn trial(self, is_trial: bool) -> Self {
        self.set(|settings| settings.trial = is_trial)
    }

    /// Limits how many devices an account may have registered at a time; at least 1. Default: 5.
    pub fn session_limit(self, limit: usize) -> Self {
        self.set(|settings| settings.session_limit = limit.max(1))
    }

    /// Sets the domain of every JID, which clients also connect to. Default: `localhost`.
    pub fn xmpp_host(self, host: impl Into<String>) -> Self {
        self.set(|settings| settings.xmpp_host = host.into())
    }

    /// Removes a feature from the plan. Default: the plan has all features.
    pub fn disable(self, feature: Feature) -> Self {
        self.set(|settings| settings.features = settings.features.with(feature, false))
    }

    /// Sets how long a REST token is valid. Default: one hour.
    pub fn token_lifetime(self, lifetime: Duration) -> Self {
        self.set(|settings| settings.token_lifetime = lifetime)
    }

    /// Makes accounts contacts only where a test or a client makes them contacts. Default: all
    /// accounts are contacts of each other.
    pub fn contacts_explicit(self) -> Self {
        self.set(|settings| settings.contacts = Contacts::Explicit)
    }

    /// Serves TLS on free ports of 127.0.0.1 where no address was set: HTTP over TLS, XMPP over TCP
    /// with STARTTLS, and XMPP over TLS. Default: yes.
    pub fn tls(mut self, is_on: bool) -> Self {
        self.has_tls = is_on;
        self
    }

    /// Keeps the certificate authority in this file, and its key in a second file with `.key` after
    /// the name. The first start makes both files, later ones use them. Several servers may start
    /// with one new file at a time. Default: every server makes its own authority and forgets the
    /// key.
    pub fn authority(mut self, path: impl Into<PathBuf>) -> Self {
        self.authority = Some(path.into());
        self
    }

    /// Serves XMPP over TCP without encryption and without STARTTLS: for measurements, and for
    /// tests of clients that must refuse such a server. Default: no.
    pub fn tcp_cleartext(mut self, is_on: bool) -> Self {
        self.ports.is_tcp_cleartext = is_on;
        self
    }

    /// Offers SCRAM-SHA-1, -256 and -512, and their -PLUS forms over TLS. Standard accounts can use
    /// them; accounts of the platform have PLAIN only. Default: no.
    pub fn scram(self, is_on: bool) -> Self {
        self.set(|settings| settings.scram = is_on)
    }

    /// Lets [`Builder::scram`] offer the -PLUS forms, which bind a login to its TLS connection (RFC
    /// 5802 §6). Turn it off to test clients that choose a -PLUS form but cannot bind, as stanza.js
    /// 12 does. Default: yes.
    pub fn channel_binding(self, is_on: bool) -> Self {
        self.set(|settings| settings.channel_binding = is_on)
    }

    /// Sets how many iterations SCRAM requires, 1 to 10,000,000. Default: 4096.
    pub fn scram_iterations(mut self, count: u32) -> Self {
        if ITERATIONS.contains(&count) {
            return self.set(|settings| settings.scram_iterations = count);
        }
        let error = InvalidArgument::new("scramIterations", "must be 1 to 10,000,000");
        self.settings = self.settings.and(Err(error));
        self
    }

    /// Offers SASL2 (XEP-0388) with Bind 2 (XEP-0386). Default: no.
    pub fn sasl2(self, is_on: bool) -> Self {
        self.set(|settings| settings.sasl2 = is_on)
    }

    /// Offers ANONYMOUS. A client that uses it gets a new standard account, which is removed with
    /// its last session. Default: no.
    pub fn anonymous(self, is_on: bool) -> Self {
        self.set(|settings| settings.anonymous = is_on)
    }

    /// Uses this certificate (`chain`) and its `key`, both PEM text, instead of making one.
    /// [`TestServer::ca_certificate_pem`] is then `None`.
    pub fn certificate(mut self, chain: impl Into<String>, key: impl Into<String>) -> Self {
        self.certificate = Some(Certificates { chain_pem: chain.into(), key_pem: key.into() });
        self
    }

    /// Derives passwords and ids from this seed, so that they are the same in every run. Default: a
    /// random seed.
    pub fn seed(mut self, seed: [u8; 32]) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets how long a QR code for logging in can be approved before a fresh one replaces it; at
    /// least 10 milliseconds. Default: one minute (inferred).
    pub fn qr_code_lifetime(mut self, lifetime: Duration) -> Self {
        self.qr_code_lifetime = lifetime.max(Duration::from_millis(10));
        self
    }

    /// Names this server as the signalling server in configurations. Default: no, because apps then
    /// open a connection for calls, which this server does not serve. Logging in by QR code works
    /// without it: apps are given the address.
    pub fn announce_signalling(self, is_on: bool) -> Self {
        self.set(|settings| settings.announces_signalling = is_on)
    }

    /// Commits multipart uploads by their `uploadId`, as Amazon's stores do, and not by a URL, as
    /// Oracle's do. Default: no, because the official SDK (4.25.10) then fails to send a file of
    /// more than one part.
    pub fn commit_uploads_by_id(self, is_on: bool) -> Self {
        self.set(|settings| settings.commit_uploads_by_id = is_on)
    }

    /// Keeps accounts, plan, media and clock in this file: the server goes on where the file ended,
    /// and saves its state there when it is shut down; see also [`TestServer::save_state`]. Only
    /// the file's owner can read it, because it holds passwords. Default: nothing is kept.
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_file = Some(path.into());
        self
    }

    /// Serves the control API and its page on this address, over HTTP without TLS. Default: they
    /// are off. Who can connect there can do everything that a test can.
    pub const fn control_listen(mut self, address: SocketAddr) -> Self {
        self.control = Some(address);
        self
    }

    /// Requires this token of every request to the control API: `Authorization: Bearer TOKEN`.
    /// Default: none is required.
    pub fn control_token(self, token: impl Into<String>) -> Self {
        let error = InvalidArgument::new("controlToken", "is empty or has control characters");
        let token = Token::new(token).map_err(|_| error);
        self.allow(|access| {
            access.token = Some(token?);
            Ok(())
        })
    }

    /// Lets the pages of an origin, such as `http://localhost:5173`, use the control API. May be
    /// called more than once. Default: only the server's own page may.
    pub fn control_origin(self, origin: &str) -> Self {
        self.allow(|access| access.allow_origin(origin))
    }

    /// Accepts requests to the control API that name this host, beside addresses and `localhost`.
    /// May be called more than once.
    pub fn control_host(self, name: impl Into<String>) -> Self {
        self.allow(|access| {
            access.hosts.push(name.into());
            Ok(())
        })
    }

    fn allow(mut self, change: impl FnOnce(&mut Access) -> Result<(), InvalidArgument>) -> Self {
        let changed = self.access.as_mut().map(change);
        if let Ok(Err(error)) = changed {
            self.access = Err(error);
        }
        self
    }

    /// Starts the server. It stops when the returned value is dropped.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(self) -> Result<TestServer, StartError> {
        let mut settings = self.settings?;
        let access = self.access?;
        let mut addresses = self.addresses?;
        self.bounds.apply(&mut settings);
        let xmpp_host = settings.xmpp_host.clone();
        let seed = match self.seed {
            Some(seed) => seed,
            None => random()?,
        };
        let core = Core::new(settings, seed)?;

        let is_cleartext = self.ports.is_tcp_cleartext;
        let or_any = |named: Vec<_>, is_on: bool| match named.is_empty() && is_on {
            true => vec![ANY_PORT],
            false => named,
        };
        let ports = Ports {
            plain: or_any(self.ports.plain, true),
            tls: or_any(self.ports.tls, self.has_tls),
            tcp: or_any(self.ports.tcp, self.has_tls || is_cleartext),
            tcps: or_any(self.ports.tcps, self.has_tls),
            ..self.ports
        };
        // The ports may be 0 yet, but the hosts are known.
        addresses.bound = ports.asked();
        descriptors::raise(self.bounds.descriptors());
        let mut authority = None;
        let certificates = match self.certificate {
            _ if !ports.need_certificates() => None,
            Some(given) => Some(given),
            None => {
                let made = certificate_authority(self.authority.clone()).await?;
                let names = self.certificate_names.into_iter().chain(addresses.tls_hosts());
                let certificates = certificate::generate(&xmpp_host, names, &made)
                    .map_err(|error| StartError::Certificate { source: error.into() })?;
                authority = Some(made);
                Some(certificates)
            }
        };
        let (bound, listening) = ports.bind(certificates.as_ref()).await?;
        addresses.bound = bound;
        let state = Arc::new(ServerState::new(
            core,
            random()?,
            addresses,
            self.bounds.memory,
            Admission::new(self.bounds.admission()),
            self.qr_code_lifetime,
            Persistence::new(self.state_file.clone()),
        ));
        load(&state, self.state_file).await?;
        state.keep_as_seed();
        let control = match self.control {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let bound = control.as_ref().map(|(_, address)| *address);
        let info = Info::new(&state, authority.as_ref(), self.authority.as_deref(), bound);
        let control = control.map(|(listener, _)| {
            (listener, Control::new(Arc::clone(&state), access, info.clone()))
        });
        Ok(TestServer::run(state, listening, control, info))
    }
}

/// The authority in this file, or a new one that is not kept.
async fn certificate_authority(path: Option<PathBuf>) -> Result<Authority, StartError> {
    let authority = match path {
        Some(path) => {
            let asked = path.clone();
            let kept = file::aside(move || Authority::keep(&asked)).await;
            kept.unwrap_or_else(|source| Err(AuthorityError::File { path, source }))
        }
        None => Authority::generate().map_err(AuthorityError::from),
    };
    authority.map_err(|error| StartError::Authority { source: error.into() })
}

/// Goes on where the file of the state ended.
async fn load(state: &Arc<ServerState>, file: Option<PathBuf>) -> Result<(), StartError> {
    let Some(path) = file else { return Ok(()) };
    let own = Arc::clone(state);
    let loaded = file::aside(move || own.load()).await.flatten();
    loaded.map_err(|source| StartError::State { path, source })
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], StartError> {
    let mut bytes = [0; BYTES];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| StartError::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_argument_that_cannot_be_used_is_named() {
        let builder = || TestServer::builder().tls(false);
        for (started, expected) in [
            (builder().xmpp_host("alice@host"), "xmppHost"),
            (builder().licence_key(""), "licenseKey"),
            (builder().licence_key("").licence_key("key"), "licenseKey"),
            (builder().scram_iterations(0), "scramIterations"),
        ] {
            match started.start().await {
                Err(StartError::InvalidArgument(error)) => assert_eq!(error.name, expected),
                other => panic!("{expected}: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_named() {
        let first = TestServer::builder().tls(false).start().await.unwrap();
        let address = first.listen_address();
        let second = TestServer::builder().tls(false).listen(address).start().await;
        assert!(second.unwrap_err().to_string().contains(&address.to_string()));
    }
}
