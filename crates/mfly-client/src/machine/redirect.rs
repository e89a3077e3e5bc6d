//! Redirects to another server, and the policy that decides which are followed.
//!
//! `<see-other-host/>` names a host and perhaps a port (RFC 6120 §4.9.3.19); over WebSocket,
//! `see-other-uri` names an address (RFC 7395 §3.6.1). Following is bounded, as the RFC asks:
//!
//! - only a redirect that was received over a confidential connection is followed;
//! - only to hosts that the policy allows;
//! - the new server has to prove the same identity, over a connection that is no less secure;
//! - at most three in a row, and the next attempt after a wait uses the original address again.

use mfly_proto::address::{Address, Scheme};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::idn;
use mfly_proto::stream::SeeOtherHost;

/// Which redirects to another server are followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectPolicy {
    /// Redirects to the account's domain, to the host that the session connects to, and to all
    /// hosts below these, on any port. The default.
    #[default]
    SameDomain,
    /// Redirects to these hosts and all below them, besides those of [`Self::SameDomain`].
    Hosts(Vec<String>),
    /// No redirect is followed.
    Never,
}

/// How many redirects in a row are followed (RFC 6120 §4.9.3.19: at least 2, at most 5).
pub(super) const MAX_IN_A_ROW: u32 = 3;

/// The target of a redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Host { host: String, port: Option<u16> },
    WebSocket(Address),
}

impl Redirect {
    /// Reads the content of `<see-other-host/>`; `None` when it is no host.
    pub(super) fn to_host(text: &str) -> Option<Self> {
        let SeeOtherHost { host, port } = text.parse().ok()?;
        // The policy must judge the host that is connected to: an address's host has no character
        // that would end the host of a URL.
        let address = Address::tcp(&host, port, true).ok()?;
        // Without a port, the default of the original address's scheme applies.
        let names_port = text.rsplit(']').next().is_some_and(|end| end.contains(':'));
        Some(Self(Kind::Host { host: address.host().to_owned(), port: names_port.then_some(port) }))
    }

    /// Reads `see-other-uri`; `None` when it is no WebSocket address.
    pub(super) fn to_uri(text: &str) -> Option<Self> {
        let address: Address = text.trim().parse().ok()?;
        matches!(address.scheme(), Scheme::Ws | Scheme::Wss)
            .then_some(Self(Kind::WebSocket(address)))
    }

    /// The address for this one connection. It has the scheme of `original`, the address that is
    /// used otherwise, unless the redirect is a WebSocket address.
    ///
    /// # Errors
    /// When the redirect is not encrypted and `original` is, or the host makes no address.
    pub fn address(&self, original: &Address) -> Result<Address, InvalidArgument> {
        let refuse = |reason| InvalidArgument::new("see_other_host", reason);
        match &self.0 {
            Kind::WebSocket(address) if original.is_tls() && !address.is_tls() => {
                Err(refuse("the server points from a secure address to an open one"))
            }
            Kind::WebSocket(address) => Ok(address.clone()),
            Kind::Host { host, port } => match original.scheme() {
                Scheme::Xmpps => Address::tcp(host, port.unwrap_or(5223), true),
                Scheme::Xmpp => Address::tcp(host, port.unwrap_or(5222), false),
                _ => {
                    let host = match host.contains(':') {
                        true => format!("[{host}]"),
                        false => host.clone(),
                    };
                    let scheme = if original.is_tls() { "wss" } else { "ws" };
                    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                    format!("{scheme}://{host}{port}{}", original.path()).parse()
                }
            },
        }
    }

    /// The host of the redirect, without port.
    #[must_use]
    pub fn host(&self) -> &str {
        match &self.0 {
            Kind::Host { host, .. } => host,
            Kind::WebSocket(address) => address.host(),
        }
    }

    /// The port, if the server names one.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match &self.0 {
            Kind::Host { port, .. } => *port,
            Kind::WebSocket(address) => Some(address.port()),
        }
    }
}

impl RedirectPolicy {
    /// Whether a redirect may be followed. `home` holds the account's domain and the host that the
    /// session connects to.
    pub(super) fn allows(&self, redirect: &Redirect, home: &[String]) -> bool {
        let within = |hosts: &[String]| hosts.iter().any(|host| is_within(redirect.host(), host));
        match self {
            Self::SameDomain => within(home),
            Self::Hosts(hosts) => within(home) || within(hosts),
            Self::Never => false,
        }
    }
}

