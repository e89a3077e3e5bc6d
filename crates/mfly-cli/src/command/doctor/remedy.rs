//! What went wrong on the way, in a sentence, and what to do about it in another.

use super::finding::Step;
use super::route::{Goal, Told};
use crate::exit::Code;
use mfly_client::probe::StreamProblem;
use mfly_proto::stream::StreamCondition;
use mfly_transport::{
    CertificateProblem, CertificateSummary, HandshakeProblem, ProxyError, Scheme, StartTlsError,
    TlsProblem, TransportError,
};
use std::error::Error;
use std::io::{self, ErrorKind};

/// About a connection that could not be made. `shown` is the chain of a server whose certificate was not accepted.
pub(super) fn of(
    error: &TransportError,
    step: Step,
    goal: Goal<'_>,
    shown: &[CertificateSummary],
) -> Told {
    let code = match (error, step) {
        (TransportError::TimedOut { .. }, _) => Code::TimedOut,
        (TransportError::Address(_), _) => Code::Usage,
        (_, Step::Srv | Step::Dns | Step::Tcp | Step::Proxy) => Code::Unreachable,
        _ => Code::Failed,
    };
    let what = match error {
        TransportError::Dial { source, .. } if step == Step::Dns => source.to_string(),
        TransportError::Dial { host, port, source } => format!("{host}:{port}: {source}"),
        TransportError::Io(source) => format!("the connection broke: {source}"),
        TransportError::Tls { source, .. } => match error.certificate_problem() {
            Some(problem) => certificate_what(problem).to_owned(),
            None => source.to_string(),
        },
        TransportError::StartTls { reason, .. } => reason.to_string(),
        TransportError::Proxy { proxy, reason, .. } => format!("{proxy}: {reason}"),
        TransportError::Handshake { reason, .. } => reason.to_string(),
        other => other.to_string(),
    };
    Told {
        code,
        what,
        remedy: remedy(error, step, goal, shown),
    }
}

fn remedy(
    error: &TransportError,
    step: Step,
    goal: Goal<'_>,
    shown: &[CertificateSummary],
) -> String {
    match error {
        TransportError::Dial { host, source, .. } if step == Step::Dns => not_found(host, source),
        TransportError::Dial { host, source, .. } => not_dialled(host, source, goal),
        TransportError::Proxy { reason, .. } => proxy(*reason).to_owned(),
        TransportError::StartTls { reason, .. } => start_tls(*reason, goal),
        TransportError::Handshake { .. } => websocket(error.handshake_problem()),
        TransportError::Tls { .. } => match error.tls_problem() {
            Some(TlsProblem::Certificate(problem)) => certificate(problem, goal, shown),
            problem => tls(problem, goal),
        },
        TransportError::TimedOut { .. } | TransportError::Io(_) => silent(step, goal),
        TransportError::NoService { domain } => {
            format!("{domain} says in DNS that it has no XMPP: check the domain")
        }
        _ => "correct the address".to_owned(),
    }
}

fn not_found(host: &str, source: &io::Error) -> String {
    if source.to_string().contains("Temporary") {
        return "no name server answers: check the network and this machine's name servers"
            .to_owned();
    }
    format!("check the spelling of {host}, and whether this machine's name servers know it")
}

fn not_dialled(host: &str, source: &io::Error, goal: Goal<'_>) -> String {
    match source.kind() {
        _ if goal.proxy == Some(host) => {
            "this is the proxy: check its address (--proxy, MFLY_PROXY), and whether it runs"
        }
        ErrorKind::ConnectionRefused if is_local(host) => {
            "nothing listens on this port: start the server (a local one: `mfly serve`), or \
             correct the port"
        }
        ErrorKind::ConnectionRefused => {
            "the host is there and nothing listens on this port: check the port, and whether the \
             server runs"
        }
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => {
            "there is no way to that network: check this machine's connection, a VPN, and whether \
             IPv6 works here"
        }
        _ => "check the address, the network, and firewalls on the way",
    }
    .to_owned()
}

