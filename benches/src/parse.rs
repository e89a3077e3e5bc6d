//! Text to whatever each contender makes of it.
//!
//! Every job is its own function that is not inlined: identical code differed by 8% otherwise.

use crate::Contender;
use crate::corpus::{Kind, Stanza};
use mfly_proto::decode::DecodeError;
use mfly_proto::payload::block::{Block, GetBlocked, GetBlockedBy, Unblock};
use mfly_proto::payload::friends::GetFriends;
use mfly_proto::payload::last_seen::GetLastSeen;
use mfly_proto::payload::profile::GetProfile;
use mfly_proto::stanza::{Iq, IqRequest, Presence, Reply, Stanza as Top};
use mfly_proto::xml::{Element, Limits, Parser};
use quick_xml::events::Event;
use quick_xml::reader::{NsReader, Reader};
use std::borrow::Cow;
use std::hint::black_box;
use xmpp_parsers::blocking;
use xso::FromXml;

/// The contender that is 1.00.
pub const BASELINE: &str = "quick-xml NsReader";

/// All ways to parse this stanza. A contender that has no type for it is left out.
#[must_use]
pub fn contenders(stanza: &Stanza) -> Vec<Contender<'_>> {
    let text = stanza.text.as_str();
    let mut table = Parser::new(Limits::default());
    let mut contenders = vec![
        Contender::new("quick-xml Reader", move || quick_xml_reader(black_box(text))),
        Contender::new(BASELINE, move || quick_xml_ns_reader(black_box(text))),
        Contender::new("mfly table", move || mfly_table(&mut table, black_box(text))),
        mfly_typed(text, stanza.kind),
        Contender::new("roxmltree", move || roxmltree_document(black_box(text))),
        Contender::new("minidom", move || minidom_element(black_box(text))),
    ];
    contenders.extend(xmpp_parsers_typed(text, stanza.kind));
    contenders
}

/// Tags and text; attributes are not looked at.
#[inline(never)]
fn quick_xml_reader(text: &str) -> usize {
    let mut reader = Reader::from_reader(text.as_bytes());
    let mut events = 0;
    while let Ok(event) = reader.read_event() {
        if matches!(event, Event::Eof) {
            break;
        }
        black_box(&event);
        events += 1;
    }
    events
}

/// Names and attributes resolved, nothing kept, few checks.
#[inline(never)]
pub(crate) fn quick_xml_ns_reader(text: &str) -> usize {
    let mut reader = NsReader::from_reader(text.as_bytes());
    let mut names = 0;
    while let Ok((namespace, event)) = reader.read_resolved_event() {
        black_box(&namespace);
        match event {
            Event::Start(tag) | Event::Empty(tag) => {
                black_box(tag.local_name());
                for attribute in tag.attributes().flatten() {
                    black_box(reader.resolver().resolve_attribute(attribute.key));
                    black_box(&attribute.value);
                    names += 1;
                }
                names += 1;
            }
            Event::Eof => break,
            other => {
                black_box(&other);
            }
        }
    }
    names
}

/// The checked table.
#[inline(never)]
fn mfly_table(parser: &mut Parser, text: &str) -> bool {
    let element = parser.parse(text.as_bytes());
    black_box(&element).is_ok()
}

/// The contender with this workspace's types: what an application gets, owned.
fn mfly_typed(text: &str, kind: Kind) -> Contender<'_> {
    const NAME: &str = "mfly typed";
    fn answer_of<R: IqRequest>(text: &str) -> Contender<'_> {
        let mut parser = Parser::new(Limits::default());
        Contender::new(NAME, move || answer::<R>(&mut parser, black_box(text)))
    }
    fn question_of<R: IqRequest>(text: &str) -> Contender<'_> {
        let mut parser = Parser::new(Limits::default());
        Contender::new(NAME, move || question::<R>(&mut parser, black_box(text)))
    }
    let mut parser = Parser::new(Limits::default());
    match kind {
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
            Contender::new(NAME, move || presence(&mut parser, black_box(text)).is_ok())
        }
        Kind::Message => {
            Contender::new(NAME, move || message(&mut parser, black_box(text)).is_ok())
        }
    }
}

const NO_STANZA: DecodeError = DecodeError::UnexpectedElement { expected: "stanza" };

fn element<'a>(parser: &'a mut Parser, text: &'a str) -> Result<Element<'a>, DecodeError> {
    parser.parse(text.as_bytes()).map_err(|_| NO_STANZA)
}

