//! Certificates: a good one, and one for each way to be bad.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use std::io;
use std::path::{Path, PathBuf};

/// The XMPP domain of every server here. It cannot exist elsewhere (RFC 6761 §6.2).
pub const DOMAIN: &str = "xmpp.test";

/// The year in which a good certificate ends.
const GOOD_UNTIL: i32 = 2049;

/// Names of a good certificate: TCP connections check the domain, WebSocket the host of the address.
const NAMES: [&str; 3] = [DOMAIN, "localhost", "127.0.0.1"];

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
    /// All of them, the good one first.
    pub const ALL: [Self; 4] = [
        Self::Good,
        Self::Expired,
        Self::OtherName,
        Self::OtherAuthority,
    ];

    /// Those that no client may accept.
    pub const BAD: [Self; 3] = [Self::Expired, Self::OtherName, Self::OtherAuthority];

    /// The stem of its files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Expired => "expired",
            Self::OtherName => "other-name",
            Self::OtherAuthority => "other-authority",
        }
    }
}

/// The files of certificates, and the authority that clients are to trust.
#[derive(Debug)]
pub struct Certificates {
    folder: PathBuf,
    authority_pem: String,
}

impl Certificates {
    /// Makes every [`Certificate`], and writes chains, keys, and both in one file into `folder`.
    ///
    /// # Errors
    /// When a file cannot be written, or the random source fails.
    pub fn generate(folder: &Path) -> io::Result<Self> {
        let authority = authority("mfly interop authority").map_err(io::Error::other)?;
        let stranger = authority_of_nobody().map_err(io::Error::other)?;
        for kind in Certificate::ALL {
            let issuer = match kind {
                Certificate::OtherAuthority => &stranger,
                _ => &authority,
            };
            let (chain, key) = leaf(kind, issuer).map_err(io::Error::other)?;
            let file = |extension: &str| folder.join(kind.name()).with_extension(extension);
            std::fs::write(file("crt"), &chain)?;
            std::fs::write(file("key"), &key)?;
            std::fs::write(file("pem"), format!("{chain}{key}"))?;
        }
        let authority_pem = authority.pem();
        std::fs::write(folder.join("authority.crt"), &authority_pem)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            authority_pem,
        })
    }

    /// The authority of the good certificate, as PEM text.
    #[must_use]
    pub fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    /// The file with that authority.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.join("authority.crt")
    }

    /// The file of a server's certificate.
    #[must_use]
    pub fn chain(&self, kind: Certificate) -> PathBuf {
        self.file(kind, "crt")
    }

    /// The file of its key.
    #[must_use]
    pub fn key(&self, kind: Certificate) -> PathBuf {
        self.file(kind, "key")
    }

    /// The file of both.
    #[must_use]
    pub fn both(&self, kind: Certificate) -> PathBuf {
        self.file(kind, "pem")
    }

    fn file(&self, kind: Certificate, extension: &str) -> PathBuf {
        self.folder.join(kind.name()).with_extension(extension)
    }
}

fn authority(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)
}

fn authority_of_nobody() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    authority("an authority that nobody trusts")
}

/// Makes a certificate valid until `year`. Years after 2049 are written in another form, which not every server reads.
fn set_validity(parameters: &mut CertificateParams, year: i32) {
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(year, 1, 1);
}

fn leaf(
    kind: Certificate,
    issuer: &CertifiedIssuer<'_, KeyPair>,
) -> Result<(String, String), rcgen::Error> {
    let names: &[&str] = match kind {
        Certificate::OtherName => &["other.test"],
        _ => &NAMES,
    };
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let common = names.first().cloned().unwrap_or_default();
    let mut parameters = CertificateParams::new(names)?;
    parameters
        .distinguished_name
        .push(DnType::CommonName, common);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    let expired = kind == Certificate::Expired;
    set_validity(&mut parameters, if expired { 2021 } else { GOOD_UNTIL });
    let key = KeyPair::generate()?;
    let certificate = parameters.signed_by(&key, issuer)?;
    Ok((certificate.pem(), key.serialize_pem()))
}
