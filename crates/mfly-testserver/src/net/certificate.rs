//! The server's own certificate authority, and its certificate for this machine.

mod authority;

pub(crate) use authority::{Authority, AuthorityError};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls_pki_types::ServerName;
use std::borrow::Cow;
use std::fmt;
use thiserror::Error;

/// Names in the certificate, beside the XMPP host.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The server's certificate chain and its key.
#[derive(Clone)]
pub(crate) struct Certificates {
    /// The server's certificate and the authority's, as PEM text. Clients do not need the second,
    /// but Chromium can be started to trust all chains with it.
    pub(crate) chain_pem: String,
    /// The private key as PEM text.
    pub(crate) key_pem: String,
}

/// Hides the key.
impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

/// The reason why there is no certificate.
#[derive(Debug, Error)]
pub(crate) enum CertificateError {
    /// A certificate cannot have this name.
    #[error("{0} is not a DNS name or IP address")]
    Name(String),
    /// The certificate library failed.
    #[error(transparent)]
    Library(#[from] rcgen::Error),
}

/// Makes a certificate for `localhost`, `127.0.0.1`, `::1`, `host` and `names`.
///
/// # Errors
/// See [`CertificateError`].
pub(crate) fn generate(
    host: &str,
    names: impl IntoIterator<Item = String>,
    authority: &Authority,
) -> Result<Certificates, CertificateError> {
    let mut all: Vec<String> = NAMES.map(str::to_owned).into();
    for name in std::iter::once(host.to_owned()).chain(names) {
        // The library refuses a name that has no ASCII form.
        let ascii = mfly_proto::idn::to_ascii(&name).map_or_else(|_| name.clone(), Cow::into_owned);
        if all.contains(&ascii) {
            continue;
        }
        // Of a wildcard (RFC 9525 §6.3), the rest is a name.
        let checked = ascii.strip_prefix("*.").unwrap_or(&ascii);
        if ServerName::try_from(checked).is_err() {
            return Err(CertificateError::Name(name));
        }
        all.push(ascii);
    }
    let mut leaf = CertificateParams::new(all)?;
    leaf.distinguished_name.push(DnType::CommonName, host);
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = leaf.signed_by(&key, authority.issuer())?;
    Ok(Certificates {
        chain_pem: format!("{}{}", certificate.pem(), authority.pem()),
        key_pem: key.serialize_pem(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_has_its_own_certificate() {
        let authority = Authority::generate().unwrap();
        let first = generate("localhost", [], &authority).unwrap();
        let second = generate("chat.example.test", [], &authority).unwrap();
        assert_ne!(first.chain_pem, second.chain_pem);
        assert!(first.chain_pem.ends_with(authority.pem()));
    }

    #[test]
    fn a_host_that_is_no_name_is_refused() {
        let authority = Authority::generate().unwrap();
        let made = |host: &str, name: &str| generate(host, [name.to_owned()], &authority);
        assert!(made("übel.test", "10.0.2.2").is_ok());
        assert!(made("a.test", "*.test").is_ok());
        for (host, name) in
            [("ü\u{2003}bel", "a"), ("a", "ü\u{2003}bel"), ("a", ""), ("a", "a b"), ("a", "a:80")]
        {
            let error = made(host, name).unwrap_err().to_string();
            assert!(error.ends_with("is not a DNS name or IP address"), "{error}");
        }
    }
}
