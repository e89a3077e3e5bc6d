//! Channel bindings: data that tie an authentication to its TLS channel (RFC 5056).

use std::fmt;

/// The channel bindings of a connection; none over clear text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ChannelBindings {
    /// `tls-exporter` (RFC 9266): 32 bytes exported under `EXPORTER-Channel-Binding`, with TLS 1.3
    /// only.
    pub tls_exporter: Option<Vec<u8>>,
    /// `tls-server-end-point` (RFC 5929 §4): the hash of the server's certificate.
    pub tls_server_end_point: Option<Vec<u8>>,
}

impl ChannelBindings {
    /// No bindings: clear text, or TLS that another host terminates.
    pub const NONE: Self = Self { tls_exporter: None, tls_server_end_point: None };

    /// Whether there are no bindings.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.tls_exporter.is_none() && self.tls_server_end_point.is_none()
    }
}

impl fmt::Debug for ChannelBindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelBindings")
            .field("tls_exporter", &self.tls_exporter.is_some())
            .field("tls_server_end_point", &self.tls_server_end_point.is_some())
            .finish()
    }
}
