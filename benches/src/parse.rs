//! Parsing: from text to the values of each contender.
//!
//! Every job is its own function that is not inlined: identical code differed by 8% otherwise.

use crate::Contender;
use crate::corpus::{Kind, Stanza};
use mfly_proto::decode::DecodeError;
use mfly_proto::stanza::{Iq, IqRequest, Presence, Reply, Stanza as Top};
use mfly_proto::xml::{Element, Limits, Parser};
use quick_xml::events::Event;
use quick_xml::reader::{NsReader, Reader};
use std::borrow::Cow;
use std::hint::black_box;
use xso::FromXml;

/// The baseline: every other time is given as a ratio to its time.
pub const BASELINE: &str = "quick-xml NsReader";

/// The contenders that can parse a stanza.
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

/// Reads tags and text, without attributes.
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

/// Resolves names and attributes, keeps nothing, checks little.
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

/// Fills the checked table of nodes.
#[inline(never)]
fn mfly_table(parser: &mut Parser, text: &str) -> bool {
    let element = parser.parse(text.as_bytes());
    black_box(&element).is_ok()
}

/// Evaluates one of four expressions by the kind of a stanza, with the request's type bound to a
/// name where it is an answer or a request.
macro_rules! by_kind {
    (
        $kind:expr,
        answer<$A:ident> $answer:expr,
        request<$R:ident> $request:expr,
        presence $presence:expr,
        message $message:expr $(,)?
    ) => {
        $crate::parse::by_kind!(
            @match $kind;
            $A $answer => VCardResult GetProfile, LastResult GetLastSeen, BlockList GetBlocked,
                BlockedBy GetBlockedBy, Roster GetFriends;
            $R $request => VCardGet GetProfile, LastGet GetLastSeen, Block Block, Unblock Unblock;
            $presence; $message
        )
    };
    (
        @match $kind:expr;
        $A:ident $answer:expr => $($answered:ident $a:ident),*;
        $R:ident $request:expr => $($asked:ident $r:ident),*;
        $presence:expr; $message:expr
    ) => {
        match $kind {
            $(Kind::$answered => { type $A = $crate::parse::mfly::$a; $answer })*
            $(Kind::$asked => { type $R = $crate::parse::mfly::$r; $request })*
            Kind::Presence => $presence,
            Kind::Message => $message,
        }
    };
}
pub(crate) use by_kind;

/// The types of this workspace.
pub(crate) mod mfly {
    pub(crate) use mfly_proto::payload::block::{Block, GetBlocked, GetBlockedBy, Unblock};
    pub(crate) use mfly_proto::payload::friends::GetFriends;
    pub(crate) use mfly_proto::payload::last_seen::GetLastSeen;
    pub(crate) use mfly_proto::payload::profile::GetProfile;
}

/// The contender with this workspace's types, whose values are owned as in an application.
fn mfly_typed(text: &str, kind: Kind) -> Contender<'_> {
    fn contender<'s, T: 's>(
        text: &'s str,
        read: impl Fn(Element<'_>) -> Result<T, DecodeError> + 's,
    ) -> Contender<'s> {
        let mut parser = Parser::new(Limits::default());
        Contender::new("mfly typed", move || typed(&mut parser, black_box(text), &read))
    }
    by_kind!(
        kind,
        answer<R> contender(text, answer::<R>),
        request<R> contender(text, request::<R>),
        presence contender(text, presence),
        message contender(text, message),
    )
}

const NO_STANZA: DecodeError = DecodeError::UnexpectedElement { expected: "stanza" };

