//! Examining a domain: every server that its SRV records name.

use super::examination::Examination;
use super::finding::{Finding, Step};
use super::options::{ExamOptions, ExamTarget};
use super::{remedy, xmpp};
use mfly_transport::srv::{Found, Resolver, Source};
use mfly_transport::{Address, ProxyKind, TransportError};
use serde_json::json;
use std::time::Instant;

/// The port of a domain without SRV records (RFC 6120 §3.2.2).
const FALLBACK_PORT: u16 = 5222;

/// Finds a domain's servers and examines each.
pub(super) async fn examine(domain: &str, exam: &ExamOptions, examination: &mut Examination<'_>) {
    examination.begin(domain);
    let proxy = exam.options.proxy.as_ref();
    let addresses = if proxy.is_some_and(|proxy| proxy.kind() == ProxyKind::Socks5h) {
        let why = "the proxy looks names up, and cannot be asked for SRV records";
        examination.record(Finding::skipped(Step::Srv, why));
        Address::tcp(domain, FALLBACK_PORT, false).into_iter().collect()
    } else {
        let started = Instant::now();
        let found = look_up(domain, exam).await;
        let took = started.elapsed();
        match found {
            Ok(found) => {
                examination.record(records(domain, &found).took(took));
                found.addresses
            }
            Err(error) => {
                let target = ExamTarget { host: domain, domain, scheme: None, proxy: None };
                let diagnosis = remedy::of(&error, Step::Srv, target, &[]);
                examination.record(Finding::diagnosed(Step::Srv, diagnosis).took(took));
                Vec::new()
            }
        }
    };
    for address in &addresses {
        xmpp::examine(address, exam, Some(domain), examination).await;
    }
}

async fn look_up(domain: &str, exam: &ExamOptions) -> Result<Found, TransportError> {
    let resolver = match exam.name_server {
        Some(server) => Resolver::with_server(server)?,
        None => Resolver::system()?,
    };
    resolver.look_up(domain, exam.limit).await
}

/// The result of the look-up.
fn records(domain: &str, found: &Found) -> Finding {
    let addresses: Vec<_> = found.addresses.iter().map(ToString::to_string).collect();
    let list = addresses.join(", ");
    let (source, what) = match found.source {
        Source::Records => ("records", list),
        Source::NoRecords => ("none", format!("no records, which leaves {list}")),
        Source::NoAnswer => ("no answer", format!("no answer, which leaves {list}")),
        _ => ("address", format!("an IP address has none, which leaves {list}")),
    };
    let result = json!({"source": source, "addresses": addresses});
    let finding = Finding::ok(Step::Srv, what, result);
    match found.source {
        Source::Records if addresses.is_empty() => {
            finding.warn(format!("the records of {domain} name no server that could be tried"))
        }
        Source::NoAnswer => finding.warn(
            "the name servers did not answer: check the network; some routers do not \
             forward SRV records",
        ),
        _ => finding,
    }
}
