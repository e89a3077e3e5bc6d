//! What an entity is and can do (XEP-0030).
//!
//! ```xml
//! <iq id to="host" type="get" xmlns="jabber:client"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>
//! <iq type="result" id from="host"><query xmlns="http://jabber.org/protocol/disco#info"><identity category="server" type="im" name="…"/><feature var="urn:xmpp:ping"/></query></iq>
//! ```
//! Extended information (XEP-0128) is passed over.
//!
//! Source: XEP-0030 §3. Fixture: `service_discovery/server`.

use crate::decode::DecodeError;
use crate::jid::Jid;
use crate::listed::{Listed, Skipped};
use crate::ns;
use crate::stanza::{Iq, IqKind, IqRequest, Reply};
use crate::xml::{Element, Writer};
use std::borrow::Cow;

/// Asks what an entity is and can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetInfo {
    /// Whom to ask; the own server when absent.
    pub to: Option<Jid>,
    /// A part of it.
    pub node: Option<String>,
}

/// What an entity is and can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// The part that was asked about.
    pub node: Option<String>,
    /// What it is.
    pub identities: Listed<Identity>,
    /// What it can do: namespaces and registered names.
    pub features: Listed<String>,
}

impl Info {
    /// Whether this is among the features.
    #[must_use]
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }
}

/// One of the things that an entity is, in the registry's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Such as `server`.
    pub category: String,
    /// The `type`, such as `im`.
    pub kind: String,
    /// For people.
    pub name: Option<String>,
    /// Language of the name.
    pub lang: Option<String>,
}

impl Identity {
    fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        let required =
            |attribute| super::require(element, "identity", attribute).map(Cow::into_owned);
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
    const KIND: IqKind = IqKind::Get;
    const NAMESPACE: &'static str = ns::DISCO_INFO;
    const NAME: &'static str = "query";
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
        super::expect(payload, Self::NAMESPACE, Self::NAME)?;
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
        let query = reply.require(Self::NAME)?;
        super::expect(query, Self::NAMESPACE, Self::NAME)?;
        let mut info = Info { node: query.attr("node").map(Cow::into_owned), ..Info::default() };
        for child in query.children().filter(|child| child.ns() == ns::DISCO_INFO) {
            match child.name() {
                "identity" => match Identity::read(child) {
                    Ok(identity) => info.identities.push(identity),
                    Err(error) => info.identities.skip(Skipped::element(child, &error)),
                },
                "feature" => match super::require(child, "feature", "var") {
                    Ok(var) => info.features.push(var.into_owned()),
                    Err(error) => info.features.skip(Skipped::element(child, &error)),
                },
                _ => {}
            }
        }
        Ok(info)
    }
}
