//! The operating system's own judgement of a certificate.

use super::provider;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use rustls_platform_verifier::Verifier;
use std::sync::Arc;

/// A verifier over the system's roots and `extra` ones.
pub(super) fn verifier(extra: &[CertificateDer<'static>]) -> Arc<dyn ServerCertVerifier> {
    match system(extra) {
        Ok(verifier) => Arc::new(verifier),
        Err(error) => Arc::new(Unavailable::new(&error)),
    }
}

#[cfg(not(target_os = "android"))]
fn system(extra: &[CertificateDer<'static>]) -> Result<Verifier, Error> {
    Verifier::new_with_extra_roots(extra.iter().cloned(), provider())
}

/// Android's verifier takes no roots besides the system's.
#[cfg(target_os = "android")]
fn system(extra: &[CertificateDer<'static>]) -> Result<Verifier, Error> {
    if !extra.is_empty() {
        return Err(Error::General("Android takes no additional roots".into()));
    }
    Verifier::new(provider())
}

/// Stands in for a system without usable roots (a bare container, for example): trusts nobody
/// and says why, so that making a configuration cannot fail.
#[derive(Debug)]
struct Unavailable(Error);

impl Unavailable {
    fn new(cause: &Error) -> Self {
        Self(Error::General(format!(
            "the system's certificate authorities cannot be used ({cause}); install them, or \
             choose bundled or custom roots"
        )))
    }
}

impl ServerCertVerifier for Unavailable {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Err(self.0.clone())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(self.0.clone())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(self.0.clone())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_without_roots_trusts_nobody_and_says_what_to_do() {
        let verifier = Unavailable::new(&Error::General("no file".into()));
        let name = ServerName::try_from("a.example").unwrap();
        let outcome = verifier.verify_server_cert(
            &CertificateDer::from(vec![0]),
            &[],
            &name,
            &[],
            UnixTime::since_unix_epoch(std::time::Duration::ZERO),
        );
        let text = outcome.unwrap_err().to_string();
        assert!(text.contains("no file") && text.contains("bundled or custom roots"), "{text}");
    }
}