fn is_local(host: &str) -> bool {
    let ip = host.parse::<std::net::IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

/// Nothing came, or the other side hung up.
fn silent(step: Step, goal: Goal<'_>) -> String {
    let text = match step {
        Step::Dns => "no name server answers: check the network and this machine's name servers",
        Step::Tcp => {
            "nothing answers: a firewall drops the packets, or the host is down; from another \
             network it may look otherwise"
        }
        Step::Proxy => "the proxy says nothing: check its address and kind (http, socks5)",
        Step::StartTls => {
            "the port is open and speaks no XMPP: 5222 is usual for xmpp://, 5223 is for xmpps://"
        }
        Step::Tls if goal.scheme == Some(Scheme::Xmpps) => {
            "the port is open and speaks no TLS: try xmpp:// for STARTTLS, usually on port 5222"
        }
        Step::Tls => {
            "the port is open and speaks no TLS: check the port, or something on the way blocks TLS"
        }
        Step::WebSocket => {
            "the port is open and speaks no HTTP, or the server is overloaded: check the port"
        }
        _ => "try again; if it stays so, the server or something on the way ends the connection",
    };
    text.to_owned()
}

fn proxy(reason: ProxyError) -> &'static str {
    match reason {
        ProxyError::Authentication => {
            "give the proxy's name and password in its URL: http://user:password@host:port"
        }
        ProxyError::NotAllowed => {
            "the proxy's rules forbid it: ask its administrator for this host and port; many allow \
             port 443 only"
        }
        ProxyError::Unreachable | ProxyError::Status(502..=504) => {
            "the proxy cannot reach the server: check the address; the proxy's own network or DNS \
             may be the reason"
        }
        ProxyError::Protocol => {
            "check the proxy's scheme and port: http://, socks5:// or socks5h://"
        }
        ProxyError::Name => "use an address that the proxy can be told, such as an IP address",
        _ => "ask the proxy's administrator",
    }
}

fn start_tls(reason: StartTlsError, goal: Goal<'_>) -> String {
    match reason {
        StartTlsError::NotOffered => {
            "the server offers no TLS here, or somebody on the way removes the offer: do not log \
             in; compare from another network, or use xmpps:// or wss://"
                .to_owned()
        }
        StartTlsError::Injected => {
            "somebody on the way tampers with the connection: do not log in; compare from another \
             network"
                .to_owned()
        }
        StartTlsError::Refused => {
            "the server's TLS does not work: its operator has to look at the certificate and the \
             logs"
                .to_owned()
        }
        StartTlsError::Ended(condition) => ended(condition, goal, None),
        StartTlsError::Closed => "the server hangs up: try again, and look at its logs".to_owned(),
        _ => "what answers is not XMPP over TCP: 5222 is usual for xmpp://, 5223 is for xmpps://"
            .to_owned(),
    }
}

