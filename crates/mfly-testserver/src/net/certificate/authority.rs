//! The certificate authority: new at each start, or kept in files so that it has to be trusted
//! once.

use crate::net::{file, new_file};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData as _,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Largest file in bytes.
const FILE_BYTES: u64 = 64 * 1024;

/// The suffix of the key's file after the name of the certificate's file.
const KEY_SUFFIX: &str = ".key";

/// The reason why there is no authority.
#[derive(Debug, Error)]
pub(crate) enum AuthorityError {
    /// The authority could not be made.
    #[error(transparent)]
    Make(#[from] rcgen::Error),
    /// A file could not be read or written.
    #[error("cannot use {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// A file does not contain a certificate or its key.
    #[error("{} {problem}; remove both files to have new ones made", path.display())]
    Content { path: PathBuf, problem: &'static str },
}

/// A certificate authority with its key.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// Makes a new authority.
    ///
    /// # Errors
    /// When the random source fails.
    pub(crate) fn generate() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let pem = params()?.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params()?, key), pem })
    }

    /// Reads the authority in `path`, and its key in the file with `.key` after that name. Makes
    /// the files that are missing; a certificate for an existing key is valid for the same
    /// authority. Servers that start at the same time agree on one authority.
    pub(crate) fn keep(path: &Path) -> Result<Self, AuthorityError> {
        let mut key_path = path.as_os_str().to_owned();
        key_path.push(KEY_SUFFIX);
        let key_path = PathBuf::from(key_path);
        let content =
            |path: &Path, problem| AuthorityError::Content { path: path.to_owned(), problem };
        let (pem, key) = (read(path)?, read(&key_path)?);
        // The key is made first, so that there is no certificate without key.
        if pem.is_some() && key.is_none() {
            return Err(content(&key_path, "is missing"));
        }
        let key = match key {
            Some(key) => key,
            None => publish(&key_path, KeyPair::generate()?.serialize_pem(), true)?,
        };
        let key =
            KeyPair::from_pem(&key).map_err(|_| content(&key_path, "holds no private key"))?;
        let pem = match pem {
            Some(pem) => pem,
            None => publish(path, params()?.self_signed(&key)?.pem(), false)?,
        };
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| content(path, "holds no certificate"))?;
        let public = key.der_bytes();
        if !certificate.windows(public.len()).any(|part| part == public) {
            return Err(content(path, "is not the certificate of the key beside it"));
        }
        Ok(Self { issuer: Issuer::new(params()?, key), pem })
    }

    pub(super) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    /// The certificate as PEM text.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// The SHA-256 of the public key in base64, as Chromium's
    /// `--ignore-certificate-errors-spki-list` takes it.
    pub(crate) fn public_key_hash(&self) -> String {
        STANDARD.encode(Sha256::digest(self.issuer.key().subject_public_key_info()))
    }
}

/// The parameters of the certificate. They never change, so that certificates of one key are those
/// of one authority.
fn params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "mfly-testserver authority");
    Ok(params)
}

fn read(path: &Path) -> Result<Option<String>, AuthorityError> {
    match file::read_text(path, FILE_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(AuthorityError::File { path: path.to_owned(), source }),
    }
}

