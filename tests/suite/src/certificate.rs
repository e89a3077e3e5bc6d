//! Certificates: a good one, and one for each reason to refuse it.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, Error, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use std::fmt;

/// The XMPP domain of the servers. It is reserved for tests (RFC 6761 §6.2).
pub const DOMAIN: &str = "xmpp.test";

/// Names of a good certificate: TCP connections check the domain, WebSocket the host of the
/// address.
const NAMES: [&str; 3] = [DOMAIN, "localhost", "127.0.0.1"];

/// Names of a certificate for another server.
const OTHER_NAMES: [&str; 1] = ["other.test"];

/// The year in which a good certificate ends. (ejabberd treats an authority that is valid from 1975
/// to 4096 as expired.)
const GOOD_UNTIL: i32 = 2049;

/// The kind of a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Certificate {
    /// Valid and trusted.
    Good,
    /// Valid until 2021.
    Expired,
    /// Only for `other.test`.
    OtherName,
    /// Issued by an authority that clients do not trust.
    OtherAuthority,
}

impl Certificate {
    /// All kinds that no client may accept.
    pub const BAD: [Self; 3] = [Self::Expired, Self::OtherName, Self::OtherAuthority];

    /// The name of the kind, for a file name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Expired => "expired",
            Self::OtherName => "other-name",
            Self::OtherAuthority => "other-authority",
        }
    }
}

/// One certificate of each kind, and the authority that clients trust.
#[derive(Debug)]
pub struct Certificates {
    /// The trusted authority, as PEM text.
    pub authority_pem: String,
    /// In the order of [`Certificate`].
    chains: [Chain; 4],
}

/// A server's certificate and its key.
#[derive(Clone)]
pub struct Chain {
    /// The certificate, as PEM text.
    pub certificate_pem: String,
    /// The key, as PEM text.
    pub key_pem: String,
}

impl Certificates {
    /// Generates all certificates.
    ///
    /// # Errors
    /// When the random source fails.
    pub fn generate() -> Result<Self, Error> {
        let authority = authority("an authority that is trusted")?;
        let stranger = self::authority("an authority that is not trusted")?;
        Ok(Self {
            authority_pem: authority.pem(),
            chains: [
                leaf(&NAMES, GOOD_UNTIL, &authority)?,
                leaf(&NAMES, 2021, &authority)?,
                leaf(&OTHER_NAMES, GOOD_UNTIL, &authority)?,
                leaf(&NAMES, GOOD_UNTIL, &stranger)?,
            ],
        })
    }

    /// The certificate of this kind.
    #[must_use]
    pub const fn chain(&self, kind: Certificate) -> &Chain {
        &self.chains[kind as usize]
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").finish_non_exhaustive()
    }
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Result<Authority, Error> {
    let mut parameters = parameters(Vec::new(), name, GOOD_UNTIL)?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)
}

fn leaf(names: &[&str], until: i32, issuer: &Authority) -> Result<Chain, Error> {
    let all = names.iter().map(ToString::to_string).collect();
    let mut parameters = parameters(all, names.first().unwrap_or(&DOMAIN), until)?;
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    Ok(Chain {
        certificate_pem: parameters.signed_by(&key, issuer)?.pem(),
        key_pem: key.serialize_pem(),
    })
}

/// Valid from 2020 until the beginning of `until`.
fn parameters(names: Vec<String>, name: &str, until: i32) -> Result<CertificateParams, Error> {
    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(until, 1, 1);
    Ok(parameters)
}
