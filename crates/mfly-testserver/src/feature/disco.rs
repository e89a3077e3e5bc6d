//! What the server and its accounts can do (XEP-0030).
//!
//! The `node` of a request is not looked at: nothing here has any.

use crate::dispatch::standard::{Query, Reply};
use mfly_proto::ns;
use mfly_proto::stanza::StanzaError;

/// What the server says of itself.
const SERVER: &[&str] = &[
    ns::BLOCKING,
    ns::CARBONS,
    ns::DISCO_INFO,
    ns::DISCO_ITEMS,
    ns::LAST,
    ns::PING,
    ns::ROSTER,
    ns::TIME,
    ns::VCARD,
    ns::VERSION,
];

/// What an account says of itself.
const ACCOUNT: &[&str] = &[ns::CARBONS, ns::DISCO_INFO, ns::DISCO_ITEMS, ns::VCARD];

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
        w.element("query", |w| w.attr("xmlns", ns::DISCO_ITEMS));
    }))
}

fn info((category, kind): (&'static str, &'static str), features: &'static [&'static str]) -> Reply {
    Reply::with(move |w| {
        w.element("query", |w| {
            w.attr("xmlns", ns::DISCO_INFO);
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