/// Whether `host` is `domain` or below it. An IP address is below nothing.
fn is_within(host: &str, domain: &str) -> bool {
    // The host is in DNS form (Punycode); the domain may be in either form.
    let Ok(domain) = idn::to_ascii(domain.trim_matches(['[', ']'])) else {
        return false;
    };
    let Some((front, back)) =
        host.len().checked_sub(domain.len()).and_then(|at| host.split_at_checked(at))
    else {
        return false;
    };
    back.eq_ignore_ascii_case(&domain)
        && (front.is_empty()
            || (front.ends_with('.') && domain.parse::<std::net::IpAddr>().is_err()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Option<(String, Option<u16>)> {
        let redirect = Redirect::to_host(text)?;
        Some((redirect.host().to_owned(), redirect.port()))
    }

    #[test]
    fn a_redirect_names_a_host_and_perhaps_a_port() {
        assert_eq!(host("b.example"), Some(("b.example".to_owned(), None)));
        assert_eq!(host(" B.example:5223 "), Some(("b.example".to_owned(), Some(5223))));
        assert_eq!(host("b.example:443"), Some(("b.example".to_owned(), Some(443))));
        assert_eq!(host("[::1]"), Some(("::1".to_owned(), None)));
        assert_eq!(host("[::1]:5222"), Some(("::1".to_owned(), Some(5222))));
        for nonsense in [
            "",
            "b.example/x",
            "u@b.example",
            "b.example:0",
            "a b",
            "::1",
            "b?c",
            "evil.test?.b.example",
            "evil.test/.b.example",
            "evil.test#.b.example",
            "evil.test\\.b.example",
        ] {
            assert_eq!(host(nonsense), None, "{nonsense}");
        }
        assert!(Redirect::to_uri("wss://b.example/ws").is_some());
        for nonsense in ["https://b.example/", "b.example", "javascript:alert(1)"] {
            assert_eq!(Redirect::to_uri(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn only_hosts_of_the_own_domain_and_listed_hosts_are_allowed() {
        let home = ["example.test", "bücher.test", "192.0.2.7"].map(str::to_owned);
        let listed = RedirectPolicy::Hosts(vec!["hosting.test".to_owned()]);
        for (text, own, named) in [
            ("example.test", true, true),
            ("Node1.Example.test:5223", true, true),
            ("192.0.2.7:5223", true, true),
            ("xn--bcher-kva.test", true, true),
            ("node.xn--bcher-kva.test", true, true),
            ("evil-example.test", false, false),
            ("example.test.evil.test", false, false),
            ("test", false, false),
            ("192.0.2.8", false, false),
            ("node.hosting.test", false, true),
            ("hosting.test", false, true),
        ] {
            let redirect = Redirect::to_host(text).unwrap();
            assert_eq!(RedirectPolicy::SameDomain.allows(&redirect, &home), own, "{text}");
            assert_eq!(listed.allows(&redirect, &home), named, "{text}");
            assert!(!RedirectPolicy::Never.allows(&redirect, &home), "{text}");
        }
    }

    #[test]
    fn a_redirect_leads_to_an_address_of_the_same_scheme_and_no_less_secure() {
        let redirect = Redirect::to_host("b.host.test").unwrap();
        let with_port = Redirect::to_host("b.host.test:7").unwrap();
        for (original, plain, ported) in [
            ("xmpp://a.host.test:1", "xmpp://b.host.test", "xmpp://b.host.test:7"),
            ("xmpps://a.host.test:1", "xmpps://b.host.test", "xmpps://b.host.test:7"),
            ("wss://a.host.test/x", "wss://b.host.test/x", "wss://b.host.test:7/x"),
            ("ws://localhost/x", "ws://b.host.test/x", "ws://b.host.test:7/x"),
        ] {
            let original = original.parse().unwrap();
            assert_eq!(redirect.address(&original).unwrap().to_string(), plain);
            assert_eq!(with_port.address(&original).unwrap().to_string(), ported);
        }
        let open = Redirect::to_uri("ws://b.host.test/x").unwrap();
        let secure = "wss://a.host.test/x".parse().unwrap();
        assert!(open.address(&secure).is_err());
        let v6 = Redirect::to_host("[::1]:7").unwrap();
        assert_eq!(v6.address(&secure).unwrap().to_string(), "wss://[::1]:7/x");
    }
}
