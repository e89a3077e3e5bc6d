//! What is wrong with a certificate.

use rustls::{CertificateError, Error};

/// What is wrong with a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// No authority that is trusted here vouches for it: a private authority that has to be added
    /// to the roots, a missing intermediate certificate, or somebody in between.
    Untrusted,
    /// It was valid once. The server's operator has to renew it.
    Expired,
    /// It is not valid yet; most often a clock is wrong.
    NotYetValid,
    /// It was made for other names than the one that was asked for.
    WrongName,
    /// It was withdrawn by its authority.
    Revoked,
    /// Anything else: it cannot be read, or is not meant for servers.
    Other,
}

impl CertificateProblem {
    /// What is wrong with a certificate, if that is what this error or one of its causes says: for
    /// errors of other clients that share [`Tls`](crate::Tls).
    #[must_use]
    pub fn find(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<Error>() {
                return Self::of(error);
            }
            // What an I/O error wraps is not its source: it stands for it.
            let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            next = match wrapped {
                Some(wrapped) => Some(wrapped),
                None => error.source(),
            };
        }
        None
    }

    /// What TLS objected to, if that is the certificate.
    pub(super) fn of(error: &Error) -> Option<Self> {
        let Error::InvalidCertificate(objection) = error else {
            return None;
        };
        Some(match objection {
            // Two authorities of the same name differ by the signature only.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::Untrusted,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::WrongName
            }
            CertificateError::Revoked => Self::Revoked,
            _ => Self::Other,
        })
    }

    /// What to do about it, as the end of a sentence.
    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::Untrusted => {
                "no trusted authority vouches for its certificate; check the roots in use"
            }
            Self::Expired => "its certificate has expired; the operator has to renew it",
            Self::NotYetValid => "its certificate is not valid yet; check the clocks",
            Self::WrongName => {
                "its certificate is for another name; check the address and the domain"
            }
            Self::Revoked => "its certificate was withdrawn",
            Self::Other => "its certificate cannot be used",
        }
    }
}
