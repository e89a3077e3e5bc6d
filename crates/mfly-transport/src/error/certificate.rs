//! The problems of certificates.

use rustls::{CertificateError, Error};

/// The problem of a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// No trusted authority issued it. Either a private authority must be added to the roots, or an
    /// intermediate certificate is missing, or an attacker is between both sides.
    Untrusted,
    /// It has expired. The operator of the server has to renew it.
    Expired,
    /// It is not valid yet. Often a clock is wrong.
    NotYetValid,
    /// It is for other names than the requested one.
    WrongName,
    /// Its authority has revoked it.
    Revoked,
    /// Another problem: it cannot be read, or is not for servers.
    Other,
}

impl CertificateProblem {
    /// The certificate problem among an error and its causes, for the errors of other clients that
    /// use [`Tls`](crate::Tls).
    #[must_use]
    pub fn find(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<Error>() {
                return Self::of(error);
            }
            // The source of an I/O error is the source of the error that it wraps.
            let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            next = match wrapped {
                Some(wrapped) => Some(wrapped),
                None => error.source(),
            };
        }
        None
    }

    /// The certificate problem of a TLS error.
    pub(super) fn of(error: &Error) -> Option<Self> {
        let Error::InvalidCertificate(objection) = error else {
            return None;
        };
        Some(match objection {
            // Authorities of the same name differ in the signature only.
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

    /// The problem and its remedy, as the end of a sentence.
    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::Untrusted => {
                "no trusted authority issued its certificate; check the roots in use"
            }
            Self::Expired => "its certificate has expired; the operator has to renew it",
            Self::NotYetValid => "its certificate is not valid yet; check the clocks",
            Self::WrongName => {
                "its certificate is for another name; check the address and the domain"
            }
            Self::Revoked => "its certificate was revoked",
            Self::Other => "its certificate cannot be used",
        }
    }
}
