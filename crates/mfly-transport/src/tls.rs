//! Whom to trust, and how to talk to them.
//!
//! The cryptography is always ring's, passed explicitly: what another crate of the same program
//! installs or enables cannot change or break it.

mod capture;
#[cfg(feature = "platform-roots")]
mod platform;
mod roots;
mod server_side;

pub use capture::CapturedChain;
pub use server_side::{ServerTls, server_config};

use mfly_proto::argument::InvalidArgument;
use roots::Roots;
use rustls::crypto::CryptoProvider;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, SupportedProtocolVersion};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The TLS versions spoken.
static VERSIONS: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

/// How servers are verified.
///
/// Clones share one set of roots and one store of sessions to resume.
#[derive(Clone)]
pub struct Tls {
    shared: Arc<Shared>,
}

struct Shared {
    roots: Arc<Roots>,
    identity: Option<Arc<SingleCertAndKey>>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    /// Trusts what the operating system trusts.
    ///
    /// Roots are loaded when first needed. On a system without any, every handshake fails with a
    /// message that says so.
    #[cfg(feature = "platform-roots")]
    #[must_use]
    pub fn platform() -> Self {
        Self::new(Roots::Platform { extra: Vec::new() })
    }

    /// Trusts what the operating system trusts, and a private certificate authority as well.
    ///
    /// # Errors
    /// When `roots` (PEM, or one certificate as DER) holds no usable certificate.
    #[cfg(feature = "platform-roots")]
    pub fn platform_plus(roots: &[u8]) -> Result<Self, InvalidArgument> {
        Ok(Self::new(Roots::Platform { extra: roots::read(roots)?.0 }))
    }

    /// Trusts Mozilla's list as of this crate's build, whatever the operating system says.
    #[cfg(feature = "bundled-roots")]
    #[must_use]
    pub fn bundled() -> Self {
        Self::new(Roots::Only(Arc::new(roots::bundled())))
    }

    /// Trusts only the given certificate authorities.
    ///
    /// # Errors
    /// When `roots` (PEM, or one certificate as DER) holds no usable certificate.
    pub fn custom(roots: &[u8]) -> Result<Self, InvalidArgument> {
        Ok(Self::new(Roots::Only(Arc::new(roots::read(roots)?.1))))
    }

    /// Trusts nobody: every handshake fails, and the second value tells which certificates the
    /// server showed. For finding out why a certificate is not accepted.
    #[must_use]
    pub fn capture_only() -> (Self, CapturedChain) {
        let captured = CapturedChain::default();
        (Self::new(Roots::Capture(captured.clone())), captured)
    }

    /// The configuration for one client, offering the protocols `alpn` (RFC 7301) in this order.
    #[must_use]
    pub fn client_config(&self, alpn: &[&[u8]]) -> Arc<ClientConfig> {
        let shared = self.shared.config.get_or_init(|| Arc::new(self.shared.client_config()));
        let mut config = ClientConfig::clone(shared);
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Arc::new(config)
    }

    /// The same trust, and a certificate of one's own for servers that ask for one, as SASL
    /// EXTERNAL needs it (RFC 6120 §13.7.1.1). The arguments are those of [`server_config`].
    ///
    /// Sessions are not resumed across identities.
    ///
    /// # Errors
    /// When the chain or the key cannot be read, or do not belong together.
    pub fn with_identity(&self, chain: &[u8], key: &[u8]) -> Result<Self, InvalidArgument> {
        let chain = roots::certificates("chain", chain)?;
        let key = server_side::private_key(key)?;
        let certified = CertifiedKey::from_der(chain, key, &provider()).map_err(|_| {
            InvalidArgument::new("key", "it does not belong to the first certificate of the chain")
        })?;
        Ok(Self {
            shared: Arc::new(Shared {
                roots: Arc::clone(&self.shared.roots),
                identity: Some(Arc::new(certified.into())),
                config: OnceLock::new(),
            }),
        })
    }

    fn new(roots: Roots) -> Self {
        Self {
            shared: Arc::new(Shared {
                roots: Arc::new(roots),
                identity: None,
                config: OnceLock::new(),
            }),
        }
    }
}

impl Shared {
    fn client_config(&self) -> ClientConfig {
        let builder = self.roots.verified_by();
        match &self.identity {
            Some(identity) => builder.with_client_cert_resolver(Arc::clone(identity) as _),
            None => builder.with_no_client_auth(),
        }
    }
}

/// The platform's roots, or the bundled ones when only those are compiled in.
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
        f.debug_tuple("Tls").field(&self.shared.roots.name()).finish()
    }
}

/// Fills a buffer with random bytes that nobody can guess; `false` when the system has none.
pub(crate) fn random(bytes: &mut [u8]) -> bool {
    provider().secure_random.fill(bytes).is_ok()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