fn tls(problem: Option<TlsProblem>, goal: Goal<'_>) -> String {
    match (problem, goal.scheme) {
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

const fn certificate_what(problem: CertificateProblem) -> &'static str {
    match problem {
        CertificateProblem::Untrusted => "no trusted authority vouches for the certificate",
        CertificateProblem::Expired => "the certificate has expired",
        CertificateProblem::NotYetValid => "the certificate is not valid yet",
        CertificateProblem::WrongName => "the certificate is for another name",
        CertificateProblem::Revoked => "the certificate was withdrawn",
        _ => "the certificate cannot be used",
    }
}

fn certificate(
    problem: CertificateProblem,
    goal: Goal<'_>,
    shown: &[CertificateSummary],
) -> String {
    match problem {
        CertificateProblem::Untrusted => {
            let own = shown.first();
            let own_authority = own.is_some_and(|own| own.issuer == own.subject);
            let cause = match own_authority {
                true => "it vouches for itself",
                false => "its authority is unknown here, or an intermediate certificate is missing",
            };
            format!(
                "{cause}: give the authority's certificate with --ca-file if the server is yours; \
                 otherwise somebody may be in between"
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
        CertificateProblem::WrongName => wrong_name(goal, shown),
        CertificateProblem::Revoked => {
            "do not log in; the server's operator has to replace it".to_owned()
        }
        _ => "the server's operator has to replace it".to_owned(),
    }
}

fn wrong_name(goal: Goal<'_>, shown: &[CertificateSummary]) -> String {
    let asked = match goal.scheme {
        Some(Scheme::Xmpp | Scheme::Xmpps) => goal.domain,
        _ => goal.host,
    };
    let names = shown.first().map(|own| own.names.as_slice());
    // A pattern is no name to connect to.
    let mut names = names.unwrap_or_default().iter();
    let fits = names.find(|name| !name.contains('*'));
    let fitting = match (fits, goal.scheme) {
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

fn websocket(problem: Option<HandshakeProblem>) -> String {
    match problem {
        Some(HandshakeProblem::Status(404 | 405)) => {
            "there is no WebSocket at this path: check it; MirrorFly's is /websocket, others are \
             /ws and /xmpp-websocket"
        }
        Some(HandshakeProblem::Status(401 | 403)) => {
            "the server, or something in front of it, does not let this client in: look at its \
             rules for addresses and origins"
        }
        Some(HandshakeProblem::Status(502..=504)) => {
            "what answers is a proxy that cannot reach the XMPP server behind it: its operator has \
             to look"
        }
        Some(HandshakeProblem::Status(301..=308)) => {
            "the server points elsewhere: use the address that it points to"
        }
        Some(HandshakeProblem::Status(400 | 426)) => {
            "a proxy on the way may not pass the upgrade on: its operator has to allow WebSocket"
        }
        Some(HandshakeProblem::Status(200..=299)) => {
            "something ordinary is served at this path: check host and path"
        }
        Some(HandshakeProblem::SubProtocol) => {
            "a WebSocket of something else than XMPP: check the path"
        }
        Some(HandshakeProblem::NotHttp) => {
            "the port does not speak HTTP: check it, or use xmpp:// or xmpps://"
        }
        _ => "the server's logs may say more",
    }
    .to_owned()
}

/// The server ended the stream. `from` is the domain that it answers for, if it said so.
fn ended(condition: StreamCondition, goal: Goal<'_>, from: Option<&str>) -> String {
    let domain = goal.domain;
    let fitting = match from {
        Some(from) if from != domain => format!("try --domain {from}"),
        _ => "name the right domain with --domain".to_owned(),
    };
    match condition {
        StreamCondition::HostUnknown
        | StreamCondition::HostGone
        | StreamCondition::ImproperAddressing => {
            format!("the server does not serve {domain}: {fitting}")
        }
        StreamCondition::SeeOtherHost => "use the address that the server points to".to_owned(),
        StreamCondition::PolicyViolation | StreamCondition::NotAuthorized => {
            "the server's rules forbid it: look at its logs, and at its limits on connections"
                .to_owned()
        }
        StreamCondition::ConnectionTimeout
        | StreamCondition::InternalServerError
        | StreamCondition::RemoteConnectionFailed
        | StreamCondition::Reset
        | StreamCondition::ResourceConstraint
        | StreamCondition::SystemShutdown => {
            "the server has trouble of its own: try again later, and look at its logs".to_owned()
        }
        _ => "the server's logs may say more".to_owned(),
    }
}

/// About a stream that the server did not open.
pub(super) fn of_stream(problem: &StreamProblem, goal: Goal<'_>) -> Told {
    let code = match problem {
        StreamProblem::TimedOut => Code::TimedOut,
        _ => Code::Failed,
    };
    let remedy = match problem {
        StreamProblem::Ended { error, from } => ended(error.condition, goal, from.as_deref()),
        StreamProblem::Moved(_) => "use the address that the server points to".to_owned(),
        StreamProblem::TimedOut => {
            "the server took the connection and does not speak: it may be overloaded, or not XMPP"
                .to_owned()
        }
        StreamProblem::Closed | StreamProblem::Broken(_) => {
            "the server hangs up: look at its logs; too many connections is a usual reason"
                .to_owned()
        }
        _ => "what answers is not XMPP: check the address".to_owned(),
    };
    Told {
        code,
        what: with_causes(problem),
        remedy,
    }
}

/// The whole story of an error in one line, without repetition.
pub(super) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if more.starts_with(&text) {
            text = more;
        } else if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
