//! A verifier that refuses every certificate.

use super::provider;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The certificates that [`Tls::capture_only`](super::Tls::capture_only) received from a server.
#[derive(Clone, Default)]
pub struct CapturedChain(Arc<Mutex<Vec<Vec<u8>>>>);

impl CapturedChain {
    /// The latest certificates as DER, the server's own first; empty before the first handshake.
    #[must_use]
    pub fn certificates(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for CapturedChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CapturedChain({})", self.certificates().len())
    }
}

/// Refuses every certificate with `error`, and captures the chain of the server.
#[derive(Debug)]
pub(super) struct CapturingVerifier {
    error: Error,
    captured: CapturedChain,
}

impl CapturingVerifier {
    /// A verifier that reports why no certificate can be verified.
    #[cfg(feature = "platform-roots")]
    pub(super) fn unavailable(reason: String) -> Self {
        Self { error: Error::General(reason), captured: CapturedChain::default() }
    }

    pub(super) fn new(captured: CapturedChain) -> Self {
        let refusal = CertificateError::ApplicationVerificationFailure;
        Self { error: Error::InvalidCertificate(refusal), captured }
    }
}

impl ServerCertVerifier for CapturingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(end_entity).chain(intermediates);
        let chain = chain.map(|certificate| certificate.to_vec()).collect();
        *self.captured.0.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        Err(self.error.clone())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(self.error.clone())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify_tls12_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
