//! The files, ports and limits of an instance of a server.

use crate::folder::RunFolder;
use mfly_suite::certificate::{Certificate, Certificates, Chain, DOMAIN};
use mfly_suite::port::Ports;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Largest stanza that the servers accept, in bytes: both suggest it for clients.
pub(crate) const MAX_STANZA_BYTES: usize = 256 * 1024;

/// The path of WebSocket connections, which both servers have by default.
pub(crate) const WEBSOCKET_PATH: &str = "/xmpp-websocket";

/// The folder and the ports of one instance of a server. Its certificate is in the folder:
/// [`InstanceConfig::AUTHORITY`], [`InstanceConfig::CHAIN`], [`InstanceConfig::KEY`] and
/// [`InstanceConfig::CHAIN_AND_KEY`].
#[derive(Clone, Debug)]
pub struct InstanceConfig {
    /// The folder of this instance.
    pub folder: PathBuf,
    /// The ports of this instance.
    pub ports: Ports,
}

impl InstanceConfig {
    /// The file with the authority that clients trust.
    pub const AUTHORITY: &str = "authority.crt";
    /// The file with the server's certificate.
    pub const CHAIN: &str = "server.crt";
    /// The file with the certificate's key.
    pub const KEY: &str = "server.key";
    /// The file with certificate and key.
    pub const CHAIN_AND_KEY: &str = "server.pem";

    /// Makes a folder inside `run`, with the certificate in it, and finds free ports.
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

    /// Fills a configuration: `@name@` stands for a setting, `@file:name@` for the path of a file
    /// of this instance, as a literal.
    pub(crate) fn fill(&self, template: &str) -> String {
        let Ports { start_tls, direct_tls, websocket, secure_websocket } = self.ports;
        let mut text =
            template.replace("@domain@", DOMAIN).replace("@websocket_path@", WEBSOCKET_PATH);
        for (name, value) in [
            ("@start_tls@", usize::from(start_tls)),
            ("@direct_tls@", usize::from(direct_tls)),
            ("@websocket@", usize::from(websocket)),
            ("@secure_websocket@", usize::from(secure_websocket)),
            ("@max_stanza_bytes@", MAX_STANZA_BYTES),
        ] {
            text = text.replace(name, &value.to_string());
        }
        while let Some((before, rest)) = text.split_once("@file:") {
            let (name, after) = rest.split_once('@').unwrap_or((rest, ""));
            text = format!("{before}{}{after}", quoted(&self.file(name)));
        }
        text
    }

    /// The output of the server's process.
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
    fn a_path_cannot_end_its_literal() {
        assert_eq!(quoted(Path::new(r#"/a "b"\c"#)), r#""/a \"b\"\\c""#);
    }
}
