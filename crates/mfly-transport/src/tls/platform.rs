//! The certificate verifier of the operating system.

use super::provider;
use super::refusing::CapturingVerifier;
use rustls::Error;
use rustls::client::danger::ServerCertVerifier;
use rustls_pki_types::CertificateDer;
use rustls_platform_verifier::Verifier;
use std::sync::Arc;

/// A verifier that trusts the system's roots and `extra` ones. On a system without usable roots,
/// such as a bare container, it refuses every certificate and says why, so that making a
/// configuration cannot fail.
pub(super) fn verifier(extra: &[CertificateDer<'static>]) -> Arc<dyn ServerCertVerifier> {
    match system(extra) {
        Ok(verifier) => Arc::new(verifier),
        Err(error) => Arc::new(CapturingVerifier::unavailable(no_roots(&error))),
    }
}

fn no_roots(cause: &Error) -> String {
    format!(
        "the system's certificate authorities cannot be used ({cause}); install them, or choose \
         bundled or custom roots"
    )
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

#[cfg(test)]
mod tests {
    use super::*;
    use rustls_pki_types::{ServerName, UnixTime};

    #[test]
    fn a_system_without_roots_refuses_every_certificate_and_says_what_to_do() {
        let reason = no_roots(&Error::General("no file".into()));
        let outcome = CapturingVerifier::unavailable(reason).verify_server_cert(
            &CertificateDer::from(vec![0]),
            &[],
            &ServerName::try_from("a.example").unwrap(),
            &[],
            UnixTime::since_unix_epoch(std::time::Duration::ZERO),
        );
        let text = outcome.unwrap_err().to_string();
        assert!(text.contains("no file") && text.contains("bundled or custom roots"), "{text}");
    }
}
