//! The names and times of a certificate (RFC 5280), for display only.

use super::der::{
    BMP_STRING, EXPLICIT_0, EXPLICIT_3, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING,
    SEQUENCE, SET, UTC_TIME, read, read_any, read_only,
};
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 2.5.29.17: `subjectAltName` (§4.2.1.6).
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// 2.5.4.3: `commonName`, 2.5.4.11: `organizationalUnitName`, 2.5.4.10: `organizationName`
/// (appendix A.1), the most specific first.
const NAMING: [&[u8]; 3] = [&[0x55, 4, 3], &[0x55, 4, 11], &[0x55, 4, 10]];
/// The tag of `dNSName [2]`.
const DNS_NAME: u8 = 0x82;
/// The tag of `iPAddress [7]`.
const IP_ADDRESS: u8 = 0x87;

/// The names and times of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateSummary {
    /// The common name of the subject, or its unit or organisation.
    pub subject: Option<String>,
    /// The common name of the issuer, or its unit or organisation.
    pub issuer: Option<String>,
    /// The DNS names and IP addresses of the subject.
    pub names: Vec<String>,
    /// The time at which it becomes valid.
    pub not_before: SystemTime,
    /// The time at which it expires.
    pub not_after: SystemTime,
}

impl CertificateSummary {
    /// Reads a certificate in DER; `None` if it is unreadable. Nothing is verified.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Option<Self> {
        let (to_be_signed, _) = read(SEQUENCE, read_only(SEQUENCE, certificate)?)?;
        // version [0], serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
        let (_, rest) = read(EXPLICIT_0, to_be_signed)?;
        let (_, rest) = read(INTEGER, rest)?;
        let (_, rest) = read(SEQUENCE, rest)?;
        let (issuer, rest) = read(SEQUENCE, rest)?;
        let (validity, rest) = read(SEQUENCE, rest)?;
        let (subject, rest) = read(SEQUENCE, rest)?;
        let (_, mut rest) = read(SEQUENCE, rest)?;
        let (not_before, rest_of_validity) = time(validity)?;
        let (not_after, _) = time(rest_of_validity)?;
        let mut summary = Self {
            subject: distinguished_name(subject),
            issuer: distinguished_name(issuer),
            names: Vec::new(),
            not_before,
            not_after,
        };
        // The obsolete unique identifiers may come before the extensions.
        while let Some((tag, content, after)) = read_any(rest) {
            if tag == EXPLICIT_3 {
                summary.names = names(read_only(SEQUENCE, content)?);
                break;
            }
            rest = after;
        }
        Some(summary)
    }
}

/// The most specific attribute of a name:
/// `Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value DirectoryString }`
fn distinguished_name(name: &[u8]) -> Option<String> {
    NAMING.iter().find_map(|kind| attribute(kind, name))
}

fn attribute(kind: &[u8], mut name: &[u8]) -> Option<String> {
    while let Some((mut set, rest)) = read(SET, name) {
        while let Some((attribute, others)) = read(SEQUENCE, set) {
            match read(OBJECT_IDENTIFIER, attribute) {
                Some((found, value)) if found == kind => return text(value),
                _ => set = others,
            }
        }
        name = rest;
    }
    None
}

/// Reads a text. Of the obsolete string types (§4.1.2.4), UTF-16 is supported.
fn text(value: &[u8]) -> Option<String> {
    let (tag, content, _) = read_any(value)?;
    let text = if tag == BMP_STRING {
        let units = content.chunks_exact(2);
        let units = units.map(|unit| u16::from(unit[0]) << 8 | u16::from(unit[1]));
        char::decode_utf16(units).collect::<Result<_, _>>().ok()?
    } else {
        String::from_utf8(content.to_vec()).ok()?
    };
    Some(text).filter(|text| is_presentable(text))
}

/// Whether a name is not empty and has no control characters.
fn is_presentable(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_control)
}

/// The alternative names in a list of extensions:
/// `Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }`
fn names(mut extensions: &[u8]) -> Vec<String> {
    while let Some((extension, rest)) = read(SEQUENCE, extensions) {
        if let Some(value) = alternative_names(extension) {
            return general_names(value);
        }
        extensions = rest;
    }
    Vec::new()
}

fn alternative_names(extension: &[u8]) -> Option<&[u8]> {
    let (identifier, rest) = read(OBJECT_IDENTIFIER, extension)?;
    if identifier != SUBJECT_ALT_NAME {
        return None;
    }
    let value = match read(OCTET_STRING, rest) {
        Some((value, _)) => value,
        None => read(OCTET_STRING, read_any(rest)?.2)?.0,
    };
    read_only(SEQUENCE, value)
}

fn general_names(mut names: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    while let Some((tag, content, rest)) = read_any(names) {
        let name = match tag {
            DNS_NAME => String::from_utf8(content.to_vec()).ok(),
            IP_ADDRESS => ip_address(content).map(|ip| ip.to_string()),
            _ => None,
        };
        found.extend(name.filter(|name| is_presentable(name)));
        names = rest;
    }
    found
}

fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(octets)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .ok()
}

