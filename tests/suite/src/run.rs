//! Runs the suite against a server.

use crate::certificate::Certificate;
use crate::check::{Check, Setting};
use crate::checks;
use crate::env::CheckEnv;
use crate::failure::Failure;
use crate::framing::Framing;
use crate::report::{Outcome, Report, Row};
use crate::server::Server;
use futures_util::future::join_all;
use std::time::{Duration, Instant};

/// Longest time of one check. Each wait inside is bounded, too; this bounds their sum.
const CHECK: Duration = Duration::from_secs(40);

/// Every check over these framings of the server. Framings run side by side, the checks of one
/// framing one after the other; then those with other certificates, and at last those that restart
/// the server.
pub async fn run(server: &dyn Server, framings: &[Framing]) -> Report {
    let checks = checks::all();
    let shared = |check: &Check| check.setting == Setting::Shared;
    let mut rows = run_over_all(server, framings, &checks, shared).await;
    for kind in Certificate::BAD {
        let showing = |check: &Check| check.setting == Setting::Showing(kind);
        let other = if framings.iter().any(|framing| framing.has_certificate()) {
            server.with_certificate(kind).await
        } else {
            Err(Failure::new("nothing shows a certificate"))
        };
        rows.extend(match other {
            Ok(other) => run_over_all(&*other, framings, &checks, showing).await,
            Err(failure) => failed(framings, &checks, showing, &failure),
        });
    }
    for &framing in framings {
        for (number, check) in numbered(&checks, |check| check.setting == Setting::Alone) {
            rows.push(run_one(server, framing, number, check).await);
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
    framings: &[Framing],
    checks: &[Check],
    which: impl Fn(&Check) -> bool,
) -> Vec<Row> {
    let over = async |framing| {
        let mut rows = Vec::new();
        for (number, check) in numbered(checks, &which) {
            rows.push(run_one(server, framing, number, check).await);
        }
        rows
    };
    let rows = join_all(framings.iter().copied().map(over)).await;
    rows.into_iter().flatten().collect()
}

async fn run_one(server: &dyn Server, framing: Framing, number: usize, check: &Check) -> Row {
    let started = Instant::now();
    let outcome = match check.does_not_apply(framing) {
        Some(why) => Outcome::DoesNotApply(why),
        None => {
            let env = CheckEnv::new(server, framing, number);
            let tried = tokio::time::timeout(CHECK, (check.body)(&env)).await;
            let tried =
                tried.unwrap_or_else(|_| Err(Failure::new(format!("not done within {CHECK:?}"))));
            let lacks = check.need.and_then(|need| server.lacks(framing, need));
            match (tried, lacks) {
                (Ok(()), None) => Outcome::Passed(env.notes()),
                (Err(failure), None) => Outcome::Failed(failure.to_string()),
                (Err(failure), Some(why)) => Outcome::Lacks { why, seen: failure.to_string() },
                (Ok(()), Some(why)) => Outcome::Failed(format!("passes although: {why}")),
            }
        }
    };
    Row { check: check.name, number, framing, outcome, took: started.elapsed() }
}

/// The rows of checks whose server did not come up.
fn failed(
    framings: &[Framing],
    checks: &[Check],
    which: impl Fn(&Check) -> bool,
    failure: &Failure,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for &framing in framings {
        for (number, check) in numbered(checks, &which) {
            let outcome = match check.does_not_apply(framing) {
                Some(why) => Outcome::DoesNotApply(why),
                None => Outcome::Failed(failure.to_string()),
            };
            rows.push(Row { check: check.name, number, framing, outcome, took: Duration::ZERO });
        }
    }
    rows
}
