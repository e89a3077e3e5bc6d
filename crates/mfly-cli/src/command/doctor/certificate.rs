//! The step `certificate`: the server's certificate and those of its authorities.

use super::finding::{Finding, Step};
use mfly_proto::date_time::DateTime;
use mfly_transport::CertificateSummary;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// A certificate that is valid for fewer days is a warning.
const ENOUGH_DAYS: i64 = 14;

/// The number of names that people are shown.
const SHOWN_NAMES: usize = 8;

/// The finding for a chain that was accepted; the server's own certificate comes first.
pub(super) fn accepted(chain: &[CertificateSummary]) -> Finding {
    accepted_at(SystemTime::now(), chain)
}

fn accepted_at(now: SystemTime, chain: &[CertificateSummary]) -> Finding {
    let Some(own) = chain.first() else {
        let what = "accepted, but it cannot be read here";
        return Finding::ok(Step::Certificate, what, json!({"chain": []}));
    };
    // The chain is valid only as long as every certificate in it.
    let days = chain.iter().map(|one| days_left(now, one)).min();
    let days = days.unwrap_or_default();
    let what = format!("{}, {} left", name_of(own), counted(days));
    let result = json!({"chain": self::result(chain), "daysLeft": days});
    let finding = Finding::ok(Step::Certificate, what, result).details(lines(chain));
    if days < ENOUGH_DAYS {
        return finding.warn("it is about to expire: the server's operator has to renew it");
    }
    finding
}

/// The lines about a chain for people.
pub(super) fn lines(chain: &[CertificateSummary]) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, one) in chain.iter().enumerate() {
        let issuer = match &one.issuer {
            issuer if *issuer == one.subject => "itself",
            Some(issuer) => issuer,
            None => "an authority without a name",
        };
        let (from, to) = (date(one.not_before), date(one.not_after));
        lines.push(format!("{}, issued by {issuer}, valid {from} to {to}", name_of(one)));
        if number == 0 && !one.names.is_empty() {
            let mut names = one.names.iter().take(SHOWN_NAMES).cloned().collect::<Vec<_>>();
            let more = one.names.len().saturating_sub(SHOWN_NAMES);
            if more > 0 {
                names.push(format!("and {more} more"));
            }
            lines.push(format!("for {}", names.join(", ")));
        }
    }
    lines
}

/// The result about a chain for programs.
pub(super) fn result(chain: &[CertificateSummary]) -> Vec<Value> {
    let moment = |time| moment(time).map(|moment| moment.to_string());
    let chain = chain.iter().map(|one| {
        json!({
            "subject": one.subject,
            "issuer": one.issuer,
            "names": one.names,
            "notBefore": moment(one.not_before),
            "notAfter": moment(one.not_after),
        })
    });
    chain.collect()
}

/// A name for people.
fn name_of(certificate: &CertificateSummary) -> &str {
    let subject = certificate.subject.as_deref();
    let name = subject.or_else(|| certificate.names.first().map(String::as_str));
    name.unwrap_or("a certificate without a name")
}

/// Whole days until it expires; negative when it has.
fn days_left(now: SystemTime, certificate: &CertificateSummary) -> i64 {
    let seconds = match certificate.not_after.duration_since(now) {
        Ok(left) => i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        Err(past) => i64::try_from(past.duration().as_secs()).map_or(i64::MIN, |past| -past),
    };
    seconds.div_euclid(24 * 60 * 60)
}

fn counted(days: i64) -> String {
    match days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// The day, in UTC.
fn date(time: SystemTime) -> String {
    let moment = moment(time).map(|moment| moment.to_string());
    let day = moment.as_deref().and_then(|moment| moment.split('T').next());
    day.unwrap_or("an unknown day").to_owned()
}

fn moment(time: SystemTime) -> Option<DateTime> {
    let millis = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).ok()?,
        Err(before) => -i64::try_from(before.duration().as_millis()).ok()?,
    };
    DateTime::from_unix_millis(millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::finding::Status;
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
    use std::time::Duration;

    /// A certificate that is valid from the start of 2024 to the start of 2025.
    fn certificate(names: &[&str]) -> CertificateSummary {
        let names = names.iter().map(|name| (*name).to_owned());
        let mut params = CertificateParams::new(names.collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "A Server");
        params.not_before = date_time_ymd(2024, 1, 1);
        params.not_after = date_time_ymd(2025, 1, 1);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        CertificateSummary::of(certificate.der()).unwrap()
    }

    fn before_the_end(days: u64) -> SystemTime {
        // The start of 2025.
        UNIX_EPOCH + Duration::from_secs(1_735_689_600 - days * 86_400)
    }

    #[test]
    fn a_certificate_that_is_about_to_expire_is_a_warning() {
        let chain = [certificate(&["a.example"])];
        for (days, expected, is_warning) in [
            (61, "A Server, 61 days left", false),
            (14, "A Server, 14 days left", false),
            (13, "A Server, 13 days left", true),
            (1, "A Server, 1 day left", true),
        ] {
            let finding = accepted_at(before_the_end(days), &chain);
            assert_eq!(finding.what, expected);
            assert_eq!(finding.status == Status::Warning, is_warning, "{days}");
            assert_eq!(finding.result["daysLeft"], days);
        }
    }

    #[test]
    fn a_chain_is_shown_to_people_and_programs() {
        let names = ["1.example", "2.example", "3.example", "4.example", "5.example"];
        let many = [&names[..], &["6.example", "7.example", "8.example", "9.example"]].concat();
        let chain = [certificate(&many), certificate(&[])];
        assert_eq!(
            lines(&chain),
            [
                "A Server, issued by itself, valid 2024-01-01 to 2025-01-01",
                "for 1.example, 2.example, 3.example, 4.example, 5.example, 6.example, 7.example, \
                 8.example, and 1 more",
                "A Server, issued by itself, valid 2024-01-01 to 2025-01-01",
            ]
        );
        assert_eq!(
            result(&chain)[1],
            json!({
                "subject": "A Server",
                "issuer": "A Server",
                "names": [],
                "notBefore": "2024-01-01T00:00:00Z",
                "notAfter": "2025-01-01T00:00:00Z",
            })
        );
    }
}
