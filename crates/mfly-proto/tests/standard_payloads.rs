//! Odd cases of the payloads of any XMPP server: what traces do not show.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests: what must not happen fails the test"
)]

use mfly_proto::decode::DecodeError;
use mfly_proto::jid::{BareJid, Jid};
use mfly_proto::listed::{Listed, SkipReason};
use mfly_proto::payload::standard::block::{
    BlockAddresses, BlockListPush, GetBlockList, UnblockAddresses,
};
use mfly_proto::payload::standard::entity_time::{EntityTime, GetEntityTime};
use mfly_proto::payload::standard::profile::{
    Email, GetVCard, Name, Photo, SetVCard, Telephone, VCard,
};
use mfly_proto::payload::standard::roster::{
    GetRoster, Roster, RosterItem, RosterPush, SetRosterItem, Subscription,
};
use mfly_proto::payload::standard::service_discovery::GetInfo;
use mfly_proto::push::StandardPush;
use mfly_proto::stanza::{Iq, IqRequest, Reply};
use mfly_proto::xml::{Document, Limits, Writer};

fn document(text: &str) -> Document {
    Document::parse(text.to_owned(), &Limits::default()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// The response to `R` in an `iq` result with this content.
fn response<R: IqRequest>(content: &str) -> Result<R::Response, DecodeError> {
    let document =
        document(&format!("<iq type='result' id='i' xmlns='jabber:client'>{content}</iq>"));
    let iq = Iq::read(document.root()).unwrap();
    R::read_response(&Reply { from: None, payload: iq.payload() })
}

/// The request `R` in an `iq` with this content.
fn request<R: IqRequest>(content: &str) -> Result<R, DecodeError> {
    let kind = R::KIND.as_str();
    let document =
        document(&format!("<iq type='{kind}' id='i' xmlns='jabber:client'>{content}</iq>"));
    let iq = Iq::read(document.root()).unwrap();
    R::read(&iq, iq.payload().unwrap())
}

fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut buffer = Vec::new();
    write(&mut Writer::new(&mut buffer));
    String::from_utf8(buffer).unwrap()
}

fn jid(text: &str) -> Jid {
    Jid::new(text).unwrap()
}

fn invalid(element: &'static str, field: &'static str) -> DecodeError {
    DecodeError::InvalidValue { element, field }
}

// vCard.

fn card(content: &str) -> VCard {
    VCard::read(document(&format!("<vCard xmlns='vcard-temp'>{content}</vCard>")).root()).unwrap()
}

#[test]
fn nobody_has_an_empty_card_however_the_server_says_so() {
    assert_eq!(response::<GetVCard>(""), Ok(VCard::default()));
    assert_eq!(response::<GetVCard>("<vCard xmlns='vcard-temp'/>"), Ok(VCard::default()));
    let other = DecodeError::UnexpectedElement { expected: "vCard" };
    assert_eq!(response::<GetVCard>("<vCard xmlns='u'/>"), Err(other));
}

#[test]
fn changing_one_field_of_a_card_keeps_everything_else() {
    let text = "<vCard xmlns=\"vcard-temp\"><FN>Bob</FN><NICKNAME>Bobby</NICKNAME>\
        <ADR xmlns=\"vcard-temp\"><HOME/><LOCALITY>B &amp; B</LOCALITY></ADR>\
        <x:FN xmlns:x=\"u\" xmlns=\"vcard-temp\" a=\"1\">other</x:FN></vCard>";
    let mut card = VCard::read(document(text).root()).unwrap();
    assert_eq!(written(|w| card.write(w)), text);
    card.full_name = "Robert".to_owned();
    assert_eq!(written(|w| card.write(w)), text.replace(">Bob<", ">Robert<"));
}

#[test]
fn a_second_value_where_a_card_has_one_is_kept_beside_it() {
    let card = card(
        "<FN>one</FN><FN>two</FN><N><GIVEN>a</GIVEN></N><N><GIVEN>b</GIVEN></N>\
        <PHOTO><EXTVAL>u</EXTVAL></PHOTO><PHOTO><EXTVAL>v</EXTVAL></PHOTO>",
    );
    assert_eq!((card.full_name.as_str(), card.name.given.as_str()), ("one", "a"));
    let others: Vec<_> = card.others.iter().map(|other| other.root().name().to_owned()).collect();
    assert_eq!(others, ["FN", "N", "PHOTO"]);
}

#[test]
fn a_photo_in_lines_or_without_padding_is_read_and_a_broken_one_is_kept_as_it_is() {
    for digits in ["aGVs\n  bG8h\n", "aGVsbG8h"] {
        let card = card(&format!("<PHOTO><TYPE>image/gif</TYPE><BINVAL>{digits}</BINVAL></PHOTO>"));
        assert_eq!(
            card.photo,
            Some(Photo::Inline { media_type: "image/gif".to_owned(), data: b"hello!".to_vec() })
        );
    }
    let unpadded = card("<PHOTO><BINVAL>aGk</BINVAL></PHOTO>").photo.unwrap();
    assert_eq!(written(|w| card("").write(w)), "<vCard xmlns=\"vcard-temp\"/>");
    assert_eq!(format!("{unpadded:?}"), "Inline(, 2 bytes)");
    for broken in ["<PHOTO/>", "<PHOTO><BINVAL>a*b</BINVAL></PHOTO>"] {
        let card = card(broken);
        assert_eq!((card.photo, card.others.len()), (None, 1), "{broken}");
    }
}

#[test]
fn what_cannot_be_an_element_is_not_written_as_one() {
    let card = VCard {
        name: Name { prefix: "Dr.".to_owned(), ..Name::default() },
        telephones: vec![Telephone {
            kinds: ["HOME", "NUMBER", "a b", ""].map(str::to_owned).to_vec(),
            number: "<1>".to_owned(),
        }],
        emails: vec![Email { kinds: vec!["USERID".to_owned()], address: String::new() }],
        ..VCard::default()
    };
    let text = written(|w| SetVCard { card }.write(w));
    assert_eq!(
        text,
        "<vCard xmlns=\"vcard-temp\"><N><PREFIX>Dr.</PREFIX></N>\
         <TEL><HOME/><NUMBER>&lt;1&gt;</NUMBER></TEL><EMAIL><USERID></USERID></EMAIL></vCard>"
    );
    assert_eq!(request::<SetVCard>(&text).unwrap().card.telephones[0].kinds, ["HOME"]);
}

/// Why entries were left out.
fn reasons<T>(list: &Listed<T>) -> Vec<SkipReason> {
    list.skipped().iter().map(|skipped| skipped.reason).collect()
}

// Roster.

const ROSTER: &str = "xmlns='jabber:iq:roster'";

#[test]
fn an_empty_answer_says_that_the_known_roster_is_the_latest() {
    assert_eq!(response::<GetRoster>(""), Ok(None));
    assert_eq!(
        response::<GetRoster>(&format!("<query {ROSTER} ver='7'/>")),
        Ok(Some(Roster { version: Some("7".to_owned()), items: Listed::new() }))
    );
}

fn roster(items: &str) -> Roster {
    let answer = response::<GetRoster>(&format!("<query {ROSTER}>{items}</query>"));
    answer.unwrap().unwrap()
}

#[test]
fn an_odd_contact_leaves_the_others() {
    let list = roster(
        "<item jid='a@b'/><item/><item jid=''/><item jid='c d@e'/><item jid='@'/><item jid=' f@g '/>",
    );
    let contacts = ["a@b", "f@g"].map(|address| RosterItem::new(jid(address)));
    assert_eq!(list.items, contacts);
    assert_eq!(list.items.skipped_count(), 4);
    let invalid = SkipReason::Invalid("jid");
    assert_eq!(reasons(&list.items), [SkipReason::Missing("jid"), invalid, invalid, invalid]);
    assert_eq!(list.items.skipped()[2].text, "<item jid='c d@e'/>");
}

#[test]
fn a_contact_may_be_any_address() {
    let addresses = [
        "a@b/Phone",
        "gateway.test",
        "gateway.test/registered",
        r"juliet\40example.com@gw.test",
        "a(b)@x.test",
    ];
    let items: String = addresses.map(|jid| format!("<item jid='{jid}'/>")).concat();
    let listed: Vec<_> = roster(&items).items.into_iter().map(|item| item.jid).collect();
    assert_eq!(listed, addresses.map(jid));
}

#[test]
fn a_subscription_that_is_not_defined_is_none_and_only_a_push_removes() {
    for (text, in_list, in_push) in [
        ("both", Subscription::Both, Subscription::Both),
        (" to ", Subscription::To, Subscription::To),
        ("all", Subscription::None, Subscription::None),
        ("", Subscription::None, Subscription::None),
        ("remove", Subscription::None, Subscription::Remove),
    ] {
        let item = format!("<item jid='a@b' subscription='{text}'/>");
        assert_eq!(roster(&item).items[0].subscription, in_list, "{text:?}");
        let push = document(&format!("<query {ROSTER}>{item}</query>"));
        let push = RosterPush::read(push.root()).unwrap().unwrap();
        assert_eq!(push.item.subscription, in_push, "{text:?}");
    }
}

#[test]
fn what_a_contact_does_not_say_is_empty() {
    let bare = RosterItem::new(BareJid::new("a@b").unwrap());
    let item = "<item jid='a@b' name='' ask='unsubscribe' approved='false'><group xmlns='u'>x</group></item>";
    assert_eq!(roster(item).items, [bare]);
    let asked = roster("<item jid='a@b' ask='subscribe' approved='1'/>");
    assert!(asked.items[0].is_asking && asked.items[0].is_approved);
}

#[test]
fn a_set_and_a_push_have_exactly_one_contact() {
    let query = |items: &str| format!("<query {ROSTER}>{items}</query>");
    let missing = DecodeError::MissingChild { element: "query", child: "item" };
    let two = invalid("query", "item");
    assert_eq!(request::<SetRosterItem>(&query("")), Err(missing.clone()));
    assert_eq!(RosterPush::read(document(&query("")).root()), Err(missing));
    let items = query("<item jid='a@b'/><item jid='c@d'/>");
    assert_eq!(request::<SetRosterItem>(&items), Err(two.clone()));
    assert_eq!(RosterPush::read(document(&items).root()), Err(two));
    let with_an_odd_one = query("<item jid='a@b'/><item jid='c d@e'/>");
    let push = RosterPush::read(document(&with_an_odd_one).root());
    assert_eq!(push.unwrap().unwrap().item.jid, jid("a@b"));
    let only_an_odd_one = query("<item jid='c d@e'/>");
    assert_eq!(RosterPush::read(document(&only_an_odd_one).root()), Err(invalid("item", "jid")));
    // A request is carried out whole or not at all.
    assert_eq!(request::<SetRosterItem>(&with_an_odd_one), Err(invalid("item", "jid")));
}

#[test]
fn a_client_names_no_subscription_except_to_remove_a_contact() {
    let contact = BareJid::new("a@b").unwrap();
    let item = RosterItem { groups: vec!["<g>".to_owned()], ..RosterItem::new(contact.clone()) };
    assert_eq!(
        written(|w| SetRosterItem { item }.write(w)),
        "<query xmlns=\"jabber:iq:roster\"><item jid=\"a@b\"><group>&lt;g&gt;</group></item></query>"
    );
    let removal = SetRosterItem::remove(contact);
    assert_eq!(removal.item.subscription, Subscription::Remove);
    assert_eq!(
        written(|w| removal.write(w)),
        "<query xmlns=\"jabber:iq:roster\"><item jid=\"a@b\" subscription=\"remove\"/></query>"
    );
}

// Blocking.

const BLOCKING: &str = "xmlns='urn:xmpp:blocking'";

#[test]
fn to_block_nobody_is_a_mistake_and_to_unblock_nobody_means_everybody() {
    let missing = DecodeError::MissingChild { element: "block", child: "item" };
    let block = format!("<block {BLOCKING}/>");
    assert_eq!(request::<BlockAddresses>(&block), Err(missing.clone()));
    assert_eq!(BlockListPush::read(document(&block).root()), Err(missing));
    let unblock = format!("<unblock {BLOCKING}/>");
    assert_eq!(request::<UnblockAddresses>(&unblock), Ok(UnblockAddresses::default()));
    assert_eq!(
        BlockListPush::read(document(&unblock).root()),
        Ok(Some(BlockListPush::Unblocked(Listed::new())))
    );
    assert_eq!(written(|w| UnblockAddresses::default().write(w)), unblock.replace('\'', "\""));
}

#[test]
fn any_kind_of_address_can_be_blocked() {
    let list = format!(
        "<blocklist {BLOCKING}><item jid='U2@h.test'/><item jid='u3@h.test/Phone'/><item jid='spam.test'/></blocklist>"
    );
    let addresses = ["u2@h.test", "u3@h.test/Phone", "spam.test"].map(jid).to_vec();
    assert_eq!(response::<GetBlockList>(&list), Ok(addresses.into()));
    let missing = DecodeError::MissingChild { element: "iq", child: "blocklist" };
    assert_eq!(response::<GetBlockList>(""), Err(missing));
    let nobody = format!("<block {BLOCKING}><item jid='@'/></block>");
    assert_eq!(request::<BlockAddresses>(&nobody), Err(invalid("item", "jid")));
}

#[test]
fn an_odd_address_leaves_the_others_and_never_means_everybody() {
    let items =
        "<item jid='spam.test'/><item jid='c d@e'/><item jid='@domain'/><item jid=''/><item/>";
    let list = response::<GetBlockList>(&format!("<blocklist {BLOCKING}>{items}</blocklist>"));
    let list = list.unwrap();
    assert_eq!(list, [jid("spam.test")]);
    assert_eq!(list.skipped_count(), 4);
    let push = |name: &str, items: &str| {
        let text = format!("<{name} {BLOCKING}>{items}</{name}>");
        BlockListPush::read(document(&text).root())
    };
    for name in ["block", "unblock"] {
        let addresses = match push(name, items).unwrap().unwrap() {
            BlockListPush::Blocked(addresses) | BlockListPush::Unblocked(addresses) => addresses,
        };
        assert_eq!((&*addresses, addresses.skipped_count()), (&[jid("spam.test")][..], 4));
        assert_eq!(push(name, "<item jid='c d@e'/>"), Err(invalid("item", "jid")), "{name}");
    }
    // A request is carried out whole or not at all.
    let unblock = format!("<unblock {BLOCKING}>{items}</unblock>");
    assert_eq!(request::<UnblockAddresses>(&unblock), Err(invalid("item", "jid")));
}

#[test]
fn only_sets_are_pushes() {
    let push = |kind: &str, content: &str| {
        let document =
            document(&format!("<iq type='{kind}' id='i' xmlns='jabber:client'>{content}</iq>"));
        StandardPush::from_iq(&Iq::read(document.root()).unwrap())
    };
    let block = format!("<block {BLOCKING}><item jid='spam.test'/></block>");
    assert_eq!(
        push("set", &block),
        Ok(Some(StandardPush::BlockList(BlockListPush::Blocked(vec![jid("spam.test")].into()))))
    );
    assert_eq!(push("get", &block), Ok(None));
    assert_eq!(push("result", &block), Ok(None));
    assert_eq!(push("set", ""), Ok(None));
    assert_eq!(push("set", "<block xmlns='u'/>"), Ok(None));
    let item = format!("<query {ROSTER} ver='2'><item jid='a@b' subscription='to'/></query>");
    let Ok(Some(StandardPush::Roster(push))) = push("set", &item) else {
        panic!("no push");
    };
    assert_eq!((push.version.as_deref(), push.item.subscription), (Some("2"), Subscription::To));
}

// Time and discovery.

#[test]
fn a_time_is_read_with_its_distance_from_utc() {
    let read = |tzo: &str, utc: &str| {
        response::<GetEntityTime>(&format!(
            "<time xmlns='urn:xmpp:time'><tzo>{tzo}</tzo><utc>{utc}</utc></time>"
        ))
    };
    let utc = "2006-12-19T17:58:35Z";
    for (tzo, offset_minutes) in [
        ("-06:30", -390),
        ("+14:00", 840),
        ("Z", 0),
        (" +00:00\n", 0),
        ("+0530", 330),
        ("-03", -180),
    ] {
        let utc = utc.parse().unwrap();
        assert_eq!(
            read(tzo, "2006-12-19T17:58:35Z"),
            Ok(EntityTime { utc, offset_minutes }),
            "{tzo}"
        );
    }
    for tzo in ["", "06:00", "-6:00", "+25:00", "+06:00:00", "\u{2212}06:00"] {
        assert_eq!(read(tzo, utc), Err(invalid("time", "tzo")), "{tzo}");
    }
    for utc in ["", "2006-12-19T17:58:35", "yesterday"] {
        assert_eq!(read("Z", utc), Err(invalid("time", "utc")), "{utc}");
    }
    for same in ["2006-12-19T11:58:35-06:00", " 20061219T17:58:35\n"] {
        assert_eq!(read("Z", same), read("Z", utc), "{same}");
    }
    let missing = |child| DecodeError::MissingChild { element: "time", child };
    let time = |content: &str| {
        response::<GetEntityTime>(&format!("<time xmlns='urn:xmpp:time'>{content}</time>"))
    };
    assert_eq!(time("<tzo>Z</tzo>"), Err(missing("utc")));
    assert_eq!(time(&format!("<utc>{utc}</utc>")), Err(missing("tzo")));
}

#[test]
fn features_are_found_and_forms_are_passed_over() {
    let info = response::<GetInfo>(
        "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im'/>\
         <feature var='urn:xmpp:ping'/><x xmlns='jabber:x:data'><feature var='no'/></x></query>",
    )
    .unwrap();
    assert!(info.has("urn:xmpp:ping") && !info.has("no"));
    assert_eq!(info.identities[0].name, None);
}

#[test]
fn an_odd_feature_or_identity_leaves_the_others() {
    let info = response::<GetInfo>(
        "<query xmlns='http://jabber.org/protocol/disco#info'><feature/><feature var='urn:xmpp:ping'/>\
         <identity type='im'/><identity category='server'/><identity category='server' type='im'/></query>",
    )
    .unwrap();
    assert_eq!(info.features, ["urn:xmpp:ping"]);
    assert_eq!(reasons(&info.features), [SkipReason::Missing("var")]);
    assert_eq!(info.identities.len(), 1);
    assert_eq!(
        reasons(&info.identities),
        [SkipReason::Missing("category"), SkipReason::Missing("type")]
    );
}