/// Parses a stanza and reads it into a type.
#[inline(never)]
pub fn typed<T>(
    parser: &mut Parser,
    text: &str,
    read: impl Fn(Element<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    read(parser.parse(text.as_bytes()).map_err(|_| NO_STANZA)?)
}

/// Reads a parsed stanza into this workspace's type for it.
pub fn decode(element: Element<'_>, kind: Kind) -> Result<(), DecodeError> {
    by_kind!(
        kind,
        answer<R> answer::<R>(element).map(|value| drop(black_box(value))),
        request<R> request::<R>(element).map(|value| drop(black_box(value))),
        presence presence(element).map(|value| drop(black_box(value))),
        message message(element).map(|value| drop(black_box(value))),
    )
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

/// Reads the answer to the request `R`.
#[inline(always)]
pub fn answer<R: IqRequest>(element: Element<'_>) -> Result<R::Response, DecodeError> {
    let iq = iq(element)?;
    black_box(&iq);
    R::read_response(&Reply { from: iq.from.as_ref(), payload: iq.payload() })
}

/// Reads the request `R`.
#[inline(always)]
pub fn request<R: IqRequest>(element: Element<'_>) -> Result<R, DecodeError> {
    let iq = iq(element)?;
    black_box(&iq);
    let payload =
        iq.payload().ok_or(DecodeError::MissingChild { element: "iq", child: R::NAME })?;
    R::read(&iq, payload)
}

/// Reads a presence.
#[inline(always)]
pub fn presence(element: Element<'_>) -> Result<Presence, DecodeError> {
    match stanza(element)? {
        Top::Presence(presence) => Ok(black_box(presence)),
        _ => Err(DecodeError::UnexpectedElement { expected: "presence" }),
    }
}

#[inline(always)]
fn message(element: Element<'_>) -> Result<Option<String>, DecodeError> {
    match stanza(element)? {
        Top::Message(message) => Ok(black_box(message.body().map(Cow::into_owned))),
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

/// Evaluates one of two expressions by the kind of a stanza, with the peer's type for it bound to a
/// name, or returns `None` where the peer has none.
macro_rules! by_peer_kind {
    ($kind:expr, payload<$P:ident> $payload:expr, stanza<$S:ident> $stanza:expr $(,)?) => {
        match $kind {
            Kind::Block => {
                type $P = xmpp_parsers::blocking::Block;
                $payload
            }
            Kind::Unblock => {
                type $P = xmpp_parsers::blocking::Unblock;
                $payload
            }
            Kind::BlockList => {
                type $P = xmpp_parsers::blocking::BlocklistResult;
                $payload
            }
            Kind::Roster => {
                type $P = xmpp_parsers::roster::Roster;
                $payload
            }
            Kind::Presence => {
                type $S = xmpp_parsers::presence::Presence;
                $stanza
            }
            Kind::Message => {
                type $S = xmpp_parsers::message::Message;
                $stanza
            }
            _ => return None,
        }
    };
}
pub(crate) use by_peer_kind;

/// The contender with the peer's types, where it has one.
fn xmpp_parsers_typed(text: &str, kind: Kind) -> Option<Contender<'_>> {
    const NAME: &str = "xmpp-parsers";
    Some(by_peer_kind!(
        kind,
        payload<T> Contender::new(NAME, move || peer_payload::<T>(black_box(text))),
        stanza<T> Contender::new(NAME, move || peer_stanza::<T>(black_box(text))),
    ))
}

/// Reads a whole stanza into the peer's type.
#[inline(never)]
pub fn peer_stanza<T: FromXml>(text: &str) -> Option<T> {
    xso::from_bytes(text.as_bytes()).ok()
}

/// Reads the payload of an `iq` into the peer's type.
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
        use mfly::*;
        let all = stanzas();
        let text = |name| &all.iter().find(|stanza| stanza.name == name).unwrap().text;
        let parser = &mut Parser::new(Limits::default());
        let card = typed(parser, text("vcard result"), answer::<GetProfile>).unwrap();
        assert_eq!((card.status.as_str(), card.thumb_image.len()), ("I am in & around", 1200));
        assert!(typed(parser, text("vcard get"), request::<GetProfile>).unwrap().to.is_some());
        assert!(typed(parser, text("last get"), request::<GetLastSeen>).unwrap().to().is_some());
        let last_seen = typed(parser, text("last result"), answer::<GetLastSeen>).unwrap();
        assert_eq!(last_seen.seconds, 8123);
        let blocked = typed(parser, text("block set"), request::<Block>).unwrap().user;
        let unblocked = typed(parser, text("unblock set"), request::<Unblock>).unwrap().user;
        assert_eq!(blocked, unblocked);
        for (name, count) in [("block list 1", 1), ("block list 50", 50), ("block list 1000", 1000)]
        {
            assert_eq!(typed(parser, text(name), answer::<GetBlocked>).unwrap().len(), count);
        }
        let blocked_by = typed(parser, text("blocked by 50"), answer::<GetBlockedBy>).unwrap();
        assert_eq!(blocked_by.len(), 50);
        assert_eq!(typed(parser, text("presence"), presence).unwrap().priority, 1);
        assert_eq!(typed(parser, text("message"), message).unwrap().unwrap().len(), 400);
        let friends = typed(parser, text("roster 200"), answer::<GetFriends>).unwrap();
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
        let mut read = 0;
        for stanza in stanzas() {
            let text = &stanza.text;
            let is_read = |stanza: &Stanza| {
                Some(by_peer_kind!(
                    stanza.kind,
                    payload<T> peer_payload::<T>(text).is_some(),
                    stanza<T> peer_stanza::<T>(text).is_some(),
                ))
            };
            assert_ne!(is_read(&stanza), Some(false), "{}", stanza.name);
            read += usize::from(is_read(&stanza).is_some());
        }
        assert_eq!(read, 8);
        let list = stanzas().into_iter().find(|stanza| stanza.name == "block list 50").unwrap();
        let list = peer_payload::<xmpp_parsers::blocking::BlocklistResult>(&list.text).unwrap();
        assert_eq!(list.items.len(), 50);
    }
}
