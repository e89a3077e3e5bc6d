//! Certificates: a good one, and one for each way to be bad.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, Error, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use std::fmt;

/// The XMPP domain of every server here. It cannot exist elsewhere (RFC 6761 §6.2).
pub const DOMAIN: &str = "xmpp.test";

/// Names of a good certificate: TCP connections check the domain, WebSocket the host of the
/// address.
const NAMES: [&str; 3] = [DOMAIN, "localhost", "127.0.0.1"];

/// Names of a certificate for somebody else.
const OTHER_NAMES: [&str; 1] = ["other.test"];

/// The year in which a good certificate ends. ejabberd takes an authority that is valid from 1975
/// to 4096 for expired.
const GOOD_UNTIL: i32 = 2049;

/// What is wrong with a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Certificate {
    /// Nothing.
    Good,
    /// It was valid for a year that is over.
    Expired,
    /// It is for `other.test` only.
    OtherName,
    /// It was issued by an authority that no client here trusts.
    OtherAuthority,
}

impl Certificate {
    /// Those that no client may accept.
    pub const BAD: [Self; 3] = [Self::Expired, Self::OtherName, Self::OtherAuthority];

    /// A word for it, fit for a file's name.
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

/// One of each, and the authority that clients are to trust.
#[derive(Debug)]
pub struct Certificates {
    /// That authority, as PEM text.
    pub authority_pem: String,
    good: Chain,
    expired: Chain,
    other_name: Chain,
    other_authority: Chain,
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
    /// Makes all of them.
    ///
    /// # Errors
    /// When the random source fails.
    pub fn generate() -> Result<Self, Error> {
        let authority = authority("an authority that is trusted")?;
        let stranger = self::authority("an authority that nobody trusts")?;
        Ok(Self {
            authority_pem: authority.pem(),
            good: leaf(&NAMES, GOOD_UNTIL, &authority)?,
            expired: leaf(&NAMES, 2021, &authority)?,
            other_name: leaf(&OTHER_NAMES, GOOD_UNTIL, &authority)?,
            other_authority: leaf(&NAMES, GOOD_UNTIL, &stranger)?,
        })
    }

    /// The one of this kind.
    #[must_use]
    pub const fn chain(&self, kind: Certificate) -> &Chain {
        match kind {
            Certificate::Good => &self.good,
            Certificate::Expired => &self.expired,
            Certificate::OtherName => &self.other_name,
            Certificate::OtherAuthority => &self.other_authority,
        }
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
