//! Diagnoses of failed connections: the cause in one sentence, the remedy in another.

mod secured;
mod stream;

pub(super) use stream::of_stream;

use super::finding::{Diagnosis, Step};
use super::options::ExamTarget;
use crate::exit::Code;
use mfly_transport::{
    CertificateSummary, HandshakeProblem, ProxyError, Scheme, TlsProblem, TransportError,
};
use secured::{certificate, certificate_what, start_tls, tls};
use std::io::{self, ErrorKind};

/// Diagnoses a connection that could not be made. `shown` is the certificate chain of a server
/// whose certificate was not accepted.
pub(super) fn of(
    error: &TransportError,
    step: Step,
    target: ExamTarget<'_>,
    shown: &[CertificateSummary],
) -> Diagnosis {
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
    Diagnosis { code, what, remedy: remedy(error, step, target, shown) }
}

fn remedy(
    error: &TransportError,
    step: Step,
    target: ExamTarget<'_>,
    shown: &[CertificateSummary],
) -> String {
    match error {
        TransportError::Dial { host, .. } if step == Step::Dns => not_found(host),
        TransportError::Dial { host, source, .. } => not_dialled(host, source, target),
        TransportError::Proxy { reason, .. } => proxy(*reason).to_owned(),
        TransportError::StartTls { reason, .. } => start_tls(*reason, target),
        TransportError::Handshake { .. } => websocket(error.handshake_problem()),
        TransportError::Tls { .. } => match error.tls_problem() {
            Some(TlsProblem::Certificate(problem)) => certificate(problem, target, shown),
            problem => tls(problem, target),
        },
        TransportError::TimedOut { .. } | TransportError::Io(_) => silent(step, target),
        TransportError::NoService { domain } => {
            format!("{domain} says in DNS that it has no XMPP: check the domain")
        }
        _ => "correct the address".to_owned(),
    }
}

/// The system's resolver does not tell an unknown name from a name server that does not answer.
fn not_found(host: &str) -> String {
    format!(
        "check the spelling of {host}, whether this machine's name servers know it, and the network"
    )
}

fn not_dialled(host: &str, source: &io::Error, target: ExamTarget<'_>) -> String {
    match source.kind() {
        _ if target.proxy == Some(host) => {
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

/// The remedy for a time-out, or for a connection that the peer closed.
fn silent(step: Step, target: ExamTarget<'_>) -> String {
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
        Step::Tls if target.scheme == Some(Scheme::Xmpps) => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use mfly_proto::stream::StreamCondition;
    use mfly_transport::{Stage, StartTlsError};

    const TARGET: ExamTarget<'_> = ExamTarget {
        host: "a.example",
        domain: "b.example",
        scheme: Some(Scheme::Xmpps),
        proxy: Some("p.example"),
    };

    fn dial(host: &str, source: io::Error) -> TransportError {
        TransportError::Dial { host: host.to_owned(), port: 443, source }
    }

    #[test]
    fn each_failure_has_its_remedy_and_its_exit_code() {
        let refused = || io::Error::from(ErrorKind::ConnectionRefused);
        let unreachable = io::Error::from(ErrorKind::NetworkUnreachable);
        let tls = |source| TransportError::Tls { peer: "a.example".to_owned(), source };
        let alert = |alert| tls(rustls::Error::AlertReceived(alert));
        let late = |stage| TransportError::TimedOut { stage };
        let none = TransportError::NoService { domain: "b.example".to_owned() };
        let ended = TransportError::StartTls {
            peer: "b.example".to_owned(),
            reason: StartTlsError::Ended(StreamCondition::HostUnknown),
        };
        for (error, step, code, expected) in [
            (
                dial("a.example", io::Error::other("not known")),
                Step::Dns,
                Code::Unreachable,
                "spelling of a.example",
            ),
            (dial("a.example", refused()), Step::Tcp, Code::Unreachable, "nothing listens"),
            (dial("127.0.0.1", refused()), Step::Tcp, Code::Unreachable, "mfly serve"),
            (dial("p.example", refused()), Step::Tcp, Code::Unreachable, "--proxy"),
            (dial("a.example", unreachable), Step::Tcp, Code::Unreachable, "VPN"),
            (late(Stage::Dial), Step::Tcp, Code::TimedOut, "firewall"),
            (late(Stage::Dial), Step::Proxy, Code::TimedOut, "proxy"),
            (none, Step::Srv, Code::Unreachable, "has no XMPP"),
            (ended, Step::StartTls, Code::Failed, "does not serve b.example"),
            (
                alert(rustls::AlertDescription::UnrecognisedName),
                Step::Tls,
                Code::Failed,
                "--domain",
            ),
            (alert(rustls::AlertDescription::ProtocolVersion), Step::Tls, Code::Failed, "TLS 1.3"),
        ] {
            let diagnosis = of(&error, step, TARGET, &[]);
            assert_eq!(diagnosis.code, code, "{error}");
            let remedy = diagnosis.remedy;
            assert!(remedy.contains(expected), "{error}: {remedy}");
        }
    }
}
