//! Examining one XMPP server.

use super::examination::Examination;
use super::finding::{Finding, Step};
use super::offer::{self, Channel};
use super::route::{Route, steps};
use super::target::ExamTarget;
use super::{ExamOptions, clock, login, remedy};
use mfly_client::probe::{hang_up, stream_offer};
use mfly_transport::{
    Address, Connection, Options, Progress, Proxy, Scheme, Tls, TransportError, connect_observed,
};
use serde_json::json;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How long a goodbye may take: nothing depends on it.
const GOODBYE: Duration = Duration::from_secs(1);

/// Goes the whole way to an address. `of` is the domain that led there, if one did.
pub(super) async fn examine(
    address: &Address,
    exam_options: &ExamOptions,
    of: Option<&str>,
    examination: &mut Examination<'_>,
) {
    examination.begin(&address.to_string());
    let account = exam_options.account.as_ref();
    let named =
        exam_options.domain.as_deref().or(of).or_else(|| account.map(|(jid, _)| jid.domain()));
    let domain = named.unwrap_or_else(|| served_at(address));
    let options = Options { domain: Some(domain.to_owned()), ..exam_options.options.clone() };
    let exam_target = ExamTarget {
        host: address.host(),
        domain,
        scheme: Some(address.scheme()),
        proxy: exam_options.options.proxy.as_ref().map(Proxy::host),
    };
    let mut route = Route::new(examination, exam_target, plan(address, exam_options));
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
    let has_stream =
        open(&mut connection, exam_target, named, &channel, exam_options, &mut route).await;
    hang_up(connection, GOODBYE).await;
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
            for finding in login::try_out(address, &options, account, exam_options).await {
                route.record(finding);
            }
            route.skip_rest("login failed");
        }
        None => route.skip_rest("only HTTP tells the time to strangers; --jid logs in and asks"),
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
fn plan(address: &Address, exam_options: &ExamOptions) -> Vec<Step> {
    let is_websocket = is_websocket(address);
    let is_tls = address.scheme() != Scheme::Ws;
    let mut steps = steps(Some(address.scheme()), is_tls, exam_options.options.proxy.is_some());
    if is_websocket {
        steps.push(Step::Clock);
    }
    steps.extend([Step::Features, Step::Mechanisms]);
    if is_tls {
        steps.push(Step::Resumption);
    }
    if exam_options.account.is_some() {
        steps.push(Step::Login);
    }
    if !is_websocket {
        steps.push(Step::Clock);
    }
    steps
}

/// Opens the stream and looks at what is offered. Whether there is a stream.
async fn open(
    connection: &mut Connection,
    exam_target: ExamTarget<'_>,
    named: Option<&str>,
    channel: &Channel,
    exam_options: &ExamOptions,
    route: &mut Route<'_, '_>,
) -> bool {
    let offered = stream_offer(connection, exam_target.domain, exam_options.limit).await;
    let took = route.since();
    match offered {
        Ok(offered) => {
            route.record(offer::features(&offered, named, channel).took(took));
            route.record(offer::mechanisms(&offered.features, channel));
            true
        }
        Err(problem) => {
            let told = remedy::of_stream(&problem, exam_target);
            let finding = Finding::failed(Step::Features, told.code, told.what, told.remedy);
            route.record(finding.took(took));
            false
        }
    }
}

/// The certificates of a server whose certificate was the trouble.
async fn show(address: &Address, options: &Options, error: &TransportError) -> Vec<Vec<u8>> {
    if error.certificate_problem().is_none() {
        return Vec::new();
    }
    let (tls, captured) = Tls::capture_only();
    let options = Options { tls, ..options.clone() };
    // It cannot come about: nothing is trusted on it.
    let _ = connect_observed(address, &options, &mut |_| {}).await;
    captured.certificates()
}

/// Connects once more, to see whether that is cheaper. `before` is how long the first TLS handshake
/// took.
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
            let what = format!("a second connection failed: {}", remedy::with_causes(error));
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
        hang_up(connection, GOODBYE).await;
    }
    finding.took(took)
}
