//! The same values back to text.
//!
//! This workspace and quick-xml write into a buffer that is used again; the peers' interface is a
//! new buffer for each stanza, or a tree that has been built beforehand.

use crate::corpus::{Kind, Stanza};
use crate::{Contender, parse};
use mfly_proto::id::StanzaId;
use mfly_proto::payload::block::{Block, GetBlocked, GetBlockedBy, Unblock};
use mfly_proto::payload::friends::GetFriends;
use mfly_proto::payload::last_seen::GetLastSeen;
use mfly_proto::payload::profile::GetProfile;
use mfly_proto::stanza::{IqRequest, iq};
use mfly_proto::xml::{Element, Limits, Parser, Writer};
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use std::hint::black_box;
use xmpp_parsers::blocking;
use xso::AsXml;

/// The contender that is 1.00.
pub const BASELINE: &str = "quick-xml Writer";

/// An element as plain values: what generic writers start from.
struct Tree {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Self>,
}

impl Tree {
    fn read(element: Element<'_>, inherited: &str) -> Self {
        let mut attributes = Vec::new();
        if element.ns() != inherited {
            attributes.push(("xmlns".to_owned(), element.ns().to_owned()));
        }
        let values = element.attributes();
        attributes.extend(values.map(|(_, name, value)| (name.to_owned(), value.into_owned())));
        Self {
            name: element.name().to_owned(),
            attributes,
            text: element.text().into_owned(),
            children: element.children().map(|child| Self::read(child, element.ns())).collect(),
        }
    }
}

/// All ways to write this stanza. A contender that has no type for it is left out.
#[must_use]
pub fn contenders(stanza: &Stanza) -> Vec<Contender<'_>> {
    let tree = || parsed_tree(&stanza.text);
    let mut contenders = Vec::new();
    if let (Some(ours), Some(theirs)) = (tree(), tree()) {
        let (mut buffer, mut their_buffer) = (Vec::new(), Vec::new());
        contenders.push(Contender::new("mfly Writer", move || {
            buffer.clear();
            mfly_writer(&mut Writer::new(&mut buffer), black_box(&ours));
            buffer.len()
        }));
        contenders.push(Contender::new(BASELINE, move || {
            their_buffer.clear();
            let mut writer = quick_xml::Writer::new(&mut their_buffer);
            quick_xml_writer(&mut writer, black_box(&theirs)).is_ok()
        }));
    }
    contenders.extend(mfly_typed(stanza));
    if let Ok(element) = minidom::Element::from_reader(stanza.text.as_bytes()) {
        let mut buffer = Vec::new();
        contenders.push(Contender::new("minidom", move || {
            buffer.clear();
            minidom_write(black_box(&element), &mut buffer)
        }));
    }
    contenders.extend(xmpp_parsers_typed(stanza));
    contenders
}

fn parsed_tree(text: &str) -> Option<Tree> {
    let mut parser = Parser::new(Limits::default());
    parser.parse(text.as_bytes()).ok().map(|element| Tree::read(element, ""))
}

#[inline(never)]
fn mfly_writer(writer: &mut Writer<'_>, tree: &Tree) {
    writer.other_element("text", &tree.name, |w| {
        for (name, value) in &tree.attributes {
            w.other_attr("attribute", name, value);
        }
        if !tree.text.is_empty() {
            w.text(&tree.text);
        }
        for child in &tree.children {
            mfly_writer(w, child);
        }
    });
}

#[inline(never)]
fn quick_xml_writer(
    writer: &mut quick_xml::Writer<&mut Vec<u8>>,
    tree: &Tree,
) -> std::io::Result<()> {
    let mut start = BytesStart::new(tree.name.as_str());
    for (name, value) in &tree.attributes {
        start.push_attribute((name.as_str(), value.as_str()));
    }
    if tree.text.is_empty() && tree.children.is_empty() {
        return writer.write_event(Event::Empty(start));
    }
    writer.write_event(Event::Start(start))?;
    if !tree.text.is_empty() {
        writer.write_event(Event::Text(BytesText::new(&tree.text)))?;
    }
    for child in &tree.children {
        quick_xml_writer(writer, child)?;
    }
    writer.write_event(Event::End(BytesEnd::new(tree.name.as_str())))
}

