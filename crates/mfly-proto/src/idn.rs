//! Domains beyond ASCII: their form in XMPP, and their form in DNS and TLS (RFC 5890 §2.3.2).
//!
//! An address contains `bücher.test` (RFC 7622 §3.2). Names in DNS, in TLS handshakes and in
//! certificates are ASCII: `xn--bcher-kva.test`. Addresses are always prepared and compared in the
//! former form.

pub(crate) mod label;
mod punycode;

use crate::argument::InvalidArgument;
use crate::jid::prepare_domain;
use label::PREFIX;
use std::borrow::Cow;

/// The longest name that DNS can hold, written without its final dot (RFC 1035 §2.3.4).
const LONGEST_NAME: usize = 253;

/// The longest label (RFC 1035 §2.3.4).
const LONGEST_LABEL: usize = 63;

/// The form of a domain for DNS and TLS: `bücher.test` becomes `xn--bcher-kva.test`. A domain in
/// ASCII, such as an IP address, is unchanged.
///
/// ```
/// assert_eq!(mfly_proto::idn::to_ascii("Bücher.Test")?, "xn--bcher-kva.test");
/// # Ok::<(), mfly_proto::argument::InvalidArgument>(())
/// ```
///
/// # Errors
/// When it holds a character that no domain can hold, or is too long for DNS.
pub fn to_ascii(domain: &str) -> Result<Cow<'_, str>, InvalidArgument> {
    if domain.is_ascii() {
        return Ok(Cow::Borrowed(domain));
    }
    let refuse = |reason: &'static str| InvalidArgument::new("domain", reason);
    let prepared = prepare_domain(domain)
        .ok_or_else(|| refuse("it holds a character that no domain can hold"))?;
    let mut ascii = String::with_capacity(prepared.len() + PREFIX.len());
    for (index, label) in prepared.split('.').enumerate() {
        if index > 0 {
            ascii.push('.');
        }
        if label.is_ascii() {
            ascii.push_str(label);
            continue;
        }
        let encoded = punycode::encode(label)
            .filter(|encoded| PREFIX.len() + encoded.len() <= LONGEST_LABEL)
            .ok_or_else(|| refuse("a part of it is too long for DNS"))?;
        ascii.push_str(PREFIX);
        ascii.push_str(&encoded);
    }
    if ascii.len() > LONGEST_NAME {
        return Err(refuse("it is too long for DNS"));
    }
    Ok(Cow::Owned(ascii))
}

/// The form of a domain in XMPP: `xn--bcher-kva.test` becomes `bücher.test`. A text that is no
/// domain is unchanged.
///
/// ```
/// assert_eq!(mfly_proto::idn::to_unicode("xn--bcher-kva.test"), "bücher.test");
/// ```
#[must_use]
pub fn to_unicode(domain: &str) -> Cow<'_, str> {
    prepare_domain(domain).unwrap_or(Cow::Borrowed(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_domain_have_one_form_for_dns() {
        for (domain, ascii) in [
            ("bücher.test", "xn--bcher-kva.test"),
            ("BU\u{308}CHER。Test", "xn--bcher-kva.test"),
            ("xn--bcher-kva.bücher.test", "xn--bcher-kva.xn--bcher-kva.test"),
            ("faß.test", "xn--fa-hia.test"),
            ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
            ("\u{5D0}\u{5D1}.test", "xn--4dbc.test"),
            ("host.test", "host.test"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(to_ascii(domain).unwrap(), ascii, "{domain}");
        }
    }

    #[test]
    fn what_dns_cannot_hold_is_refused() {
        let long_label = format!("{}.test", "ü".repeat(64));
        let long_name = format!("{}test", "bücher.".repeat(20));
        for domain in ["a\u{2003}ü.test", &long_label, &long_name] {
            assert_eq!(to_ascii(domain).unwrap_err().name, "domain", "{domain}");
        }
    }
}
