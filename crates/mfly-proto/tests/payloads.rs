//! Payloads beyond what a round trip shows: see `fixtures/decoding` for the rest.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

use mfly_proto::jid::{BareJid, UserReference};
use mfly_proto::listed::SkipReason;
use mfly_proto::payload::block::GetBlocked;
use mfly_proto::payload::profile::{SetProfile, VCard};
use mfly_proto::payload::standard::profile::{self as card, Email, Name, SetVCard, Telephone};
use mfly_proto::payload::standard::roster::{GetRoster, SetRosterItem, Subscription};
use mfly_proto::payload::standard::service_discovery::GetInfo;
use mfly_proto::stanza::{Iq, IqRequest, Message, Reply};
use mfly_proto::xml::{Document, Limits, Writer};

fn document(text: &str) -> Document {
    Document::parse(text.to_owned(), &Limits::default()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// The response to `R` in an `iq` result with this content.
fn response<R: IqRequest>(content: &str) -> R::Response {
    let document = document(&format!("<iq type='result' id='i'>{content}</iq>"));
    let iq = Iq::read(document.root()).unwrap();
    R::read_response(&Reply { from: None, payload: iq.payload() }).unwrap()
}

fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut buffer = Vec::new();
    write(&mut Writer::new(&mut buffer));
    String::from_utf8(buffer).unwrap()
}

#[test]
fn an_entry_that_is_left_out_of_a_list_is_kept_with_its_reason_and_text() {
    let list = response::<GetBlocked>(
        "<blocklist xmlns='urn:xmpp:blocking'><item jid='u2@h.test'/><item/><item jid='u3@h.test/Web'/></blocklist>",
    );
    assert_eq!((list.len(), list.skipped_count()), (1, 2));
    let reasons = |skipped: &[mfly_proto::listed::Skipped]| {
        skipped.iter().map(|skipped| skipped.reason).collect::<Vec<_>>()
    };
    assert_eq!(reasons(list.skipped()), [SkipReason::Missing("jid"), SkipReason::Invalid("jid")]);
    assert_eq!(list.skipped()[1].text, "<item jid='u3@h.test/Web'/>");
    let roster =
        response::<GetRoster>("<query xmlns='jabber:iq:roster'><item/><item jid='a@b'/></query>");
    assert_eq!(reasons(roster.unwrap().items.skipped()), [SkipReason::Missing("jid")]);
    let info = response::<GetInfo>(
        "<query xmlns='http://jabber.org/protocol/disco#info'><feature/><feature var='urn:xmpp:ping'/>\
         <identity type='im'/><identity category='server'/></query>",
    );
    assert!(info.has("urn:xmpp:ping") && !info.has("urn:other"));
    assert_eq!(reasons(info.features.skipped()), [SkipReason::Missing("var")]);
    assert_eq!(
        reasons(info.identities.skipped()),
        [SkipReason::Missing("category"), SkipReason::Missing("type")]
    );
}

#[test]
fn a_reference_to_a_user_becomes_an_address_at_a_host() {
    let at_host = |text: &str| UserReference::new(text).unwrap().at("h.test").unwrap();
    assert_eq!(at_host("u5").as_str(), "u5@h.test");
    assert_eq!(at_host("u6@other.test/Web").as_str(), "u6@other.test");
}

#[test]
fn changing_one_field_of_a_card_keeps_everything_else() {
    let text = "<vCard xmlns=\"vcard-temp\"><FN>Bob</FN><NICKNAME>Bobby</NICKNAME>\
        <ADR xmlns=\"vcard-temp\"><HOME/><LOCALITY>B &amp; B</LOCALITY></ADR></vCard>";
    let mut card = card::VCard::read(document(text).root()).unwrap();
    assert_eq!(written(|w| card.write(w)), text);
    card.full_name = "Robert".to_owned();
    assert_eq!(written(|w| card.write(w)), text.replace(">Bob<", ">Robert<"));
}

#[test]
fn names_that_cannot_be_elements_are_not_written() {
    let card = card::VCard {
        name: Name { prefix: "Dr.".to_owned(), ..Name::default() },
        telephones: vec![Telephone {
            kinds: ["HOME", "NUMBER", "a b", ""].map(str::to_owned).to_vec(),
            number: "<1>".to_owned(),
        }],
        emails: vec![Email { kinds: vec!["USERID".to_owned()], address: String::new() }],
        ..card::VCard::default()
    };
    assert_eq!(
        written(|w| SetVCard { card }.write(w)),
        "<vCard xmlns=\"vcard-temp\"><N><PREFIX>Dr.</PREFIX></N>\
         <TEL><HOME/><NUMBER>&lt;1&gt;</NUMBER></TEL><EMAIL><USERID></USERID></EMAIL></vCard>"
    );
    let others = [("city", "<x/>"), ("a><b", ""), ("", ""), ("p:q", ""), ("1", "")];
    let others = others.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let request = SetProfile { card: VCard { others, ..VCard::default() } };
    let read = VCard::read(document(&written(|w| request.write(w))).root()).unwrap();
    assert_eq!((read.others.len(), read.other("city")), (1, Some("<x/>")));
}

#[test]
fn debug_output_of_a_photo_shows_its_size_only() {
    let card = "<vCard xmlns='vcard-temp'><PHOTO><BINVAL>aGk</BINVAL></PHOTO></vCard>";
    let card = card::VCard::read(document(card).root()).unwrap();
    assert_eq!(format!("{:?}", card.photo), "Some(Inline(, 2 bytes))");
}

#[test]
fn removing_a_contact_is_a_subscription() {
    let removal = SetRosterItem::remove(BareJid::new("a@b").unwrap());
    assert_eq!(removal.item.subscription, Subscription::Remove);
}

#[test]
fn a_carbon_counts_only_from_the_own_bare_address() {
    let own = BareJid::new("u1@h.test").unwrap();
    for from in ["u1@h.test", "u2@h.test", "u1@h.test/other", "h.test"] {
        let carbon = document(&format!(
            "<message from='{from}'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message from='u2@h.test'><body>b</body></message></forwarded></received></message>"
        ));
        let message = Message::read(carbon.root()).unwrap();
        assert!(message.claims_carbon());
        match message.carbon(&own) {
            Some(copied) => {
                assert_eq!(from, own.as_str(), "a forged carbon was accepted");
                assert_eq!((copied.sent, copied.message.body().as_deref()), (false, Some("b")));
            }
            None => assert_ne!(from, own.as_str()),
        }
    }
}

/// Without this, a request that is missing from the list would be left out of all checks.
#[test]
fn every_request_type_is_in_the_list_that_the_checks_use() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/payload");
    let list = std::fs::read_to_string(folder.join("mod.rs")).unwrap();
    for folder in [folder.clone(), folder.join("standard")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let types = text.lines().filter_map(|line| line.strip_prefix("impl IqRequest for "));
            for name in types.filter_map(|rest| rest.split_whitespace().next()) {
                let row = format!("{stem}::{name},");
                assert!(list.contains(&row), "payload/mod.rs: add {row} to every_request");
            }
        }
    }
}
