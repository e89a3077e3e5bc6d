//! Service discovery: identities and features of an entity (XEP-0030).
//!
//! ```xml
//! <iq id to="host" type="get" xmlns="jabber:client"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>
//! <iq type="result" id from="host"><query xmlns="http://jabber.org/protocol/disco#info"><identity category="server" type="im" name="…"/><feature var="urn:xmpp:ping"/></query></iq>
//! ```
//! Extended information (XEP-0128) is ignored.
//!
//! Source: XEP-0030 §3. Fixture: `standard/service_discovery/server`.

use crate::decode::{DecodeError, require};
use crate::jid::Jid;
use crate::listed::{Listed, Skipped};
use crate::ns;
use crate::stanza::iq::{check, result};
use crate::stanza::{Iq, IqRequest, Reply};
use crate::xml::{Element, Writer};
use std::borrow::Cow;

/// Asks for the identities and features of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetInfo {
    /// The address to ask; the own server when absent.
    pub to: Option<Jid>,
    /// The node: a part of the entity.
    pub node: Option<String>,
}

/// Identities and features of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// The requested node.
    pub node: Option<String>,
    /// Kinds of entity that it is.
    pub identities: Listed<Identity>,
    /// Supported protocols: namespaces and registered names.
    pub features: Listed<String>,
}

impl Info {
    /// Whether `feature` is among the features.
    #[must_use]
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }
}

/// One identity of an entity, by registered category and type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The category, such as `server`.
    pub category: String,
    /// The `type`, such as `im`.
    pub kind: String,
    /// A name for display.
    pub name: Option<String>,
    /// Language of the name.
    pub lang: Option<String>,
}

impl Identity {
    fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        let required = |attribute| require(element, "identity", attribute).map(Cow::into_owned);
        Ok(Self {
            category: required("category")?,
            kind: required("type")?,
            name: element.attr("name").map(Cow::into_owned),
            lang: element.attr_ns(ns::XML, "lang").map(Cow::into_owned),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.element("identity", |w| {
            w.attr("category", &self.category);
            w.attr("type", &self.kind);
            w.attr_opt("name", self.name.as_deref());
            w.attr_opt("xml:lang", self.lang.as_deref());
        });
    }
}

impl IqRequest for GetInfo {
    iq_request!(Get "query" in ns::DISCO_INFO);
    type Response = Info;

    fn to(&self) -> Option<&Jid> {
        self.to.as_ref()
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| {
            w.attr("xmlns", Self::NAMESPACE);
            w.attr_opt("node", self.node.as_deref());
        });
    }

    fn read(iq: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        check::<Self>(payload)?;
        Ok(Self { to: iq.to.clone(), node: payload.attr("node").map(Cow::into_owned) })
    }

    fn write_response(info: &Info, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| {
            w.attr("xmlns", Self::NAMESPACE);
            w.attr_opt("node", info.node.as_deref());
            for identity in &info.identities {
                identity.write(w);
            }
            for feature in &info.features {
                w.element("feature", |w| w.attr("var", feature));
            }
        });
    }

    fn read_response(reply: &Reply<'_>) -> Result<Info, DecodeError> {
        let query = result::<Self>(reply)?;
        let mut info = Info { node: query.attr("node").map(Cow::into_owned), ..Info::default() };
        for child in query.children().filter(|child| child.ns() == ns::DISCO_INFO) {
            match child.name() {
                "identity" => match Identity::read(child) {
                    Ok(identity) => info.identities.push(identity),
                    Err(error) => info.identities.skip(Skipped::element(child, &error)),
                },
                "feature" => match require(child, "feature", "var") {
                    Ok(var) => info.features.push(var.into_owned()),
                    Err(error) => info.features.skip(Skipped::element(child, &error)),
                },
                _ => {}
            }
        }
        Ok(info)
    }
}