/// A stanza that has been parsed, in this workspace's type for it.
///
/// # Errors
/// When the stanza is something else.
pub fn decode(element: Element<'_>, kind: Kind) -> Result<(), DecodeError> {
    fn keep<T>(decoded: Result<T, DecodeError>) -> Result<(), DecodeError> {
        black_box(decoded?);
        Ok(())
    }
    match kind {
        Kind::VCardResult => keep(read_answer::<GetProfile>(element)),
        Kind::LastResult => keep(read_answer::<GetLastSeen>(element)),
        Kind::BlockList => keep(read_answer::<GetBlocked>(element)),
        Kind::BlockedBy => keep(read_answer::<GetBlockedBy>(element)),
        Kind::Roster => keep(read_answer::<GetFriends>(element)),
        Kind::VCardGet => keep(read_question::<GetProfile>(element)),
        Kind::LastGet => keep(read_question::<GetLastSeen>(element)),
        Kind::Block => keep(read_question::<Block>(element)),
        Kind::Unblock => keep(read_question::<Unblock>(element)),
        Kind::Presence => keep(read_presence(element)),
        Kind::Message => keep(read_message(element)),
    }
}

/// The answer to the request `R`.
///
/// # Errors
/// When the stanza is something else.
#[inline(never)]
pub fn answer<R: IqRequest>(parser: &mut Parser, text: &str) -> Result<R::Response, DecodeError> {
    read_answer::<R>(element(parser, text)?)
}

/// The request `R`.
///
/// # Errors
/// When the stanza is something else.
#[inline(never)]
pub fn question<R: IqRequest>(parser: &mut Parser, text: &str) -> Result<R, DecodeError> {
    read_question(element(parser, text)?)
}

/// A presence.
///
/// # Errors
/// When the stanza is something else.
#[inline(never)]
pub fn presence(parser: &mut Parser, text: &str) -> Result<Presence, DecodeError> {
    read_presence(element(parser, text)?)
}

/// The body of a message; its envelope has been read as well.
///
/// # Errors
/// When the stanza is something else.
#[inline(never)]
pub fn message(parser: &mut Parser, text: &str) -> Result<Option<String>, DecodeError> {
    read_message(element(parser, text)?)
}

#[inline(always)]
fn stanza(element: Element<'_>) -> Result<Top<'_>, DecodeError> {
    Top::read(element)?.ok_or(NO_STANZA)
}

#[inline(always)]
fn iq(element: Element<'_>) -> Result<Iq<'_>, DecodeError> {
    match stanza(element)? {
        Top::Iq(iq) => Ok(iq),
        _ => Err(DecodeError::UnexpectedElement { expected: "iq" }),
    }
}

#[inline(always)]
fn read_answer<R: IqRequest>(element: Element<'_>) -> Result<R::Response, DecodeError> {
    let iq = iq(element)?;
    black_box(&iq);
    R::read_response(&Reply { from: iq.from.as_ref(), payload: iq.payload() })
}

#[inline(always)]
fn read_question<R: IqRequest>(element: Element<'_>) -> Result<R, DecodeError> {
    let iq = iq(element)?;
    black_box(&iq);
    let payload =
        iq.payload().ok_or(DecodeError::MissingChild { element: "iq", child: R::NAME })?;
    R::read(&iq, payload)
}

#[inline(always)]
fn read_presence(element: Element<'_>) -> Result<Presence, DecodeError> {
    match stanza(element)? {
        Top::Presence(presence) => Ok(black_box(presence)),
        _ => Err(DecodeError::UnexpectedElement { expected: "presence" }),
    }
}

#[inline(always)]
fn read_message(element: Element<'_>) -> Result<Option<String>, DecodeError> {
    match stanza(element)? {
        Top::Message(message) => {
            black_box(&message);
            Ok(black_box(message.body().map(Cow::into_owned)))
        }
        _ => Err(DecodeError::UnexpectedElement { expected: "message" }),
    }
}

#[inline(never)]
fn roxmltree_document(text: &str) -> bool {
    let document = roxmltree::Document::parse(text);
    black_box(&document).is_ok()
}

#[inline(never)]
fn minidom_element(text: &str) -> bool {
    let element = minidom::Element::from_reader(text.as_bytes());
    black_box(&element).is_ok()
}

/// The contender with the peer's types, where it has one.
fn xmpp_parsers_typed(text: &str, kind: Kind) -> Option<Contender<'_>> {
    const NAME: &str = "xmpp-parsers";
    fn payload_of<T: FromXml>(text: &str) -> Contender<'_> {
        Contender::new(NAME, move || peer_payload::<T>(black_box(text)))
    }
    fn stanza_of<T: FromXml>(text: &str) -> Contender<'_> {
        Contender::new(NAME, move || peer_stanza::<T>(black_box(text)))
    }
    Some(match kind {
        Kind::Block => payload_of::<blocking::Block>(text),
        Kind::Unblock => payload_of::<blocking::Unblock>(text),
        Kind::BlockList => payload_of::<blocking::BlocklistResult>(text),
        Kind::Roster => payload_of::<xmpp_parsers::roster::Roster>(text),
        Kind::Presence => stanza_of::<xmpp_parsers::presence::Presence>(text),
        Kind::Message => stanza_of::<xmpp_parsers::message::Message>(text),
        _ => return None,
    })
}

