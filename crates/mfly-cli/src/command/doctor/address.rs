//! The address that is examined.

use crate::arguments::value;
use crate::context::ServerTarget;
use crate::exit::Failure;
use crate::wording::refused;
use mfly_client::{Address, BareJid, BaseUrl};

/// A port for checking the name of a host.
const SOME_PORT: u16 = 5222;

/// The forms of an address.
const FORMS: &str = "write wss://…, xmpp://…, xmpps://… or https://…, or a domain, or name@domain";

/// The address that is examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ExamAddress {
    /// An XMPP server.
    Xmpp(Address),
    /// A REST API, by its base URL.
    Rest(BaseUrl),
    /// The XMPP servers of a domain.
    Domain(String),
}

impl ExamAddress {
    /// Reads an address.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        match scheme.map(str::to_ascii_lowercase).as_deref() {
            Some("http" | "https") => value(text).map(Self::Rest),
            Some("ws" | "wss" | "xmpp" | "xmpps") => value(text).map(Self::Xmpp),
            Some(_) => Err(FORMS.to_owned()),
            None => domain_of(text).map(Self::Domain),
        }
    }
}

/// The addresses of a saved or named server.
pub(super) fn of_server(server: &ServerTarget) -> Result<Vec<ExamAddress>, Failure> {
    let xmpp = server.xmpp_url.as_deref().map(|address| {
        ExamAddress::parse(address).map_err(|reason| {
            Failure::usage(format!("{address}: {reason}"), "name another one with --xmpp-url")
        })
    });
    std::iter::once(Ok(ExamAddress::Rest(server.api_url.clone()))).chain(xmpp).collect()
}

/// Reads a domain, alone or as part of an account's address.
fn domain_of(text: &str) -> Result<String, String> {
    if text.contains(':') && !text.contains('[') {
        return Err(format!(
            "a port needs a scheme, such as xmpp://{text} or wss://{text}/websocket"
        ));
    }
    let jid = BareJid::new(text).map_err(|_| FORMS.to_owned())?;
    domain(jid.domain())
}

/// Reads a domain.
pub(super) fn domain(text: &str) -> Result<String, String> {
    let address = refused(Address::tcp(text, SOME_PORT, false))?;
    Ok(address.host().to_owned())
}

/// Reads the address of an account.
pub(super) fn account(text: &str) -> Result<BareJid, String> {
    let jid: BareJid = value(text)?;
    if jid.local().is_none() {
        return Err("an account is a name at a domain: name@domain".to_owned());
    }
    domain(jid.domain())?;
    Ok(jid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_address_is_understood() {
        for (text, expected) in [
            ("wss://a.example/ws", "Xmpp"),
            ("ws://127.0.0.1:80/", "Xmpp"),
            ("XMPP://a.example", "Xmpp"),
            ("xmpps://[::1]:5223", "Xmpp"),
            ("https://a.example/api/v1", "Rest"),
            ("http://127.0.0.1:8117", "Rest"),
            ("a.example", "Domain(\"a.example\")"),
            ("alice@A.example", "Domain(\"a.example\")"),
            ("localhost", "Domain(\"localhost\")"),
            ("127.0.0.1", "Domain(\"127.0.0.1\")"),
        ] {
            let shown = format!("{:?}", ExamAddress::parse(text).unwrap());
            assert!(shown.starts_with(expected), "{text}: {shown}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_way_out() {
        for (text, expected) in [
            ("a.example:5222", "xmpp://a.example:5222"),
            ("ftp://a.example", "write wss://"),
            ("https://", "Invalid api base url"),
            ("wss://alice:secret@a.example", "user"),
            ("a b", "name@domain"),
            ("", "name@domain"),
        ] {
            let error = ExamAddress::parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(account("a.example").is_err());
        assert!(account("alice@a.example").is_ok());
    }
}
