//! What every server here is told.

use crate::folder::RunFolder;
use mfly_suite::certificate::{Certificate, Certificates, Chain};
use mfly_suite::port::Ports;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Largest stanza that the servers take, in bytes: what both suggest for clients.
pub(crate) const MAX_STANZA_BYTES: usize = 256 * 1024;

/// The path of WebSocket connections, which both servers have by default.
pub(crate) const WEBSOCKET_PATH: &str = "/xmpp-websocket";

/// Where one instance of a server writes, where it listens, and the certificate that it shows,
/// which is in its folder: [`InstanceConfig::AUTHORITY`], [`InstanceConfig::CHAIN`], [`InstanceConfig::KEY`] and
/// [`InstanceConfig::CHAIN_AND_KEY`].
#[derive(Clone, Debug)]
pub struct InstanceConfig {
    /// The folder of this instance.
    pub folder: PathBuf,
    /// Where it listens.
    pub ports: Ports,
}

impl InstanceConfig {
    /// The file with the authority that clients trust.
    pub const AUTHORITY: &str = "authority.crt";
    /// The file with the server's certificate.
    pub const CHAIN: &str = "server.crt";
    /// The file with its key.
    pub const KEY: &str = "server.key";
    /// The file with both.
    pub const CHAIN_AND_KEY: &str = "server.pem";

    /// An instance with a folder of its own inside `run`.
    ///
    /// # Errors
    /// When its files cannot be written or no port is free.
    pub fn new(
        run: &RunFolder,
        name: &str,
        certificates: &Certificates,
        certificate: Certificate,
    ) -> io::Result<Self> {
        let config = Self {
            folder: run.inside(&format!("{name}-{}", certificate.name()))?,
            ports: Ports::free()?,
        };
        let Chain { certificate_pem, key_pem } = certificates.chain(certificate);
        fs::write(config.file(Self::AUTHORITY), &certificates.authority_pem)?;
        fs::write(config.file(Self::CHAIN), certificate_pem)?;
        fs::write(config.file(Self::KEY), key_pem)?;
        fs::write(config.file(Self::CHAIN_AND_KEY), format!("{certificate_pem}{key_pem}"))?;
        Ok(config)
    }

    /// A file of this instance.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What the server's process prints.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.file("output.log")
    }
}

/// A path as a string literal of Lua and of YAML, which agree on these escapes.
pub(crate) fn quoted(path: &Path) -> String {
    let mut text = String::from("\"");
    for character in path.to_string_lossy().chars() {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::quoted;
    use std::path::Path;

    #[test]
    fn a_path_cannot_end_the_literal_that_it_stands_in() {
        assert_eq!(quoted(Path::new(r#"/a "b"\c"#)), r#""/a \"b\"\\c""#);
    }
}
