//! Why a TLS handshake failed.

use super::CertificateProblem;
use rustls::{AlertDescription as Alert, Error, PeerMisbehaved};

/// Why a TLS handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsProblem {
    /// The server's certificate.
    Certificate(CertificateProblem),
    /// The server does not speak the application protocol that was asked for (ALPN, RFC 7301).
    Alpn,
    /// The two sides have no version or no cipher suite of TLS in common.
    Version,
    /// The server does not serve the name that it was asked for (RFC 6066 §3).
    UnknownName,
    /// What came is not TLS: another protocol is spoken on this port.
    NotTls,
    /// Anything else; the cause says what.
    Other,
}

impl TlsProblem {
    pub(super) fn of(error: &Error) -> Self {
        if let Some(problem) = CertificateProblem::of(error) {
            return Self::Certificate(problem);
        }
        match error {
            Error::NoApplicationProtocol
            | Error::AlertReceived(Alert::NoApplicationProtocol)
            | Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedApplicationProtocol) => {
                Self::Alpn
            }
            Error::PeerIncompatible(_)
            | Error::AlertReceived(
                Alert::ProtocolVersion | Alert::HandshakeFailure | Alert::InsufficientSecurity,
            ) => Self::Version,
            Error::AlertReceived(Alert::UnrecognisedName) => Self::UnknownName,
            Error::InvalidMessage(_) => Self::NotTls,
            _ => Self::Other,
        }
    }
}