/// A whole stanza in the peer's type.
#[inline(never)]
pub fn peer_stanza<T: FromXml>(text: &str) -> Option<T> {
    xso::from_bytes(text.as_bytes()).ok()
}

/// The payload of an `iq` in the peer's type.
#[inline(never)]
pub fn peer_payload<T: FromXml>(text: &str) -> Option<T> {
    use xmpp_parsers::iq::Iq as PeerIq;
    match xso::from_bytes::<PeerIq>(text.as_bytes()).ok()? {
        PeerIq::Set { payload, .. } | PeerIq::Result { payload: Some(payload), .. } => {
            xso::transform(&payload).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::stanzas;

    #[test]
    fn every_stanza_decodes_to_a_typed_value_with_its_content() {
        let all = stanzas();
        let text = |name| &all.iter().find(|stanza| stanza.name == name).unwrap().text;
        let parser = &mut Parser::new(Limits::default());
        let card = answer::<GetProfile>(parser, text("vcard result")).unwrap();
        assert_eq!((card.status.as_str(), card.thumb_image.len()), ("I am in & around", 1200));
        assert!(question::<GetProfile>(parser, text("vcard get")).unwrap().to.is_some());
        assert!(question::<GetLastSeen>(parser, text("last get")).unwrap().to().is_some());
        assert_eq!(answer::<GetLastSeen>(parser, text("last result")).unwrap().seconds, 8123);
        let blocked = question::<Block>(parser, text("block set")).unwrap().user;
        assert_eq!(blocked, question::<Unblock>(parser, text("unblock set")).unwrap().user);
        for (name, count) in [("block list 1", 1), ("block list 50", 50), ("block list 1000", 1000)]
        {
            assert_eq!(answer::<GetBlocked>(parser, text(name)).unwrap().len(), count);
        }
        assert_eq!(answer::<GetBlockedBy>(parser, text("blocked by 50")).unwrap().len(), 50);
        assert_eq!(presence(parser, text("presence")).unwrap().priority, 1);
        assert_eq!(message(parser, text("message")).unwrap().unwrap().len(), 400);
        let friends = answer::<GetFriends>(parser, text("roster 200")).unwrap();
        let profile = friends.items[7].user_profile.clone().unwrap();
        assert_eq!(friends.items.len(), 200);
        assert!(profile.contains(r#""nickName": "Üser <7> & Co""#), "{profile}");
    }

    #[test]
    fn the_baseline_walks_the_whole_stanza() {
        for stanza in stanzas() {
            let mut parser = Parser::new(Limits::default());
            let mut open = vec![parser.parse(stanza.text.as_bytes()).unwrap()];
            let mut names = 0;
            while let Some(element) = open.pop() {
                let declared = element.source().split('>').next().unwrap().contains(" xmlns=");
                names += 1 + element.attributes().count() + usize::from(declared);
                open.extend(element.children());
            }
            assert_eq!(quick_xml_ns_reader(&stanza.text), names, "{}", stanza.name);
        }
    }

    #[test]
    fn the_peers_read_what_they_have_types_for() {
        for stanza in stanzas() {
            assert!(roxmltree_document(&stanza.text), "{}", stanza.name);
            assert!(minidom_element(&stanza.text), "{}", stanza.name);
        }
        let all = stanzas();
        let text = |name| &all.iter().find(|stanza| stanza.name == name).unwrap().text;
        let list = peer_payload::<blocking::BlocklistResult>(text("block list 50")).unwrap();
        assert_eq!(list.items.len(), 50);
        assert!(peer_payload::<blocking::Block>(text("block set")).is_some());
        assert!(peer_payload::<blocking::Unblock>(text("unblock set")).is_some());
        assert!(peer_payload::<xmpp_parsers::roster::Roster>(text("roster 200")).is_some());
        assert!(peer_stanza::<xmpp_parsers::presence::Presence>(text("presence")).is_some());
        assert!(peer_stanza::<xmpp_parsers::message::Message>(text("message")).is_some());
    }
}
