//! What every server here is told.

use crate::error::ServerError;
use crate::folder::Folder;
use crate::port;
use mfly_suite::certificate::{Certificate, Certificates};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest stanza that the servers take, in bytes: what both suggest for clients.
pub(crate) const MAX_STANZA_BYTES: usize = 256 * 1024;

/// The path of WebSocket connections, which both servers have by default.
pub(crate) const WEBSOCKET_PATH: &str = "/xmpp-websocket";

/// Where a server listens on 127.0.0.1.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// TCP, with STARTTLS demanded.
    pub start_tls: u16,
    /// TCP with TLS from the first byte.
    pub direct_tls: u16,
    /// WebSocket in the clear.
    pub websocket: u16,
    /// WebSocket over TLS.
    pub secure_websocket: u16,
}

impl Ports {
    /// Ports on which nobody listens now.
    ///
    /// # Errors
    /// When there are none.
    pub fn free() -> io::Result<Self> {
        let [start_tls, direct_tls, websocket, secure_websocket] = port::free()?;
        Ok(Self {
            start_tls,
            direct_tls,
            websocket,
            secure_websocket,
        })
    }

    /// All of them.
    #[must_use]
    pub fn all(self) -> [u16; 4] {
        [
            self.start_tls,
            self.direct_tls,
            self.websocket,
            self.secure_websocket,
        ]
    }
}

/// Where one instance of a server writes, where it listens, and the certificate that it shows.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The folder of this instance.
    pub folder: PathBuf,
    /// Where it listens.
    pub ports: Ports,
    /// The files of all certificates.
    pub certificates: Arc<Certificates>,
    /// The one that is used.
    pub certificate: Certificate,
}

impl Setting {
    /// An instance with a folder of its own inside `run`.
    ///
    /// # Errors
    /// When the folder cannot be made or no port is free.
    pub fn new(
        run: &Folder,
        name: &str,
        certificates: &Arc<Certificates>,
        certificate: Certificate,
    ) -> Result<Self, ServerError> {
        Ok(Self {
            folder: run.inside(&format!("{name}-{}", certificate.name()))?,
            ports: Ports::free()?,
            certificates: Arc::clone(certificates),
            certificate,
        })
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
