//! A certificate authority of the server's own, and its certificate for this machine.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use std::fmt;

/// Names that the certificate is good for, beside the XMPP host.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The server's certificate chain, its key, and what clients have to trust.
#[derive(Clone)]
pub(crate) struct Certificates {
    /// The server's certificate as PEM text.
    pub(crate) chain_pem: String,
    /// Its key as PEM text.
    pub(crate) key_pem: String,
    /// The authority as PEM text, if it is the server's own.
    pub(crate) authority_pem: Option<String>,
}

/// The key is a secret.
impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

/// Makes a new authority and a certificate for `localhost`, `127.0.0.1`, `::1` and `host`.
///
/// # Errors
/// When `host` cannot stand in a certificate, or the random source fails.
pub(crate) fn generate(host: &str) -> Result<Certificates, rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority
        .distinguished_name
        .push(DnType::CommonName, "mfly-testserver authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let mut names: Vec<String> = NAMES.map(str::to_owned).into();
    if !NAMES.contains(&host) {
        names.push(host.to_owned());
    }
    let mut leaf = CertificateParams::new(names)?;
    leaf.distinguished_name.push(DnType::CommonName, host);
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = leaf.signed_by(&key, &authority)?;

    Ok(Certificates {
        chain_pem: certificate.pem(),
        key_pem: key.serialize_pem(),
        authority_pem: Some(authority.pem()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_has_its_own_authority() {
        let first = generate("localhost").unwrap();
        let second = generate("chat.example.test").unwrap();
        let authority = first.authority_pem.as_deref().unwrap();
        assert!(authority.starts_with("-----BEGIN CERTIFICATE-----"));
        assert_ne!(first.authority_pem, second.authority_pem);
        assert_ne!(first.chain_pem, second.chain_pem);
    }

    #[test]
    fn a_host_that_is_no_name_is_refused() {
        assert!(generate("übel").is_err());
    }
}
