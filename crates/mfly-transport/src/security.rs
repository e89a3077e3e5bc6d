//! The result of a TLS handshake.

mod der;
mod end_point;
mod summary;

pub(crate) use end_point::end_point;
pub use summary::CertificateSummary;

use mfly_proto::sasl::ChannelBindings;
use rustls::{CommonState, ConnectionCommon, HandshakeKind, ProtocolVersion};
use std::fmt;

/// The label of the channel binding `tls-exporter` (RFC 9266 §2).
const EXPORTER_LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// The length of the channel binding `tls-exporter` (RFC 9266 §2).
const EXPORTER_BYTES: usize = 32;

/// A supported version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// The result of a TLS handshake.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Security {
    /// The TLS version.
    pub version: TlsVersion,
    /// The name of the cipher suite (IANA, "TLS Cipher Suites").
    pub cipher_suite: String,
    /// The negotiated application protocol (ALPN, RFC 7301), if there is one.
    pub alpn: Option<Vec<u8>>,
    /// The peer's certificates as DER, its own first. Empty for a client without certificate.
    pub certificates: Vec<Vec<u8>>,
    /// Whether an earlier session was resumed, which skips the certificates.
    pub resumed: bool,
    /// The channel bindings for SASL.
    pub channel_bindings: ChannelBindings,
}

impl Security {
    /// The result on the side of the client.
    pub(crate) fn of_client(connection: &rustls::ClientConnection) -> Self {
        let server = connection.peer_certificates().and_then(<[_]>::first);
        let end_point = server.and_then(|certificate| end_point(certificate));
        Self::new(connection, end_point)
    }

    /// The result on the side of the server. `end_point` is the binding of its own certificate.
    pub(crate) fn of_server(
        connection: &rustls::ServerConnection,
        end_point: Option<Vec<u8>>,
    ) -> Self {
        Self::new(connection, end_point)
    }

    /// The names and times of the peer's certificate, for display. `None` without a certificate, or
    /// for an unreadable one.
    #[must_use]
    pub fn certificate(&self) -> Option<CertificateSummary> {
        CertificateSummary::of(self.certificates.first()?)
    }

    fn new<Data>(connection: &ConnectionCommon<Data>, end_point: Option<Vec<u8>>) -> Self {
        let state: &CommonState = connection;
        let version = match state.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => TlsVersion::Tls13,
            _ => TlsVersion::Tls12,
        };
        // TLS 1.2 would need the extended master secret (RFC 7627) for a unique exporter (RFC 9266
        // §4), and the TLS library does not say whether it was used.
        let tls_exporter = (version == TlsVersion::Tls13)
            .then(|| connection.export_keying_material([0; EXPORTER_BYTES], EXPORTER_LABEL, None))
            .and_then(Result::ok)
            .map(Vec::from);
        let suite = state.negotiated_cipher_suite();
        Self {
            version,
            cipher_suite: suite
                .and_then(|suite| suite.suite().as_str())
                .unwrap_or_default()
                .to_owned(),
            alpn: state.alpn_protocol().map(<[u8]>::to_vec),
            certificates: state
                .peer_certificates()
                .unwrap_or_default()
                .iter()
                .map(|certificate| certificate.to_vec())
                .collect(),
            resumed: state.handshake_kind() == Some(HandshakeKind::Resumed),
            channel_bindings: ChannelBindings { tls_exporter, tls_server_end_point: end_point },
        }
    }
}

impl fmt::Debug for Security {
    /// Shows names and sizes. The bytes of certificates and bindings are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bindings = &self.channel_bindings;
        f.debug_struct("Security")
            .field("version", &self.version)
            .field("cipher_suite", &self.cipher_suite)
            .field("alpn", &self.alpn.as_deref().map(String::from_utf8_lossy))
            .field("certificates", &self.certificates.len())
            .field("subject", &self.certificate().and_then(|summary| summary.subject))
            .field("resumed", &self.resumed)
            .field("tls_exporter", &bindings.tls_exporter.is_some())
            .field("tls_server_end_point", &bindings.tls_server_end_point.is_some())
            .finish()
    }
}
