//! Logging in: round trips and time.

use super::effort::Effort;
use super::{BoxError, Client, Place, explain, open};
use crate::flights::Flights;
use crate::proxy::Proxy;
use crate::statistics::{median, percentile};
use crate::table::Table;

/// The results of one client's logins.
#[derive(Debug, Default)]
struct Record {
    flights: Vec<Flights>,
    /// The times over the delayed connection, in its round trips.
    far: Vec<f64>,
    /// The times on loopback, in milliseconds.
    near: Vec<f64>,
    failure: Option<String>,
}

/// Measures every client that can use the channel, in turns, and returns the table.
pub async fn measure(
    clients: &mut [Box<dyn Client>],
    place: Place,
    effort: Effort,
) -> Result<Option<String>, BoxError> {
    let mut able: Vec<&mut Box<dyn Client>> =
        clients.iter_mut().filter(|client| client.can_use(place.channel)).collect();
    if able.is_empty() {
        return Ok(None);
    }
    let mut records: Vec<Record> = able.iter().map(|_| Record::default()).collect();
    far(&mut able, &mut records, place, effort).await?;
    near(&mut able, &mut records, place, effort).await;
    let names: Vec<&str> = able.iter().map(|client| client.name()).collect();
    Ok(Some(report(&place.to_string(), &names, &records)))
}

/// Prepares every client for this place, so that work that is done once does not count.
async fn prepare(clients: &mut [&mut Box<dyn Client>], records: &mut [Record], place: Place) {
    for (client, record) in clients.iter_mut().zip(records) {
        let warm = async {
            client.prepare(place).await?;
            open(client.as_ref(), place).await?.0.close().await;
            Ok::<_, BoxError>(())
        };
        if record.failure.is_none() {
            record.failure = warm.await.err().as_ref().map(explain);
        }
    }
}

/// Measures over the delayed connection, whose proxy counts flights.
async fn far(
    clients: &mut [&mut Box<dyn Client>],
    records: &mut [Record],
    place: Place,
    effort: Effort,
) -> Result<(), BoxError> {
    let proxy = Proxy::start(place.address, effort.delay)?;
    let behind = Place { address: proxy.address(), ..place };
    prepare(clients, records, behind).await;
    let round_trip = 2 * effort.delay;
    for _ in 0..effort.far_rounds {
        for (client, record) in clients.iter().zip(records.iter_mut()) {
            if record.failure.is_some() {
                continue;
            }
            match open(client.as_ref(), behind).await {
                Ok((session, time)) => {
                    record.flights.push(proxy.flights());
                    record.far.push(time.as_secs_f64() / round_trip.as_secs_f64());
                    session.close().await;
                }
                Err(error) => record.failure = Some(explain(&error)),
            }
        }
    }
    Ok(())
}

/// Measures on loopback, without a proxy.
async fn near(
    clients: &mut [&mut Box<dyn Client>],
    records: &mut [Record],
    place: Place,
    effort: Effort,
) {
    prepare(clients, records, place).await;
    for _ in 0..effort.rounds {
        for (client, record) in clients.iter().zip(records.iter_mut()) {
            for _ in 0..effort.logins {
                if record.failure.is_some() {
                    break;
                }
                match open(client.as_ref(), place).await {
                    Ok((session, time)) => {
                        record.near.push(time.as_secs_f64() * 1_000.0);
                        session.close().await;
                    }
                    Err(error) => record.failure = Some(explain(&error)),
                }
            }
        }
    }
}

fn report(title: &str, names: &[&str], records: &[Record]) -> String {
    let mut table = Table::new(&[
        title,
        "round trips",
        "time / RTT",
        "bytes sent",
        "received",
        "ms p50",
        "ms p90",
        "ratio",
    ]);
    let unit = records.first().and_then(|record| median(&record.near));
    let mut failures = String::new();
    for (name, record) in names.iter().zip(records) {
        if let Some(failure) = &record.failure {
            failures += &format!("{name}: {failure}\n");
        }
        let middle = median(&record.near);
        let ratio = middle.zip(unit).map(|(middle, unit)| middle / unit);
        let last = record.flights.last();
        table.row([
            (*name).to_owned(),
            round_trips(&record.flights),
            figure(median(&record.far), 1),
            last.map_or_else(dash, |flights| flights.sent_bytes().to_string()),
            last.map_or_else(dash, |flights| flights.received_bytes().to_string()),
            figure(middle, 2),
            figure(percentile(&record.near, 90), 2),
            figure(ratio, 2),
        ]);
    }
    format!("{table}{failures}")
}

/// One number if all logins agree, as they should; the range if not.
fn round_trips(flights: &[Flights]) -> String {
    let counts = flights.iter().map(Flights::round_trips);
    match (counts.clone().min(), counts.max()) {
        (Some(least), Some(most)) if least < most => format!("{least}-{most}"),
        (Some(count), _) => count.to_string(),
        _ => dash(),
    }
}

/// A figure with so many decimals, or a dash.
pub(super) fn figure(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(dash, |value| format!("{value:.decimals$}"))
}

fn dash() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flights(round_trips: u32) -> Flights {
        let mut flights = Flights::default();
        for _ in 0..round_trips {
            flights.sent(1);
            flights.received(2);
        }
        flights
    }

    #[test]
    fn round_trips_that_differ_are_shown_as_a_range() {
        assert_eq!(round_trips(&[flights(4), flights(4)]), "4");
        assert_eq!(round_trips(&[flights(5), flights(4)]), "4-5");
        assert_eq!(round_trips(&[]), "-");
    }

    #[test]
    fn the_first_client_is_the_unit_of_the_ratios_and_a_failure_is_told_below() {
        let records = [
            Record { flights: vec![flights(2)], far: vec![2.0], near: vec![4.0], failure: None },
            Record { near: vec![6.0], failure: Some("refused".to_owned()), ..Record::default() },
        ];
        let report = report("TCP", &["ours", "theirs"], &records);
        let lines: Vec<Vec<&str>> =
            report.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
        assert_eq!(lines[2][1..9], ["ours", "2", "2.0", "2", "4", "4.00", "4.00", "1.00"]);
        assert_eq!(lines[3][1..9], ["theirs", "-", "-", "-", "-", "6.00", "6.00", "1.50"]);
        assert_eq!(lines[4], ["theirs: refused"]);
    }
}
