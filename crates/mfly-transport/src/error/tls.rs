//! The problems of TLS handshakes.

use super::CertificateProblem;
use rustls::{AlertDescription as Alert, Error, PeerMisbehaved};

/// The problem of a TLS handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsProblem {
    /// The server's certificate was refused.
    Certificate(CertificateProblem),
    /// The server does not support the offered application protocol (ALPN, RFC 7301).
    Alpn,
    /// Both sides have no TLS version or no cipher suite in common.
    Version,
    /// The server does not serve the requested name (RFC 6066 §3).
    UnknownName,
    /// The response is not TLS: the port is used by another protocol.
    NotTls,
    /// Another problem, which the source error describes.
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
