//! Examining one XMPP server.

use super::examination::Examination;
use super::finding::{Finding, Step};
use super::offer::{self, Channel};
use super::options::{ExamOptions, ExamTarget};
use super::route::{Route, steps};
use super::{clock, login, remedy};
use crate::exit::with_causes;
use mfly_client::probe::{hang_up, stream_offer};
use mfly_transport::{
    Address, Connection, Options, Progress, Proxy, Scheme, Tls, TransportError, connect_observed,
};
use serde_json::json;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// The time-out for closing a connection. Nothing depends on it.
const CLOSING: Duration = Duration::from_secs(1);

/// Takes every step of a connection to an address. `of` is the domain whose SRV records name it.
pub(super) async fn examine(
    address: &Address,
    exam: &ExamOptions,
    of: Option<&str>,
    examination: &mut Examination<'_>,
) {
    examination.begin(&address.to_string());
    let account = exam.account.as_ref();
    let named = exam.domain.as_deref().or(of).or_else(|| account.map(|(jid, _)| jid.domain()));
    let domain = named.unwrap_or_else(|| served_at(address));
    let options = Options { domain: Some(domain.to_owned()), ..exam.options.clone() };
    let target = ExamTarget {
        host: address.host(),
        domain,
        scheme: Some(address.scheme()),
        proxy: exam.options.proxy.as_ref().map(Proxy::host),
    };
    let mut route = Route::new(examination, target, plan(address, exam));
    let connecting = connect_observed(address, &options, &mut |step| route.on(step)).await;
    let mut connection = match connecting {
        Ok(connection) => connection,
        Err(error) => {
            let shown = show(address, &options, &error).await;
            return route.fail(&error, &shown);
        }
    };
    if is_websocket(address) {
        let clock = clock::by_http(route.date.as_ref());
        route.record(clock);
    }
    let channel = Channel {
        is_encrypted: connection.security().is_some(),
        is_local: address.is_loopback(),
        bindings: connection.channel_bindings(),
    };
    let has_stream = open(&mut connection, target, named, &channel, exam, &mut route).await;
    hang_up(connection, CLOSING).await;
    if !has_stream {
        return route.skip_rest("features failed");
    }
    if channel.is_encrypted {
        let resumption = again(address, &options, route.handshake).await;
        route.record(resumption);
    }
    match account {
        Some(_) if !channel.is_encrypted && !channel.is_local => {
            route.skip_rest("not in clear text");
        }
        Some(account) => {
            for finding in login::try_out(address, &options, account, exam).await {
                route.record(finding);
            }
            route.skip_rest("login failed");
        }
        None => route.skip_rest("only HTTP tells the time without a login; use --jid"),
    }
}

/// The domain that is probably served at an address: IP addresses are no domains, and a server of
/// this machine serves `localhost` unless it is told otherwise.
fn served_at(address: &Address) -> &str {
    let is_ip = address.host().parse::<IpAddr>().is_ok();
    if is_ip && address.is_loopback() {
        return "localhost";
    }
    address.host()
}

fn is_websocket(address: &Address) -> bool {
    matches!(address.scheme(), Scheme::Wss | Scheme::Ws)
}

/// All steps, in order.
fn plan(address: &Address, exam: &ExamOptions) -> Vec<Step> {
    let is_websocket = is_websocket(address);
    let is_tls = address.scheme() != Scheme::Ws;
    let mut steps = steps(Some(address.scheme()), is_tls, exam.options.proxy.is_some());
    if is_websocket {
        steps.push(Step::Clock);
    }
    steps.extend([Step::Features, Step::Mechanisms]);
    if is_tls {
        steps.push(Step::Resumption);
    }
    if exam.account.is_some() {
        steps.push(Step::Login);
    }
    if !is_websocket {
        steps.push(Step::Clock);
    }
    steps
}

/// Opens the stream and records the offered features. Returns whether there is a stream.
async fn open(
    connection: &mut Connection,
    target: ExamTarget<'_>,
    named: Option<&str>,
    channel: &Channel,
    exam: &ExamOptions,
    route: &mut Route<'_, '_>,
) -> bool {
    let offered = stream_offer(connection, target.domain, exam.limit).await;
    let took = route.since();
    match offered {
        Ok(offered) => {
            route.record(offer::features(&offered, named, channel).took(took));
            route.record(offer::mechanisms(&offered.features, channel));
            true
        }
        Err(problem) => {
            let diagnosis = remedy::of_stream(&problem, target);
            route.record(Finding::diagnosed(Step::Features, diagnosis).took(took));
            false
        }
    }
}

/// The certificates of a server whose certificate was not accepted.
async fn show(address: &Address, options: &Options, error: &TransportError) -> Vec<Vec<u8>> {
    if error.certificate_problem().is_none() {
        return Vec::new();
    }
    let (tls, captured) = Tls::capture_only();
    let options = Options { tls, ..options.clone() };
    // The connection cannot be made, because nothing is trusted on it.
    let _ = connect_observed(address, &options, &mut |_| {}).await;
    captured.certificates()
}

/// Connects a second time, to see whether TLS is resumed. `before` is the duration of the first
/// handshake.
async fn again(address: &Address, options: &Options, before: Option<Duration>) -> Finding {
    let mut seen = None;
    let started = Instant::now();
    let mut report = |step| {
        if let Progress::Secured { security, took } = step {
            seen = Some((security.resumed, took));
        }
    };
    let connection = connect_observed(address, options, &mut report).await;
    let took = started.elapsed();
    let finding = match (&connection, seen) {
        (Err(error), _) => {
            let what = format!("a second connection failed: {}", with_causes(error));
            let finding = Finding::ok(Step::Resumption, what, json!(null));
            finding.warn("the server may allow one connection at a time, or few in a short time")
        }
        (Ok(_), Some((true, now))) => {
            let before = before.unwrap_or_default();
            let ms = crate::output::milliseconds;
            let what = format!("TLS in {:.1} ms instead of {:.1} ms", ms(now), ms(before));
            Finding::ok(Step::Resumption, what, json!({"resumed": true}))
        }
        (Ok(_), _) => {
            let what = "none: a second connection has to begin anew";
            Finding::ok(Step::Resumption, what, json!({"resumed": false}))
        }
    };
    if let Ok(connection) = connection {
        hang_up(connection, CLOSING).await;
    }
    finding.took(took)
}