/// Reads a time, and returns the rest (§4.1.2.5): `YYMMDDHHMMSSZ` up to 2049, `YYYYMMDDHHMMSSZ`
/// after.
fn time(der: &[u8]) -> Option<(SystemTime, &[u8])> {
    let (tag, content, rest) = read_any(der)?;
    let digits = content.strip_suffix(b"Z")?;
    let (year, digits) = match tag {
        UTC_TIME => {
            let year = number(digits.get(..2)?)?;
            let century = if year < 50 { 2000 } else { 1900 };
            (century + year, digits.get(2..)?)
        }
        GENERALIZED_TIME => (number(digits.get(..4)?)?, digits.get(4..)?),
        _ => return None,
    };
    if digits.len() != 10 {
        return None;
    }
    let mut parts = digits.chunks(2).map(number);
    let mut next = || parts.next().flatten();
    let (month, day) = (next()?, next()?);
    let (hour, minute, second) = (next()?, next()?, next()?);
    let days = days_since_1970(year, month, day)?;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    let since = Duration::from_secs(seconds.unsigned_abs());
    let time = match seconds < 0 {
        true => UNIX_EPOCH.checked_sub(since)?,
        false => UNIX_EPOCH.checked_add(since)?,
    };
    Some((time, rest))
}

fn number(digits: &[u8]) -> Option<i64> {
    let all_digits = digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(digits).ok().filter(|_| all_digits)?;
    text.parse().ok()
}

/// The number of days since 1970 in the proleptic Gregorian calendar. The calculation uses years
/// that begin in March, so that the leap day is the last one.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(year * 365 + leap_days + (month * 153 + 2) / 5 + day - 719_469)
}

#[cfg(test)]
mod tests {
    use super::super::der::value;
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair, date_time_ymd};

    fn seconds(tag: u8, text: &[u8]) -> Option<i64> {
        let der = value(tag, text);
        let (time, _) = time(&der)?;
        Some(match time.duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_secs() as i64,
            Err(before) => -(before.duration().as_secs() as i64),
        })
    }

    #[test]
    fn times_before_and_after_2000_and_2050_are_read() {
        assert_eq!(seconds(UTC_TIME, b"700101000000Z"), Some(0));
        assert_eq!(seconds(UTC_TIME, b"691231235959Z"), Some(-1));
        assert_eq!(seconds(UTC_TIME, b"000229120000Z"), Some(951_825_600));
        assert_eq!(seconds(UTC_TIME, b"491231235959Z"), Some(2_524_607_999));
        assert_eq!(seconds(GENERALIZED_TIME, b"20500101000000Z"), Some(2_524_608_000));
        for text in [
            &b""[..],
            b"Z",
            b"700101000000",
            b"7001010000Z",
            b"70010100000+Z",
            b"701301000000Z",
            b"700132000000Z",
        ] {
            assert_eq!(seconds(UTC_TIME, text), None, "{text:?}");
        }
    }

    fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        change(&mut params);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn names_and_times_of_a_certificate_are_read() {
        let names = ["example.com".to_owned(), "::1".to_owned(), "192.0.2.1".to_owned()];
        let (not_before, not_after) = (date_time_ymd(1999, 12, 31), date_time_ymd(2050, 3, 1));
        let certificate = self_signed(|params| {
            *params = CertificateParams::new(names.clone()).unwrap();
            (params.not_before, params.not_after) = (not_before, not_after);
        });
        let summary = CertificateSummary::of(&certificate).unwrap();
        assert_eq!(summary.names, names);
        assert_eq!(summary.not_before, not_before);
        assert_eq!(summary.not_after, not_after);
        assert!(CertificateSummary::of(&self_signed(|_| ())).unwrap().names.is_empty());
    }

    #[test]
    fn the_subject_is_its_common_name_or_the_next_specific_name() {
        let subject = |attributes: &[(DnType, DnValue)]| {
            let certificate = self_signed(|params| {
                params.distinguished_name = DistinguishedName::new();
                for (kind, value) in attributes {
                    params.distinguished_name.push(kind.clone(), value.clone());
                }
            });
            let summary = CertificateSummary::of(&certificate).unwrap();
            assert_eq!(summary.subject, summary.issuer);
            summary.subject
        };
        let utf8 = |text: &str| DnValue::Utf8String(text.to_owned());
        let common = |name| [(DnType::CommonName, name)];
        let printable = DnValue::PrintableString("a.example".try_into().unwrap());
        let [name] = common(printable);
        let all = [
            (DnType::OrganizationName, utf8("Example")),
            (DnType::OrganizationalUnitName, utf8("Servers")),
            name,
        ];
        let bmp = common(DnValue::BmpString("Grüße".try_into().unwrap()));
        let steering = common(utf8("a\x1b[2J"));
        for (attributes, expected) in [
            (&all[..], Some("a.example")),
            (&all[..2], Some("Servers")),
            (&all[..1], Some("Example")),
            (&bmp, Some("Grüße")),
            (&steering, None),
            (&[], None),
        ] {
            assert_eq!(subject(attributes).as_deref(), expected);
        }
    }

    proptest! {
        #[test]
        fn no_change_to_a_certificate_makes_the_reader_panic(at: prop::sample::Index, byte: u8) {
            let mut der = self_signed(|params| {
                *params = CertificateParams::new(["a.example".to_owned()]).unwrap();
            });
            let at = at.index(der.len());
            der[at] = byte;
            let _ = CertificateSummary::of(&der);
            let _ = CertificateSummary::of(&der[..at]);
        }
    }
}
