//! TLS configurations for clients and servers.
//!
//! The cryptography provider is always ring, passed explicitly. Providers that other crates of the
//! program install or enable have no effect.

#[cfg(feature = "platform-roots")]
mod platform;
mod refusing;
mod roots;
mod server_side;

pub use refusing::CapturedChain;
pub use server_side::{ServerTls, server_config};

use mfly_proto::argument::InvalidArgument;
use roots::Roots;
use rustls::crypto::CryptoProvider;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, SupportedProtocolVersion};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The supported TLS versions.
static VERSIONS: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

/// A client's TLS configuration: which servers it trusts.
///
/// Clones share the roots and the store of resumable sessions.
#[derive(Clone)]
pub struct Tls {
    settings: Arc<Settings>,
}

struct Settings {
    roots: Arc<Roots>,
    identity: Option<Arc<SingleCertAndKey>>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    /// Trusts the authorities of the operating system.
    ///
    /// They are loaded at the first handshake. On a system without any, every handshake fails with
    /// an error that says so.
    #[cfg(feature = "platform-roots")]
    #[must_use]
    pub fn platform() -> Self {
        Self::new(Roots::Platform { extra: Vec::new() })
    }

    /// Trusts the authorities of the operating system and the given ones.
    ///
    /// # Errors
    /// When `roots` (PEM, or one certificate as DER) contains no usable certificate.
    #[cfg(feature = "platform-roots")]
    pub fn platform_plus(roots: &[u8]) -> Result<Self, InvalidArgument> {
        Ok(Self::new(Roots::Platform { extra: roots::read(roots)?.0 }))
    }

    /// Trusts Mozilla's list of authorities at the time of this crate's build, instead of those of
    /// the operating system.
    #[cfg(feature = "bundled-roots")]
    #[must_use]
    pub fn bundled() -> Self {
        Self::new(Roots::Only(Arc::new(roots::bundled())))
    }

    /// Trusts the given certificate authorities only.
    ///
    /// # Errors
    /// When `roots` (PEM, or one certificate as DER) contains no usable certificate.
    pub fn custom(roots: &[u8]) -> Result<Self, InvalidArgument> {
        Ok(Self::new(Roots::Only(Arc::new(roots::read(roots)?.1))))
    }

    /// Trusts no server: every handshake fails, and the second value has the certificates of the
    /// server. Use it to find out why a certificate is refused.
    #[must_use]
    pub fn capture_only() -> (Self, CapturedChain) {
        let captured = CapturedChain::default();
        (Self::new(Roots::Capture(captured.clone())), captured)
    }

    /// The configuration of a client that offers the protocols `alpn` (RFC 7301) in this order.
    #[must_use]
    pub fn client_config(&self, alpn: &[&[u8]]) -> Arc<ClientConfig> {
        let config = self.settings.config.get_or_init(|| Arc::new(self.settings.client_config()));
        let mut config = ClientConfig::clone(config);
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Arc::new(config)
    }

    /// Adds a client certificate for servers that request one, as SASL EXTERNAL needs it (RFC 6120
    /// §13.7.1.1). The arguments are those of [`server_config`].
    ///
    /// A session is resumed only with the same identity.
    ///
    /// # Errors
    /// When the chain or the key cannot be read, or the key does not belong to the chain.
    pub fn with_identity(&self, chain: &[u8], key: &[u8]) -> Result<Self, InvalidArgument> {
        let chain = roots::certificates("chain", chain)?;
        let key = server_side::private_key(key)?;
        let certified = CertifiedKey::from_der(chain, key, &provider()).map_err(|_| {
            InvalidArgument::new("key", "it does not belong to the first certificate of the chain")
        })?;
        Ok(Self {
            settings: Arc::new(Settings {
                roots: Arc::clone(&self.settings.roots),
                identity: Some(Arc::new(certified.into())),
                config: OnceLock::new(),
            }),
        })
    }

    fn new(roots: Roots) -> Self {
        Self {
            settings: Arc::new(Settings {
                roots: Arc::new(roots),
                identity: None,
                config: OnceLock::new(),
            }),
        }
    }
}

impl Settings {
    fn client_config(&self) -> ClientConfig {
        let builder = self.roots.verified_by();
        match &self.identity {
            Some(identity) => builder.with_client_cert_resolver(Arc::clone(identity) as _),
            None => builder.with_no_client_auth(),
        }
    }
}

/// Trusts the authorities of the operating system, or the bundled ones if only those are compiled
/// in.
#[cfg(any(feature = "platform-roots", feature = "bundled-roots"))]
impl Default for Tls {
    fn default() -> Self {
        #[cfg(feature = "platform-roots")]
        return Self::platform();
        #[cfg(not(feature = "platform-roots"))]
        return Self::bundled();
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.settings.roots.name()).finish()
    }
}

/// Fills a buffer with unpredictable random bytes; `false` if the system cannot provide them.
pub(crate) fn random(bytes: &mut [u8]) -> bool {
    provider().secure_random.fill(bytes).is_ok()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