/// Creates a file whole, unless another server has created it. Returns the file's text.
fn publish(path: &Path, text: String, is_secret: bool) -> Result<String, AuthorityError> {
    let failed = |source| AuthorityError::File { path: path.to_owned(), source };
    match new_file::publish(path, &text, is_secret) {
        Ok(()) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = read(path)?;
            found.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
        }
        Err(source) => Err(failed(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::sync::Barrier;
    use std::thread;

    /// A folder that is removed when it is dropped.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("mfly-authority-{name}-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn certificate(&self) -> PathBuf {
            self.0.join("authority.pem")
        }

        fn key(&self) -> PathBuf {
            self.0.join("authority.pem.key")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn every_authority_is_new_unless_it_is_kept() {
        let (first, second) = (Authority::generate().unwrap(), Authority::generate().unwrap());
        assert!(first.pem().starts_with("-----BEGIN CERTIFICATE-----"));
        assert_ne!(first.pem(), second.pem());
        let folder = Folder::new("kept");
        let made = Authority::keep(&folder.certificate()).unwrap();
        let again = Authority::keep(&folder.certificate()).unwrap();
        assert_eq!(made.pem(), again.pem());
        assert_eq!(made.public_key_hash(), again.public_key_hash());
        assert_ne!(made.public_key_hash(), first.public_key_hash());
        assert_eq!(fs::read_to_string(folder.certificate()).unwrap(), made.pem());
    }

    #[cfg(unix)]
    #[test]
    fn other_users_cannot_read_a_kept_key() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = Folder::new("mode");
        Authority::keep(&folder.certificate()).unwrap();
        let mode = fs::metadata(folder.key()).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }

    #[test]
    fn files_that_do_not_belong_together_are_refused_and_named() {
        let folder = Folder::new("refused");
        let refused = || match Authority::keep(&folder.certificate()) {
            Ok(_) => panic!("these files are accepted"),
            Err(error) => error.to_string(),
        };
        Authority::keep(&folder.certificate()).unwrap();
        let other = KeyPair::generate().unwrap().serialize_pem();
        for (key, problem) in [
            (Some(other.as_str()), "is not the certificate of the key"),
            (Some("rubbish"), "holds no private key"),
            (None, ".key is missing"),
        ] {
            match key {
                Some(key) => fs::write(folder.key(), key).unwrap(),
                None => fs::remove_file(folder.key()).unwrap(),
            }
            assert!(refused().contains(problem), "{}", refused());
        }
        fs::write(folder.key(), other).unwrap();
        fs::write(folder.certificate(), "rubbish").unwrap();
        assert!(refused().contains("holds no certificate"));
        assert!(refused().contains("remove both files"));
    }

    #[test]
    fn a_missing_certificate_is_made_from_its_key() {
        let folder = Folder::new("key-only");
        let made = Authority::keep(&folder.certificate()).unwrap();
        fs::remove_file(folder.certificate()).unwrap();
        let again = Authority::keep(&folder.certificate()).unwrap();
        assert_eq!(again.public_key_hash(), made.public_key_hash());
        assert_eq!(fs::read_to_string(folder.certificate()).unwrap(), again.pem());
    }

    #[test]
    fn servers_that_start_together_agree_on_one_authority_and_leave_nothing_else() {
        for round in 0..25 {
            let folder = Folder::new(&format!("together-{round}"));
            let (path, together) = (folder.certificate(), Barrier::new(16));
            let made: Vec<_> = thread::scope(|scope| {
                let starting = || {
                    together.wait();
                    Authority::keep(&path).map(|authority| authority.pem().to_owned())
                };
                let started: Vec<_> = (0..16).map(|_| scope.spawn(starting)).collect();
                let ended = started.into_iter().map(|thread| thread.join().unwrap());
                ended.map(Result::unwrap).collect()
            });
            let kept = fs::read_to_string(&path).unwrap();
            assert!(made.iter().all(|pem| *pem == kept));
            let files = fs::read_dir(&folder.0).unwrap().count();
            assert_eq!(files, 2, "a certificate and its key");
        }
    }

    #[test]
    fn files_may_have_a_byte_order_mark_and_windows_line_endings() {
        let folder = Folder::new("marks");
        let made = Authority::keep(&folder.certificate()).unwrap();
        for path in [folder.certificate(), folder.key()] {
            let text = fs::read_to_string(&path).unwrap().replace('\n', "\r\n");
            fs::write(&path, format!("\u{feff}{text}")).unwrap();
        }
        let again = Authority::keep(&folder.certificate()).unwrap();
        assert_eq!(again.public_key_hash(), made.public_key_hash());
    }

    #[cfg(unix)]
    #[test]
    fn an_endless_file_is_refused() {
        match Authority::keep(Path::new("/dev/zero")) {
            Err(AuthorityError::File { source, .. }) => {
                assert!(source.to_string().contains("more than 65536 bytes"));
            }
            _ => panic!("/dev/zero is no authority"),
        }
    }
}
