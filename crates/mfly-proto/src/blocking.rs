//! Block lists of plain XMPP (XEP-0191): any addresses, several at once.
//!
//! ```xml
//! <iq id type="set" xmlns="jabber:client"><block xmlns="urn:xmpp:blocking"><item jid="romeo@example.net"/><item jid="spam.example"/></block></iq>
//! <iq id type="set" xmlns="jabber:client"><unblock xmlns="urn:xmpp:blocking"/></iq>
//! <iq id type="get" xmlns="jabber:client"><blocklist xmlns="urn:xmpp:blocking"/></iq>
//! ```
//! An `unblock` without items is for everybody. Pushes are the same `iq` from the server, to every session that asked for
//! the list.
//!
//! Source: XEP-0191 §3. What the platform makes of it is [`payload::block`](crate::payload::block).

use crate::decode::DecodeError;
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Iq, IqKind, IqRequest, Reply};
use crate::xml::{Element, Writer};

/// Blocks addresses: an account, one of its sessions, or a whole domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Whom; at least one.
    pub jids: Vec<Jid>,
}

/// Unblocks addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unblock {
    /// Whom; empty means everybody.
    pub jids: Vec<Jid>,
}

/// Asks whom the own account has blocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocked;

impl IqRequest for Block {
    const KIND: IqKind = IqKind::Set;
    const NAMESPACE: &'static str = ns::BLOCKING;
    const NAME: &'static str = "block";
    type Response = ();

    fn write(&self, writer: &mut Writer<'_>) {
        write_items(writer, Self::NAME, &self.jids);
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        let jids = read_items(payload, Self::NAME)?;
        if jids.is_empty() {
            return Err(DecodeError::MissingChild {
                element: Self::NAME,
                child: "item",
            });
        }
        Ok(Self { jids })
    }

