//! Requests on one session: their rate, and the client's time for each.

use super::effort::{self, Effort};
use super::logins::figure;
use super::{BoxError, Client, Place, Session, explain, open};
use crate::process;
use crate::statistics::median;
use crate::table::Table;
use std::time::Instant;

/// The results of one client's turns.
#[derive(Debug, Default)]
struct Record {
    /// Requests a second.
    rates: Vec<f64>,
    /// Microseconds of the client's thread for a request.
    costs: Vec<f64>,
    failure: Option<String>,
}

/// Pings the server over one session of each client, in turns, with so many requests on the way;
/// returns the table. The runtime must have one thread, the caller's: that is whose time counts.
pub async fn measure(
    clients: &mut [Box<dyn Client>],
    place: Place,
    outstanding: usize,
    effort: Effort,
) -> Option<String> {
    let mut names = Vec::new();
    let mut sessions = Vec::new();
    let mut records = Vec::new();
    for client in clients {
        if !client.can_use(place.channel) || client.is_variant() {
            continue;
        }
        let mut record = Record::default();
        let session = match start(client.as_mut(), place).await {
            Ok(session) => Some(session),
            Err(error) => {
                record.failure = Some(explain(&error));
                None
            }
        };
        names.push(client.name());
        sessions.push(session);
        records.push(record);
    }
    if names.is_empty() {
        return None;
    }
    for _ in 0..effort.rounds {
        for (session, record) in sessions.iter_mut().zip(&mut records) {
            let Some(online) = session else { continue };
            if let Err(error) = turn(online.as_mut(), outstanding, effort, record).await {
                record.failure = Some(explain(&error));
                // A session that stalls does not end, and tokio-xmpp panics when it is dropped all
                // the same.
                std::mem::forget(session.take());
            }
        }
    }
    for session in sessions.into_iter().flatten() {
        session.close().await;
    }
    Some(report(place, outstanding, &names, &records))
}

async fn start(client: &mut dyn Client, place: Place) -> Result<Box<dyn Session>, BoxError> {
    client.prepare(place).await?;
    Ok(open(client, place).await?.0)
}

async fn turn(
    session: &mut dyn Session,
    outstanding: usize,
    effort: Effort,
    record: &mut Record,
) -> Result<(), BoxError> {
    let worked = process::thread_time()?;
    let started = Instant::now();
    // More requests where they overlap, so that each turn takes long enough to be measured.
    let requests = effort.requests * outstanding;
    let pings = session.ping(requests, outstanding);
    match tokio::time::timeout(effort::REQUESTS, pings).await {
        Ok(answered) => answered?,
        Err(_) => return Err(format!("stalled for {} s", effort::REQUESTS.as_secs()).into()),
    }
    let elapsed = started.elapsed();
    let work = process::thread_time()?.saturating_sub(worked);
    let count = requests as f64;
    record.rates.push(count / elapsed.as_secs_f64());
    record.costs.push(work.as_secs_f64() * 1e6 / count);
    Ok(())
}

fn report(place: Place, outstanding: usize, names: &[&str], records: &[Record]) -> String {
    let title = format!("{place}, {outstanding} on the way");
    let mut table = Table::new(&[&title, "requests/s", "ratio", "client us", "ratio"]);
    let first = records.first();
    let unit = first.and_then(|record| median(&record.rates));
    let unit_cost = first.and_then(|record| median(&record.costs));
    let mut failures = String::new();
    for (name, record) in names.iter().zip(records) {
        if let Some(failure) = &record.failure {
            failures += &format!("{name}: {failure}\n");
        }
        let (rate, cost) = (median(&record.rates), median(&record.costs));
        let ratio = |value: Option<f64>, unit: Option<f64>| {
            figure(value.zip(unit).map(|(value, unit)| value / unit), 2)
        };
        table.row([
            (*name).to_owned(),
            figure(rate, 0),
            ratio(rate, unit),
            figure(cost, 1),
            ratio(cost, unit_cost),
        ]);
    }
    format!("{table}{failures}")
}
