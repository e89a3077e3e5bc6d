//! Remedies for connections that cannot be secured.

use super::stream::ended;
use crate::command::doctor::options::ExamTarget;
use mfly_transport::{CertificateProblem, CertificateSummary, Scheme, StartTlsError, TlsProblem};

/// The remedy for a failed STARTTLS negotiation.
pub(super) fn start_tls(reason: StartTlsError, target: ExamTarget<'_>) -> String {
    match reason {
        StartTlsError::NotOffered => {
            "the server offers no TLS here, or something on the way removes the offer: do not log \
             in; compare from another network, or use xmpps:// or wss://"
                .to_owned()
        }
        StartTlsError::Injected => {
            "something on the way tampers with the connection: do not log in; compare from another \
             network"
                .to_owned()
        }
        StartTlsError::Refused => {
            "the server's TLS does not work: its operator has to look at the certificate and the \
             logs"
                .to_owned()
        }
        StartTlsError::Ended(condition) => ended(condition, target, None),
        StartTlsError::Closed => "the server hangs up: try again, and look at its logs".to_owned(),
        _ => "what answers is not XMPP over TCP: 5222 is usual for xmpp://, 5223 is for xmpps://"
            .to_owned(),
    }
}

/// The remedy for a failed TLS handshake.
pub(super) fn tls(problem: Option<TlsProblem>, target: ExamTarget<'_>) -> String {
    match (problem, target.scheme) {
        (Some(TlsProblem::Alpn), Some(Scheme::Xmpps)) => {
            "the port is shared and XMPP is not among what it offers: use the port of direct TLS \
             (usually 5223), or xmpp:// or wss://"
        }
        (Some(TlsProblem::Alpn), _) => "the port is not for HTTP/1.1: check the port",
        (Some(TlsProblem::Version), _) => {
            "the server has neither TLS 1.3 nor a safe form of 1.2: its operator has to bring it \
             up to date"
        }
        (Some(TlsProblem::UnknownName), Some(Scheme::Xmpp | Scheme::Xmpps)) => {
            "the server does not serve this domain: name the right one with --domain"
        }
        (Some(TlsProblem::UnknownName), _) => "the server does not serve this name: check the host",
        (Some(TlsProblem::NotTls), Some(Scheme::Xmpps)) => {
            "what answers is not TLS: xmpp:// is for STARTTLS, usually on port 5222"
        }
        (Some(TlsProblem::NotTls), Some(Scheme::Xmpp)) => {
            "the server agreed to TLS and speaks something else: its operator has to look"
        }
        (Some(TlsProblem::NotTls), Some(_)) => {
            "what answers is not TLS: check the port; ws:// is for clear text on this machine"
        }
        (Some(TlsProblem::NotTls), None) => {
            "what answers is not TLS: check the port; http:// is for clear text on this machine"
        }
        _ => "the server's logs may say more",
    }
    .to_owned()
}

/// The fault of a certificate.
pub(super) const fn certificate_what(problem: CertificateProblem) -> &'static str {
    match problem {
        CertificateProblem::Untrusted => "no trusted authority issued the certificate",
        CertificateProblem::Expired => "the certificate has expired",
        CertificateProblem::NotYetValid => "the certificate is not valid yet",
        CertificateProblem::WrongName => "the certificate is for another name",
        CertificateProblem::Revoked => "the certificate was revoked",
        _ => "the certificate cannot be used",
    }
}

/// The remedy for a certificate that is not accepted.
pub(super) fn certificate(
    problem: CertificateProblem,
    target: ExamTarget<'_>,
    shown: &[CertificateSummary],
) -> String {
    match problem {
        CertificateProblem::Untrusted => {
            let own = shown.first();
            let own_authority = own.is_some_and(|own| own.issuer == own.subject);
            let cause = match own_authority {
                true => "it is signed by itself",
                false => "its authority is unknown here, or an intermediate certificate is missing",
            };
            format!(
                "{cause}: give the authority's certificate with --ca-file if the server is yours; \
                 otherwise the connection may be intercepted"
            )
        }
        CertificateProblem::Expired => {
            "the server's operator has to renew it; if the dates above look right, this machine's \
             clock is wrong"
                .to_owned()
        }
        CertificateProblem::NotYetValid => {
            "check this machine's clock; if it is right, the server's operator has to look"
                .to_owned()
        }
        CertificateProblem::WrongName => wrong_name(target, shown),
        CertificateProblem::Revoked => {
            "do not log in; the server's operator has to replace it".to_owned()
        }
        _ => "the server's operator has to replace it".to_owned(),
    }
}

fn wrong_name(target: ExamTarget<'_>, shown: &[CertificateSummary]) -> String {
    let asked = match target.scheme {
        Some(Scheme::Xmpp | Scheme::Xmpps) => target.domain,
        _ => target.host,
    };
    let names = shown.first().map(|own| own.names.as_slice());
    // A pattern is no name to connect to.
    let mut names = names.unwrap_or_default().iter();
    let fits = names.find(|name| !name.contains('*'));
    let fitting = match (fits, target.scheme) {
        (Some(name), Some(Scheme::Xmpp | Scheme::Xmpps)) => {
            format!("--domain {name} would fit, if that is the domain you mean")
        }
        (Some(name), _) => {
            format!("an address with {name} would fit, if that is the server you mean")
        }
        (None, _) => "the server's operator has to replace it".to_owned(),
    };
    format!("it is not for {asked}: {fitting}")
}
