//! Runs the suite against a server.

use crate::certificate::Certificate;
use crate::check::{Check, Instance};
use crate::checks;
use crate::env::CheckEnv;
use crate::failure::Failure;
use crate::report::{Outcome, Report, Row};
use crate::server::Server;
use crate::transport::Transport;
use futures_util::future::join_all;
use std::time::{Duration, Instant};

/// Longest time of one check. It bounds the sum of the waits, each of which has a deadline.
const CHECK_TIMEOUT: Duration = Duration::from_secs(40);

/// Runs every check over these transports of the server. Transports run side by side, the checks of
/// one transport in turn; then the checks with other certificates, and last those that restart the
/// server.
pub async fn run(server: &dyn Server, transports: &[Transport]) -> Report {
    let checks = checks::all();
    let shared = |check: &Check| check.instance == Instance::Shared;
    let mut rows = run_over_all(server, transports, &checks, shared).await;
    for kind in Certificate::BAD {
        let is_for_it = |check: &Check| check.instance == Instance::WithCertificate(kind);
        let other = if transports.iter().any(|transport| transport.has_certificate()) {
            server.with_certificate(kind).await
        } else {
            Err(Failure::new("no transport has a certificate"))
        };
        rows.extend(match other {
            Ok(other) => run_over_all(&*other, transports, &checks, is_for_it).await,
            Err(failure) => failed(transports, &checks, is_for_it, &failure),
        });
    }
    for &transport in transports {
        for (number, check) in numbered(&checks, |check| check.instance == Instance::Exclusive) {
            rows.push(run_one(server, transport, number, check).await);
        }
    }
    Report::new(server.name(), rows)
}

fn numbered(
    checks: &[Check],
    which: impl Fn(&Check) -> bool,
) -> impl Iterator<Item = (usize, &Check)> {
    checks.iter().enumerate().filter(move |(_, check)| which(check))
}

async fn run_over_all(
    server: &dyn Server,
    transports: &[Transport],
    checks: &[Check],
    which: impl Fn(&Check) -> bool,
) -> Vec<Row> {
    let over = async |transport| {
        let mut rows = Vec::new();
        for (number, check) in numbered(checks, &which) {
            rows.push(run_one(server, transport, number, check).await);
        }
        rows
    };
    let rows = join_all(transports.iter().copied().map(over)).await;
    rows.into_iter().flatten().collect()
}

async fn run_one(server: &dyn Server, transport: Transport, number: usize, check: &Check) -> Row {
    let started = Instant::now();
    let outcome = match check.does_not_apply(transport) {
        Some(why) => Outcome::DoesNotApply(why),
        None => {
            let env = CheckEnv::new(server, transport, number);
            let tried = tokio::time::timeout(CHECK_TIMEOUT, (check.body)(&env)).await;
            let tried = tried.unwrap_or_else(|_| {
                Err(Failure::new(format!("not done within {CHECK_TIMEOUT:?}")))
            });
            let lacks = check.capability.and_then(|capability| server.lacks(transport, capability));
            match (tried, lacks) {
                (Ok(()), None) => Outcome::Passed(env.notes()),
                (Err(failure), None) => Outcome::Failed(failure.to_string()),
                (Err(failure), Some(why)) => Outcome::Lacks { why, seen: failure.to_string() },
                (Ok(()), Some(why)) => Outcome::Failed(format!("passes although: {why}")),
            }
        }
    };
    Row { check: check.name, number, transport, outcome, took: started.elapsed() }
}

/// The rows of checks whose server did not start.
fn failed(
    transports: &[Transport],
    checks: &[Check],
    which: impl Fn(&Check) -> bool,
    failure: &Failure,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for &transport in transports {
        for (number, check) in numbered(checks, &which) {
            let outcome = match check.does_not_apply(transport) {
                Some(why) => Outcome::DoesNotApply(why),
                None => Outcome::Failed(failure.to_string()),
            };
            rows.push(Row { check: check.name, number, transport, outcome, took: Duration::ZERO });
        }
    }
    rows
}
