//! The certificate authorities that a client trusts.

use super::refusing::{CapturedChain, CapturingVerifier};
use super::{VERSIONS, provider};
use mfly_proto::argument::InvalidArgument;
use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::sync::Arc;

/// The authorities that a server's certificate is verified against.
pub(super) enum Roots {
    #[cfg(feature = "platform-roots")]
    Platform {
        extra: Vec<CertificateDer<'static>>,
    },
    Only(Arc<RootCertStore>),
    Capture(CapturedChain),
}

impl Roots {
    pub(super) fn name(&self) -> &'static str {
        match self {
            #[cfg(feature = "platform-roots")]
            Self::Platform { extra } if extra.is_empty() => "platform",
            #[cfg(feature = "platform-roots")]
            Self::Platform { .. } => "platform plus custom",
            Self::Only(_) => "fixed",
            Self::Capture(_) => "none (captures the chain)",
        }
    }

    /// The part of a client's configuration that verifies the server.
    #[expect(
        clippy::expect_used,
        reason = "fails only for a provider without suites for these versions, and ring has them"
    )]
    pub(super) fn verified_by(&self) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)
            .expect("ring speaks TLS 1.2 and 1.3");
        match self {
            #[cfg(feature = "platform-roots")]
            Self::Platform { extra } => builder
                .dangerous()
                .with_custom_certificate_verifier(super::platform::verifier(extra)),
            Self::Only(store) => builder.with_root_certificates(Arc::clone(store)),
            Self::Capture(captured) => builder.dangerous().with_custom_certificate_verifier(
                Arc::new(CapturingVerifier::new(captured.clone())),
            ),
        }
    }
}

/// Mozilla's list of authorities at the time of this crate's build.
#[cfg(feature = "bundled-roots")]
pub(super) fn bundled() -> RootCertStore {
    RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned())
}

/// Reads certificates from PEM text or from one DER certificate.
pub(super) fn certificates(
    name: &'static str,
    bytes: &[u8],
) -> Result<Vec<CertificateDer<'static>>, InvalidArgument> {
    let refuse = |reason: &'static str| InvalidArgument::new(name, reason);
    let certificates = if is_pem(bytes) {
        CertificateDer::pem_slice_iter(bytes)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| refuse("the PEM text is damaged; pass whole CERTIFICATE sections"))?
    } else if bytes.is_empty() {
        Vec::new()
    } else {
        vec![CertificateDer::from(bytes.to_vec())]
    };
    if certificates.is_empty() {
        return Err(refuse("it holds no certificate; pass PEM text or one DER certificate"));
    }
    Ok(certificates)
}

/// Whether bytes are PEM text rather than DER, which begins with a SEQUENCE tag.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(11).any(|window| window == b"-----BEGIN ") && bytes.first() != Some(&0x30)
}

/// Reads certificate authorities, and returns the certificates and a store of them.
pub(super) fn read(
    bytes: &[u8],
) -> Result<(Vec<CertificateDer<'static>>, RootCertStore), InvalidArgument> {
    let certificates = certificates("roots", bytes)?;
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store.add(certificate.clone()).map_err(|_| {
            InvalidArgument::new("roots", "one of them is not an X.509 certificate")
        })?;
    }
    Ok((certificates, store))
}
