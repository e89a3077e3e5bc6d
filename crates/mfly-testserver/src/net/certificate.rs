//! The server's own certificate authority, and its certificate for this machine.

mod authority;

pub(crate) use authority::{Authority, AuthorityError};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use std::borrow::Cow;
use std::fmt;

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

/// Makes a certificate for `localhost`, `127.0.0.1`, `::1` and `host`.
///
/// # Errors
/// When a certificate cannot have the name `host`, or the random source fails.
pub(crate) fn generate(host: &str, authority: &Authority) -> Result<Certificates, rcgen::Error> {
    let mut names: Vec<String> = NAMES.map(str::to_owned).into();
    if !NAMES.contains(&host) {
        // The library refuses a name that has no ASCII form.
        let name = mfly_proto::idn::to_ascii(host);
        names.push(name.map_or_else(|_| host.to_owned(), Cow::into_owned));
    }
    let mut leaf = CertificateParams::new(names)?;
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
        let first = generate("localhost", &authority).unwrap();
        let second = generate("chat.example.test", &authority).unwrap();
        assert_ne!(first.chain_pem, second.chain_pem);
        assert!(first.chain_pem.ends_with(authority.pem()));
    }

    #[test]
    fn a_host_that_is_no_name_is_refused() {
        let authority = Authority::generate().unwrap();
        assert!(generate("ü\u{2003}bel", &authority).is_err());
        assert!(generate("übel.test", &authority).is_ok());
    }
}
