//! What is to be examined.

use crate::argument;
use crate::context::Place;
use crate::exit::Failure;
use mfly_client::probe::RestServer;
use mfly_client::{BareJid, InvalidArgument};
use mfly_transport::{Address, Options, Scheme};

/// Any port will do to see whether a name can be one of a host.
const SOME_PORT: u16 = 5222;

/// What an address may be.
const FORMS: &str = "write wss://…, xmpp://…, xmpps://… or https://…, or a domain, or name@domain";

/// What is to be examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// An XMPP server.
    Xmpp(Address),
    /// A REST API, by its base URL.
    Rest(String),
    /// The XMPP servers of a domain.
    Domain(String),
}

impl Target {
    /// Reads an address.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        match scheme.map(str::to_ascii_lowercase).as_deref() {
            Some("http" | "https") => {
                // The options play no part in reading the URL.
                RestServer::new(text, Options::default()).map_err(reason)?;
                Ok(Self::Rest(text.to_owned()))
            }
            Some("ws" | "wss" | "xmpp" | "xmpps") => Ok(Self::Xmpp(text.parse().map_err(reason)?)),
            Some(_) => Err(FORMS.to_owned()),
            None => domain_of(text).map(Self::Domain),
        }
    }
}

/// What a saved or named server has.
///
/// # Errors
/// When an address cannot be used.
pub(super) fn of_place(place: &Place) -> Result<Vec<Target>, Failure> {
    let addresses = [Some(place.api_url.as_str()), place.xmpp_url.as_deref()];
    let targets = addresses.into_iter().flatten().map(|address| {
        Target::parse(address).map_err(|reason| Failure::Usage {
            message: format!("{address}: {reason}"),
            hint: "name another one with --api-url or --xmpp-url".to_owned(),
        })
    });
    targets.collect()
}

/// A domain, alone or as part of an account's address.
fn domain_of(text: &str) -> Result<String, String> {
    if text.contains(':') && !text.contains('[') {
        return Err(format!(
            "a port needs a scheme, such as xmpp://{text} or wss://{text}/websocket"
        ));
    }
    let jid = BareJid::new(text).map_err(|_| FORMS.to_owned())?;
    domain(jid.domain())
}

/// A domain.
pub(super) fn domain(text: &str) -> Result<String, String> {
    let address = Address::tcp(text, SOME_PORT, false).map_err(reason)?;
    Ok(address.host().to_owned())
}

/// The address of an account.
pub(super) fn account(text: &str) -> Result<BareJid, String> {
    let jid = BareJid::new(text).map_err(reason)?;
    if jid.local().is_none() {
        return Err("an account is somebody at a domain: name@domain".to_owned());
    }
    domain(jid.domain())?;
    Ok(jid)
}

fn reason(error: InvalidArgument) -> String {
    argument::reason(&error)
}

/// The server that a connection is made to.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExamTarget<'a> {
    /// The server's host.
    pub(super) host: &'a str,
    /// The domain that the certificate has to be made for, over TCP.
    pub(super) domain: &'a str,
    /// `None` for a REST API.
    pub(super) scheme: Option<Scheme>,
    /// The host of the proxy, if there is one.
    pub(super) proxy: Option<&'a str>,
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
            let shown = format!("{:?}", Target::parse(text).unwrap());
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
            let error = Target::parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(account("a.example").is_err());
        assert!(account("alice@a.example").is_ok());
    }
}
