//! The software version of the server (XEP-0092).

use crate::core::call::{Call, Reply};
use mfly_proto::stanza::StanzaError;

/// The namespace of XEP-0092.
pub(crate) const NAMESPACE: &str = "jabber:iq:version";

/// The name of the server.
pub(crate) const NAME: &str = "mfly-testserver";

/// Answers with name and version; the operating system is not told.
pub(crate) fn get(_: &mut Call<'_>) -> Result<Reply, StanzaError> {
    Ok(Reply::with(|w| {
        w.element("query", |w| {
            w.attr("xmlns", NAMESPACE);
            w.text_element("name", NAME);
            w.text_element("version", env!("CARGO_PKG_VERSION"));
        });
    }))
}
