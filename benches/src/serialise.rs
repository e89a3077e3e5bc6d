//! Writing: from the values of each contender to text.
//!
//! This workspace and quick-xml write into a buffer that is used again; the peers' interface is a
//! new buffer for each stanza, or a tree that has been built beforehand.

use crate::corpus::{Kind, Stanza};
use crate::{Contender, parse};
use mfly_proto::decode::DecodeError;
use mfly_proto::id::StanzaId;
use mfly_proto::stanza::{IqRequest, iq};
use mfly_proto::xml::{Element, Limits, Parser, Writer};
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use std::hint::black_box;
use xso::AsXml;

/// The baseline: every other time is given as a ratio to its time.
pub const BASELINE: &str = "quick-xml Writer";

/// An element as plain values, for the generic writers.
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

/// The contenders that can write a stanza.
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

/// The contender with this workspace's types. Messages have no writer: applications send none.
fn mfly_typed(stanza: &Stanza) -> Option<Contender<'_>> {
    fn writer<'s, T: 's>(
        text: &str,
        read: impl Fn(Element<'_>) -> Result<T, DecodeError>,
        write: impl Fn(&T, &StanzaId, &mut Vec<u8>) + 's,
    ) -> Option<Contender<'s>> {
        let value = parse::typed(&mut Parser::new(Limits::default()), text, read).ok()?;
        let id = StanzaId::new("BA1a2b3c4d").ok()?;
        let mut buffer = Vec::new();
        Some(Contender::new("mfly typed", move || {
            buffer.clear();
            write(black_box(&value), &id, &mut buffer);
            buffer.len()
        }))
    }
    let text = stanza.text.as_str();
    parse::by_kind!(
        stanza.kind,
        answer<R> writer(text, parse::answer::<R>, answer::<R>),
        request<R> writer(text, parse::request::<R>, request::<R>),
        presence writer(text, parse::presence, |presence, _, buffer| presence.write(buffer)),
        message None,
    )
}

#[inline(never)]
fn answer<R: IqRequest>(response: &R::Response, id: &StanzaId, buffer: &mut Vec<u8>) {
    let from = Some("917000007919@xmpp.example.im");
    let to = Some("917000015838@xmpp.example.im/web");
    iq::write_result::<R>(response, id, from, to, buffer);
}

#[inline(never)]
fn request<R: IqRequest>(request: &R, id: &StanzaId, buffer: &mut Vec<u8>) {
    let _ = iq::write_request(request, id, buffer);
}

#[inline(never)]
fn minidom_write(element: &minidom::Element, buffer: &mut Vec<u8>) -> bool {
    element.write_to(buffer).is_ok()
}

/// The contender with the peer's types. Payloads are written without their `iq`, which favours it.
fn xmpp_parsers_typed(stanza: &Stanza) -> Option<Contender<'_>> {
    fn writer<T: AsXml + 'static>(value: T) -> Contender<'static> {
        Contender::new("xmpp-parsers", move || peer_write(black_box(&value)))
    }
    let text = stanza.text.as_str();
    Some(parse::by_peer_kind!(
        stanza.kind,
        payload<T> writer(parse::peer_payload::<T>(text)?),
        stanza<T> writer(parse::peer_stanza::<T>(text)?),
    ))
}

#[inline(never)]
fn peer_write<T: AsXml>(value: &T) -> Option<Vec<u8>> {
    xso::to_vec(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::stanzas;
    use crate::parse::mfly::{Block, GetFriends};

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
            let text = stanza.text.as_str();
            match stanza.kind {
                Kind::Roster => {
                    let read = parse::answer::<GetFriends>;
                    let friends = parse::typed(parser, text, read).unwrap();
                    answer::<GetFriends>(&friends, &id, &mut buffer);
                    let text = std::str::from_utf8(&buffer).unwrap();
                    assert_eq!(parse::typed(parser, text, read).unwrap(), friends);
                }
                Kind::Block => {
                    let read = parse::request::<Block>;
                    let block = parse::typed(parser, text, read).unwrap();
                    request(&block, &id, &mut buffer);
                    let text = std::str::from_utf8(&buffer).unwrap();
                    assert_eq!(parse::typed(parser, text, read).unwrap(), block);
                }
                _ => {}
            }
            let is_message = stanza.kind == Kind::Message;
            assert_eq!(mfly_typed(&stanza).is_none(), is_message, "{}", stanza.name);
        }
    }
}
