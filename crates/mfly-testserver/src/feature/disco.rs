//! What the server and its accounts can do (XEP-0030).
//!
//! The `node` of a request is not looked at: nothing here has any.

use super::{entity_time, version};
use crate::dispatch::standard::{Query, Reply};
use mfly_proto::ns;
use mfly_proto::stanza::StanzaError;

/// The namespace of features.
pub(crate) const INFO: &str = "http://jabber.org/protocol/disco#info";

/// The namespace of parts.
pub(crate) const ITEMS: &str = "http://jabber.org/protocol/disco#items";

/// What the server says of itself.
const SERVER: &[&str] = &[
    ns::BLOCKING,
    ns::CARBONS,
    INFO,
    ITEMS,
    ns::LAST,
    ns::PING,
    ns::ROSTER,
    entity_time::NAMESPACE,
    ns::VCARD,
    version::NAMESPACE,
];

/// What an account says of itself.
const ACCOUNT: &[&str] = &[ns::CARBONS, INFO, ITEMS, ns::VCARD];

/// The server.
pub(crate) fn server(_: &mut Query<'_>) -> Result<Reply, StanzaError> {
    Ok(info(("server", "im"), SERVER))
}

/// The own account.
pub(crate) fn account(_: &mut Query<'_>) -> Result<Reply, StanzaError> {
    Ok(info(("account", "registered"), ACCOUNT))
}

/// Nothing belongs to the server or to an account.
pub(crate) fn items(_: &mut Query<'_>) -> Result<Reply, StanzaError> {
    Ok(Reply::with(|w| {
        w.element("query", |w| w.attr("xmlns", ITEMS));
    }))
}

fn info(
    (category, kind): (&'static str, &'static str),
    features: &'static [&'static str],
) -> Reply {
    Reply::with(move |w| {
        w.element("query", |w| {
            w.attr("xmlns", INFO);
            w.element("identity", |w| {
                w.attr("category", category);
                w.attr("name", version::NAME);
                w.attr("type", kind);
            });
            for feature in features {
                w.element("feature", |w| w.attr("var", feature));
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server};

    #[test]
    fn the_server_and_the_account_say_what_they_are_and_what_they_can_do() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let query = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
        let answer = server.ask(own, "get", Some(HOST), query);
        assert!(
            answer.contains(r#"<identity category="server" name="mfly-testserver" type="im"/>"#),
            "{answer}"
        );
        for feature in [
            "urn:xmpp:blocking",
            "urn:xmpp:carbons:2",
            "vcard-temp",
            "urn:xmpp:time",
        ] {
            assert!(
                answer.contains(&format!(r#"<feature var="{feature}"/>"#)),
                "{answer}"
            );
        }
        let answer = server.ask(own, "get", None, query);
        assert!(
            answer.contains(r#"<identity category="account" "#),
            "{answer}"
        );
        let items = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
        let answer = server.ask(own, "get", Some(HOST), items);
        assert!(
            answer.contains(r#"<query xmlns="http://jabber.org/protocol/disco#items"/>"#),
            "{answer}"
        );
    }
}
