//! What a TLS handshake agreed on.

mod der;
mod end_point;
mod summary;

pub(crate) use end_point::end_point;
pub use summary::CertificateSummary;

use mfly_proto::sasl::ChannelBindings;
use rustls::{CommonState, ConnectionCommon, HandshakeKind, ProtocolVersion};
use std::fmt;

/// RFC 9266 §2.
const EXPORTER_LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// RFC 9266 §2.
const EXPORTER_BYTES: usize = 32;

/// A version of TLS. No other is spoken.
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

/// What a TLS handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Security {
    /// The version of TLS.
    pub version: TlsVersion,
    /// The cipher suite's name (IANA, "TLS Cipher Suites").
    pub cipher_suite: String,
    /// The application protocol (ALPN, RFC 7301), if one was agreed on.
    pub alpn: Option<Vec<u8>>,
    /// The peer's certificates as DER, its own first. Empty for a client that showed none.
    pub certificates: Vec<Vec<u8>>,
    /// Whether an earlier session was resumed, which saves the certificates and half of the work.
    pub resumed: bool,
    /// What an authentication can be tied to.
    pub channel_bindings: ChannelBindings,
}

impl Security {
    /// The client's view.
    pub(crate) fn of_client(connection: &rustls::ClientConnection) -> Self {
        let server = connection.peer_certificates().and_then(<[_]>::first);
        let end_point = server.and_then(|certificate| end_point(certificate));
        Self::new(connection, end_point)
    }

    /// The server's view. `end_point` is the binding of its own certificate.
    pub(crate) fn of_server(
        connection: &rustls::ServerConnection,
        end_point: Option<Vec<u8>>,
    ) -> Self {
        Self::new(connection, end_point)
    }

    /// What the peer's own certificate says about itself, for people to read; `None` when it
    /// showed none, or one that is not understood here.
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
        // Without the extended master secret (RFC 7627), which cannot be asked for here, TLS 1.2's
        // exporter does not tell two channels apart (RFC 9266 §4).
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