/// The contender with this workspace's types; messages have no writer, applications do not send
/// them.
fn mfly_typed(stanza: &Stanza) -> Option<Contender<'_>> {
    fn answer_of<R: IqRequest>(text: &str) -> Option<Contender<'_>>
    where
        R::Response: 'static,
    {
        let response = parse::answer::<R>(&mut Parser::new(Limits::default()), text).ok()?;
        let id = StanzaId::new("BA1a2b3c4d").ok()?;
        let mut buffer = Vec::new();
        Some(Contender::new("mfly typed", move || {
            buffer.clear();
            answer::<R>(black_box(&response), &id, &mut buffer);
            buffer.len()
        }))
    }
    fn question_of<R: IqRequest + 'static>(text: &str) -> Option<Contender<'_>> {
        let request = parse::question::<R>(&mut Parser::new(Limits::default()), text).ok()?;
        let id = StanzaId::new("BA1a2b3c4d").ok()?;
        let mut buffer = Vec::new();
        Some(Contender::new("mfly typed", move || {
            buffer.clear();
            question(black_box(&request), &id, &mut buffer);
            buffer.len()
        }))
    }
    let text = stanza.text.as_str();
    match stanza.kind {
        Kind::VCardResult => answer_of::<GetProfile>(text),
        Kind::LastResult => answer_of::<GetLastSeen>(text),
        Kind::BlockList => answer_of::<GetBlocked>(text),
        Kind::BlockedBy => answer_of::<GetBlockedBy>(text),
        Kind::Roster => answer_of::<GetFriends>(text),
        Kind::VCardGet => question_of::<GetProfile>(text),
        Kind::LastGet => question_of::<GetLastSeen>(text),
        Kind::Block => question_of::<Block>(text),
        Kind::Unblock => question_of::<Unblock>(text),
        Kind::Presence => {
            let presence = parse::presence(&mut Parser::new(Limits::default()), text).ok()?;
            let mut buffer = Vec::new();
            Some(Contender::new("mfly typed", move || {
                buffer.clear();
                black_box(&presence).write(&mut buffer);
                buffer.len()
            }))
        }
        Kind::Message => None,
    }
}

#[inline(never)]
fn answer<R: IqRequest>(response: &R::Response, id: &StanzaId, buffer: &mut Vec<u8>) {
    let from = Some("917000007919@xmpp.example.im");
    let to = Some("917000015838@xmpp.example.im/web");
    iq::write_result::<R>(response, id, from, to, buffer);
}

#[inline(never)]
fn question<R: IqRequest>(request: &R, id: &StanzaId, buffer: &mut Vec<u8>) {
    let _ = iq::write_request(request, id, buffer);
}

#[inline(never)]
fn minidom_write(element: &minidom::Element, buffer: &mut Vec<u8>) -> bool {
    element.write_to(buffer).is_ok()
}

/// The contender with the peer's types; payloads are written without their `iq`, which favours it.
fn xmpp_parsers_typed(stanza: &Stanza) -> Option<Contender<'_>> {
    fn writer<T: AsXml + 'static>(value: Option<T>) -> Option<Contender<'static>> {
        let value = value?;
        Some(Contender::new("xmpp-parsers", move || peer_write(black_box(&value))))
    }
    let text = stanza.text.as_str();
    match stanza.kind {
        Kind::Block => writer(parse::peer_payload::<blocking::Block>(text)),
        Kind::Unblock => writer(parse::peer_payload::<blocking::Unblock>(text)),
        Kind::BlockList => writer(parse::peer_payload::<blocking::BlocklistResult>(text)),
        Kind::Roster => writer(parse::peer_payload::<xmpp_parsers::roster::Roster>(text)),
        Kind::Presence => writer(parse::peer_stanza::<xmpp_parsers::presence::Presence>(text)),
        Kind::Message => writer(parse::peer_stanza::<xmpp_parsers::message::Message>(text)),
        _ => None,
    }
}

#[inline(never)]
fn peer_write<T: AsXml>(value: &T) -> Option<Vec<u8>> {
    xso::to_vec(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::stanzas;

    #[test]
    fn both_writers_write_what_was_parsed() {
        for stanza in stanzas() {
            let tree = parsed_tree(&stanza.text).unwrap();
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            mfly_writer(&mut Writer::new(&mut ours), &tree);
            quick_xml_writer(&mut quick_xml::Writer::new(&mut theirs), &tree).unwrap();
            assert_eq!(ours, theirs, "{}", stanza.name);
            assert_eq!(String::from_utf8(ours).unwrap(), stanza.text.replace('\'', "\""));
        }
    }

    #[test]
    fn typed_values_are_written_so_that_they_can_be_read_again() {
        let id = StanzaId::new("1").unwrap();
        let parser = &mut Parser::new(Limits::default());
        for stanza in stanzas() {
            let mut buffer = Vec::new();
            match stanza.kind {
                Kind::Roster => {
                    let friends = parse::answer::<GetFriends>(parser, &stanza.text).unwrap();
                    answer::<GetFriends>(&friends, &id, &mut buffer);
                    let text = std::str::from_utf8(&buffer).unwrap();
                    assert_eq!(parse::answer::<GetFriends>(parser, text).unwrap(), friends);
                }
                Kind::Block => {
                    let block = parse::question::<Block>(parser, &stanza.text).unwrap();
                    question(&block, &id, &mut buffer);
                    let text = std::str::from_utf8(&buffer).unwrap();
                    assert_eq!(parse::question::<Block>(parser, text).unwrap(), block);
                }
                _ => {}
            }
            let is_message = stanza.kind == Kind::Message;
            assert_eq!(mfly_typed(&stanza).is_none(), is_message, "{}", stanza.name);
        }
    }
}
