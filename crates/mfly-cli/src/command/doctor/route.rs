//! The steps of making a connection, from what the transport reports.

use super::examination::Examination;
use super::finding::{Finding, Step};
use super::options::ExamTarget;
use super::{certificate, remedy};
use mfly_transport::{CertificateSummary, Progress, Scheme, Security, Stage, TransportError};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

/// A connection that is being made.
pub(super) struct Route<'e, 'o> {
    examination: &'e mut Examination<'o>,
    target: ExamTarget<'e>,
    /// The steps that are still to come.
    pending: Vec<Step>,
    /// When the present step began.
    since: Instant,
    resolved: Vec<String>,
    is_dialled: bool,
    unreachable: Vec<(SocketAddr, String)>,
    /// The server's clock as HTTP tells it, and when it did.
    pub(super) date: Option<(String, SystemTime)>,
    /// How long the TLS handshake took.
    pub(super) handshake: Option<Duration>,
}

impl<'e, 'o> Route<'e, 'o> {
    pub(super) fn new(
        examination: &'e mut Examination<'o>,
        target: ExamTarget<'e>,
        steps: Vec<Step>,
    ) -> Self {
        Self {
            examination,
            target,
            pending: steps,
            since: Instant::now(),
            resolved: Vec::new(),
            is_dialled: false,
            unreachable: Vec::new(),
            date: None,
            handshake: None,
        }
    }

    /// Records a step that the transport reports.
    pub(super) fn on(&mut self, progress: Progress) {
        match progress {
            Progress::Resolved { host, addresses, took } => {
                let finding = resolved(&host, &addresses, self.target.proxy);
                self.resolved.push(host);
                self.record(finding.took(took));
            }
            Progress::Unreachable { peer, reason, .. } => self.unreachable.push((peer, reason)),
            Progress::Dialled { peer, took } => {
                self.is_dialled = true;
                let finding = self.dialled(peer);
                self.record(finding.took(took));
            }
            Progress::Proxied { proxy, took } => {
                let what = format!("connected by {proxy}");
                let finding = Finding::ok(Step::Proxy, what, json!({"proxy": proxy}));
                self.record(finding.took(took));
            }
            Progress::StartTlsNegotiated { took } => {
                let what = "offered, and the server is ready for TLS";
                self.record(Finding::ok(Step::StartTls, what, json!({})).took(took));
            }
            Progress::Secured { security, took } => {
                self.handshake = Some(took);
                self.record(secured(&security).took(took));
                self.record(certificate::accepted(&chain(&security.certificates)));
            }
            Progress::Upgraded { status, date, took } => {
                let date = date.map(|date| (date, SystemTime::now()));
                self.date = date;
                let what = format!("HTTP {status}, the server speaks XMPP");
                let finding = Finding::ok(Step::WebSocket, what, json!({"status": status}));
                self.record(finding.took(took));
            }
            _ => {}
        }
    }

    /// Records a step, and removes it from those that are still to come.
    pub(super) fn record(&mut self, finding: Finding) {
        self.pending.retain(|step| *step != finding.step);
        self.examination.record(finding);
        self.since = Instant::now();
    }

    /// How long the present step has been taking.
    pub(super) fn since(&self) -> Duration {
        self.since.elapsed()
    }

    /// Records which step failed, and that the later ones were not tried. `shown` holds the
    /// certificates of a server whose certificate was not accepted.
    pub(super) fn fail(&mut self, error: &TransportError, shown: &[Vec<u8>]) {
        let step = self.step_of(error);
        let chain = chain(shown);
        let diagnosis = remedy::of(error, step, self.target, &chain);
        let mut finding = Finding::diagnosed(step, diagnosis);
        if step == Step::Tcp {
            finding.result = json!({"unreachable": self.unreachable()});
            if self.unreachable.len() > 1 {
                finding = finding.details(self.unreachable_lines());
            }
        }
        if !chain.is_empty() {
            finding.result = json!({"chain": certificate::result(&chain)});
            finding = finding.details(certificate::lines(&chain));
        }
        let took = self.since();
        self.record(finding.took(took));
        self.skip_rest(&format!("{} failed", step.name()));
    }

    /// Records that the remaining steps were not tried.
    pub(super) fn skip_rest(&mut self, why: &str) {
        for step in std::mem::take(&mut self.pending) {
            self.examination.record(Finding::skipped(step, why));
        }
    }

    fn step_of(&self, error: &TransportError) -> Step {
        let next = self.pending.first().copied().unwrap_or(Step::Tcp);
        match error {
            TransportError::Dial { host, .. } if self.resolved.contains(host) => Step::Tcp,
            TransportError::Dial { .. } => Step::Dns,
            TransportError::Proxy { .. } => Step::Proxy,
            TransportError::StartTls { .. } => Step::StartTls,
            TransportError::Tls { .. } => Step::Tls,
            TransportError::Handshake { .. } => Step::WebSocket,
            TransportError::TimedOut { stage } => match stage {
                Stage::Dial if self.resolved.is_empty() => Step::Dns,
                Stage::Dial if self.is_dialled => Step::Proxy,
                Stage::Dial => Step::Tcp,
                Stage::StartTls => Step::StartTls,
                Stage::Tls => Step::Tls,
                Stage::Handshake => Step::WebSocket,
                _ => next,
            },
            _ => next,
        }
    }

