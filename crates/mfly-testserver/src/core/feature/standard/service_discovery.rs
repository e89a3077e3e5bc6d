//! The features of the server and of accounts (XEP-0030). Neither has items.

use super::version;
use crate::core::call::{Call, Reply, refusal};
use mfly_proto::ns;
use mfly_proto::payload::standard::service_discovery::{GetInfo, Identity, Info};
use mfly_proto::stanza::{ErrorCondition, StanzaError};

/// The namespace of item requests.
pub(crate) const ITEMS: &str = "http://jabber.org/protocol/disco#items";

/// The features of the server.
const SERVER: &[&str] = &[
    ns::BLOCKING,
    ns::CARBONS,
    ns::DISCO_INFO,
    ITEMS,
    ns::LAST,
    ns::PING,
    ns::ROSTER,
    ns::TIME,
    ns::VCARD,
    version::NAMESPACE,
];

/// The features of an account.
const ACCOUNT: &[&str] = &[ns::CARBONS, ns::DISCO_INFO, ITEMS, ns::VCARD];

/// Answers for the server.
pub(crate) fn server(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    info(call, ("server", "im"), SERVER)
}

/// Answers for the own account.
pub(crate) fn account(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    info(call, ("account", "registered"), ACCOUNT)
}

/// Answers that neither the server nor an account has items.
pub(crate) fn items(_: &mut Call<'_>) -> Result<Reply, StanzaError> {
    Ok(Reply::with(|w| {
        w.element("query", |w| w.attr("xmlns", ITEMS));
    }))
}

fn info(
    call: &Call<'_>,
    (category, kind): (&str, &str),
    features: &[&str],
) -> Result<Reply, StanzaError> {
    let GetInfo { node, .. } = call.read()?;
    if node.is_some() {
        return Err(refusal(ErrorCondition::ItemNotFound));
    }
    let identity = Identity {
        category: category.to_owned(),
        kind: kind.to_owned(),
        name: Some(version::NAME.to_owned()),
        lang: None,
    };
    Ok(Reply::of::<GetInfo>(Info {
        node: None,
        identities: vec![identity].into(),
        features: features.iter().map(|&feature| feature.to_owned()).collect(),
    }))
}