    fn write_response((): &(), _: &mut Writer<'_>) {}

    fn read_response(_: &Reply<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
}

impl IqRequest for Unblock {
    const KIND: IqKind = IqKind::Set;
    const NAMESPACE: &'static str = ns::BLOCKING;
    const NAME: &'static str = "unblock";
    type Response = ();

    fn write(&self, writer: &mut Writer<'_>) {
        write_items(writer, Self::NAME, &self.jids);
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        let jids = read_items(payload, Self::NAME)?;
        Ok(Self { jids })
    }

    fn write_response((): &(), _: &mut Writer<'_>) {}

    fn read_response(_: &Reply<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
}

impl IqRequest for Blocked {
    const KIND: IqKind = IqKind::Get;
    const NAMESPACE: &'static str = ns::BLOCKING;
    const NAME: &'static str = "blocklist";
    /// The blocked addresses.
    type Response = Vec<Jid>;

    fn write(&self, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| w.attr("xmlns", Self::NAMESPACE));
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        read_items(payload, Self::NAME).map(|_| Self)
    }

    fn write_response(jids: &Vec<Jid>, writer: &mut Writer<'_>) {
        write_items(writer, Self::NAME, jids);
    }

    fn read_response(reply: &Reply<'_>) -> Result<Vec<Jid>, DecodeError> {
        read_items(reply.require(Self::NAME)?, Self::NAME)
    }
}

/// A session of the own account changed the block list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockPush {
    /// These addresses are blocked now.
    Blocked(Vec<Jid>),
    /// These addresses are no longer blocked; an empty list means all of them.
    Unblocked(Vec<Jid>),
}

impl BlockPush {
    /// Reads an `iq` from the server; `Ok(None)` when it is something else.
    ///
    /// # Errors
    /// When an item is malformed, or a block names nobody.
    pub fn read(iq: &Iq<'_>) -> Result<Option<Self>, DecodeError> {
        let payload = iq.payload().filter(|_| iq.kind == IqKind::Set);
        match payload.filter(|payload| payload.ns() == ns::BLOCKING) {
            Some(payload) if payload.name() == Block::NAME => {
                Ok(Some(Self::Blocked(Block::read(iq, payload)?.jids)))
            }
            Some(payload) if payload.name() == Unblock::NAME => {
                Ok(Some(Self::Unblocked(Unblock::read(iq, payload)?.jids)))
            }
            _ => Ok(None),
        }
    }
}

fn write_items(writer: &mut Writer<'_>, name: &str, jids: &[Jid]) {
    writer.element(name, |w| {
        w.attr("xmlns", ns::BLOCKING);
        for jid in jids {
            w.element("item", |w| w.attr("jid", jid.as_str()));
        }
    });
}

fn read_items(list: Element<'_>, name: &'static str) -> Result<Vec<Jid>, DecodeError> {
    if !list.is(ns::BLOCKING, name) {
        return Err(DecodeError::UnexpectedElement { expected: name });
    }
    list.children()
        .filter(|item| item.is(ns::BLOCKING, "item"))
        .map(|item| {
            let jid = item.attr("jid").ok_or(DecodeError::MissingAttribute {
                element: "item",
                attribute: "jid",
            })?;
            Jid::new(&jid).map_err(|_| DecodeError::InvalidValue {
                element: "item",
                field: "jid",
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::StanzaId;
    use crate::stanza::iq;
    use crate::xml::{Document, Limits};

    fn written<R: IqRequest>(request: &R) -> Document {
        let mut buffer = Vec::new();
        iq::write_request(request, &StanzaId::new("i").unwrap(), &mut buffer);
        Document::parse(buffer, &Limits::default()).unwrap()
    }

    fn jids(texts: &[&str]) -> Vec<Jid> {
        texts.iter().map(|text| Jid::new(text).unwrap()).collect()
    }

    fn push(content: &str) -> Result<Option<BlockPush>, DecodeError> {
        let text = format!(r#"<iq id="p" type="set">{content}</iq>"#);
        let document = Document::parse(text, &Limits::default()).unwrap();
        BlockPush::read(&Iq::read(document.root()).unwrap())
    }

    #[test]
    fn addresses_of_every_kind_are_blocked_and_unblocked_together() {
        let all = jids(&[
            "romeo@example.net",
            "romeo@example.net/orchard",
            "spam.example",
        ]);
        let document = written(&Block { jids: all.clone() });
        assert_eq!(
            document.root().children().next().unwrap().source(),
            r#"<block xmlns="urn:xmpp:blocking"><item jid="romeo@example.net"/><item jid="romeo@example.net/orchard"/><item jid="spam.example"/></block>"#
        );
        let iq = Iq::read(document.root()).unwrap();
        let read = Block::read(&iq, iq.payload().unwrap()).unwrap();
        assert_eq!(read.jids, all);
        let document = written(&Unblock::default());
        let iq = Iq::read(document.root()).unwrap();
        assert_eq!(
            iq.payload().unwrap().source(),
            r#"<unblock xmlns="urn:xmpp:blocking"></unblock>"#.replace("></unblock>", "/>")
        );
    }

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let all = jids(&["romeo@example.net", "spam.example"]);
        let mut buffer = Vec::new();
        let id = StanzaId::new("i").unwrap();
        iq::write_result::<Blocked>(&all, &id, None, None, &mut buffer);
        let document = Document::parse(buffer, &Limits::default()).unwrap();
        let iq = Iq::read(document.root()).unwrap();
        let reply = Reply {
            from: None,
            payload: iq.payload(),
        };
        assert_eq!(Blocked::read_response(&reply).unwrap(), all);
        let nothing = Reply {
            from: None,
            payload: None,
        };
        assert!(Blocked::read_response(&nothing).is_err());
    }

    #[test]
    fn pushes_are_told_from_other_requests_and_refused_when_malformed() {
        let blocked = push(r#"<block xmlns="urn:xmpp:blocking"><item jid="a@b"/></block>"#);
        assert_eq!(blocked.unwrap(), Some(BlockPush::Blocked(jids(&["a@b"]))));
        let everybody = push(r#"<unblock xmlns="urn:xmpp:blocking"/>"#);
        assert_eq!(everybody.unwrap(), Some(BlockPush::Unblocked(Vec::new())));
        for other in [
            r#"<block xmlns="urn:x"/>"#,
            r#"<blocklist xmlns="urn:xmpp:blocking"/>"#,
            "",
        ] {
            assert_eq!(push(other).unwrap(), None, "{other}");
        }
        for malformed in [
            r#"<block xmlns="urn:xmpp:blocking"/>"#,
            r#"<block xmlns="urn:xmpp:blocking"><item/></block>"#,
            r#"<unblock xmlns="urn:xmpp:blocking"><item jid="@"/></unblock>"#,
        ] {
            assert!(push(malformed).is_err(), "{malformed}");
        }
    }
}