    fn dialled(&self, peer: SocketAddr) -> Finding {
        let result = json!({"peer": peer.to_string(), "unreachable": self.unreachable()});
        let what = match self.target.proxy {
            Some(_) => format!("{peer}, the proxy"),
            None => peer.to_string(),
        };
        let finding = Finding::ok(Step::Tcp, what, result).details(self.unreachable_lines());
        // Within this machine it costs nothing: servers often listen on one of the two addresses.
        if self.unreachable.is_empty() || peer.ip().is_loopback() {
            return finding;
        }
        let remedy = "other addresses of the host do not answer, which delays connections: its \
                      operator should mend them or take them out of DNS";
        finding.warn(remedy)
    }

    fn unreachable_lines(&self) -> Vec<String> {
        let failed = self.unreachable.iter();
        failed.map(|(peer, reason)| format!("{peer}: {reason}")).collect()
    }

    fn unreachable(&self) -> Vec<Value> {
        let failed = self.unreachable.iter();
        failed.map(|(peer, reason)| json!({"peer": peer.to_string(), "reason": reason})).collect()
    }
}

/// The contents of the certificates that can be read.
fn chain(certificates: &[Vec<u8>]) -> Vec<CertificateSummary> {
    let certificates = certificates.iter();
    certificates.filter_map(|der| CertificateSummary::of(der)).collect()
}

fn resolved(host: &str, addresses: &[SocketAddr], proxy: Option<&str>) -> Finding {
    let ips: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
    let whose = match proxy {
        Some(proxy) if proxy == host => "the proxy ",
        _ => "",
    };
    let what = match ips.as_slice() {
        [ip] if ip == host => format!("{whose}{host} is an address"),
        ips => format!("{whose}{host} is {}", ips.join(", ")),
    };
    Finding::ok(Step::Dns, what, json!({"host": host, "addresses": ips}))
}

fn secured(security: &Security) -> Finding {
    let alpn = security.alpn.as_deref().map(String::from_utf8_lossy);
    let named = match &alpn {
        Some(alpn) => format!("ALPN {alpn}"),
        None => "no ALPN".to_owned(),
    };
    let (version, suite) = (security.version, &security.cipher_suite);
    let result = json!({
        "version": version.to_string(),
        "cipherSuite": suite,
        "alpn": alpn,
        "resumed": security.resumed,
    });
    Finding::ok(Step::Tls, format!("{version}, {suite}, {named}"), result)
}

/// The steps of a connection to a server, in order.
pub(super) fn steps(scheme: Option<Scheme>, is_tls: bool, has_proxy: bool) -> Vec<Step> {
    let mut steps = vec![Step::Dns, Step::Tcp];
    if has_proxy {
        steps.push(Step::Proxy);
    }
    if scheme == Some(Scheme::Xmpp) {
        steps.push(Step::StartTls);
    }
    if is_tls {
        steps.extend([Step::Tls, Step::Certificate]);
    }
    if matches!(scheme, Some(Scheme::Wss | Scheme::Ws)) {
        steps.push(Step::WebSocket);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Format, Output};
    use std::io;

    #[test]
    fn an_unreachable_address_of_another_machine_is_a_warning() {
        use crate::command::doctor::finding::Status;
        let mut output = Output::discarding(Format::Json);
        let mut examination = Examination::new(&mut output);
        let target =
            ExamTarget { host: "a.example", domain: "a.example", scheme: None, proxy: None };
        let mut route = Route::new(&mut examination, target, Vec::new());
        let status =
            |route: &Route<'_, '_>, peer: &str| route.dialled(peer.parse().unwrap()).status;
        assert_eq!(status(&route, "192.0.2.1:443"), Status::Ok);
        route.on(Progress::Unreachable {
            peer: "[2001:db8::1]:443".parse().unwrap(),
            reason: "Network is unreachable".to_owned(),
            took: Duration::ZERO,
        });
        assert_eq!(status(&route, "192.0.2.1:443"), Status::Warning);
        assert_eq!(status(&route, "127.0.0.1:443"), Status::Ok);
    }

    #[test]
    fn the_failed_step_follows_from_the_steps_that_were_done() {
        let mut output = Output::discarding(Format::Json);
        let mut examination = Examination::new(&mut output);
        let target = ExamTarget {
            host: "a.example",
            domain: "a.example",
            scheme: Some(Scheme::Wss),
            proxy: None,
        };
        let dial = || TransportError::Dial {
            host: "a.example".to_owned(),
            port: 443,
            source: io::Error::from(io::ErrorKind::ConnectionRefused),
        };
        let late = |stage| TransportError::TimedOut { stage };
        let cut = TransportError::Io(io::ErrorKind::UnexpectedEof.into());
        let took = Duration::ZERO;
        let peer: SocketAddr = "192.0.2.1:443".parse().unwrap();

        let mut route = Route::new(&mut examination, target, steps(target.scheme, true, true));
        assert_eq!(route.step_of(&dial()), Step::Dns);
        assert_eq!(route.step_of(&late(Stage::Dial)), Step::Dns);
        assert_eq!(route.step_of(&cut), Step::Dns);
        route.on(Progress::Resolved { host: "a.example".to_owned(), addresses: vec![peer], took });
        assert_eq!(route.step_of(&dial()), Step::Tcp);
        assert_eq!(route.step_of(&late(Stage::Dial)), Step::Tcp);
        route.on(Progress::Dialled { peer, took });
        assert_eq!(route.step_of(&late(Stage::Dial)), Step::Proxy);
        route.on(Progress::Proxied { proxy: "http://p".to_owned(), took });
        assert_eq!(route.step_of(&late(Stage::Tls)), Step::Tls);
        assert_eq!(route.step_of(&cut), Step::Tls);
        assert_eq!(route.step_of(&late(Stage::Handshake)), Step::WebSocket);
    }
}
