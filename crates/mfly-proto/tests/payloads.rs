//! Odd cases of the payloads: what traces do not show.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

use mfly_proto::decode::DecodeError;
use mfly_proto::jid::{BareJid, UserReference};
use mfly_proto::listed::{Listed, SkipReason};
use mfly_proto::payload::block::{Block, BlockPush, GetBlocked, GetBlockedBy};
use mfly_proto::payload::friends::{Friends, FriendsNotice, GetFriends};
use mfly_proto::payload::last_seen::{GetLastSeen, LastSeen};
use mfly_proto::payload::logout::ForcedLogout;
use mfly_proto::payload::profile::{GetProfile, SetProfile, VCard};
use mfly_proto::payload::settings::{GetSettings, Settings, UpdateSettings};
use mfly_proto::push::Push;
use mfly_proto::stanza::{
    ErrorCondition, ErrorKind, Iq, IqKind, IqRequest, Message, Presence, PresenceKind, Reply, Show,
    Stanza, StanzaError,
};
use mfly_proto::stream::{Features, StreamCondition, StreamError};
use mfly_proto::xml::{Document, Limits, Writer};

fn document(text: &str) -> Document {
    Document::parse(text.to_owned(), &Limits::default()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// The response to `R` in an `iq` result from u2 with this content.
fn response<R: IqRequest>(content: &str) -> Result<R::Response, DecodeError> {
    let text =
        format!("<iq xmlns='jabber:client' type='result' id='i' from='u2@h.test'>{content}</iq>");
    let document = document(&text);
    let iq = Iq::read(document.root()).unwrap();
    R::read_response(&Reply { from: iq.from.as_ref(), payload: iq.payload() })
}

/// The request `R` in an `iq` set with this content.
fn request<R: IqRequest>(content: &str) -> Result<R, DecodeError> {
    let text =
        format!("<iq xmlns='jabber:client' type='set' id='i' from='u1@h.test/a'>{content}</iq>");
    let document = document(&text);
    let iq = Iq::read(document.root()).unwrap();
    R::read(&iq, iq.payload().unwrap())
}

fn message_push(content: &str) -> Result<Option<Push>, DecodeError> {
    let text = format!("<message xmlns='jabber:client' from='u2@h.test'>{content}</message>");
    let document = document(&text);
    Push::from_message(&Message::read(document.root()).unwrap())
}

fn iq_push(text: &str) -> Result<Option<Push>, DecodeError> {
    let document = document(text);
    Push::from_iq(&Iq::read(document.root()).unwrap())
}

#[test]
fn a_last_seen_answer_without_a_query_is_an_error_and_not_a_hang() {
    let missing = DecodeError::MissingChild { element: "iq", child: "query" };
    assert_eq!(response::<GetLastSeen>(""), Err(missing));
}

#[test]
fn seconds_are_read_as_a_person_would_and_the_status_text_is_kept() {
    let answer = response::<GetLastSeen>("<query xmlns='jabber:iq:last'>away for lunch</query>");
    let LastSeen { seconds, status, .. } = answer.unwrap();
    assert_eq!((seconds, status.as_deref()), (0, Some("away for lunch")));
    let read = |seconds: &str| {
        response::<GetLastSeen>(&format!(
            "<query xmlns='jabber:iq:last' seconds='{seconds}'>away</query>"
        ))
    };
    for (text, expected) in
        [("32335.0", 32_335), (" 5 ", 5), ("-1", 0), ("", 0), ("99999999999999999999", u64::MAX)]
    {
        let LastSeen { seconds, status, .. } = read(text).unwrap();
        assert_eq!((seconds, status.as_deref()), (expected, Some("away")));
    }
    for wrong in ["soon", "5 s", "1,5"] {
        let answer = read(wrong);
        let invalid = DecodeError::InvalidValue { element: "query", field: "seconds" };
        assert_eq!(answer, Err(invalid), "{wrong}");
    }
}

#[test]
fn an_empty_answer_is_an_empty_block_list() {
    assert_eq!(response::<GetBlocked>(""), Ok(Listed::new()));
    assert_eq!(response::<GetBlockedBy>(""), Ok(Listed::new()));
    assert_eq!(
        response::<GetBlockedBy>("<query xmlns='jabber:iq:user_activities'/>"),
        Ok(Listed::new())
    );
}

#[test]
fn those_who_blocked_me_may_be_named_by_id_or_address_with_or_without_the_query() {
    let members = "<members>u5</members><members>u6@h.test</members><other/>";
    let expected = vec![
        UserReference::new("u5").unwrap(),
        UserReference::Jid(BareJid::new("u6@h.test").unwrap()),
    ];
    for answer in [
        format!("<blocklist xmlns='jabber:iq:user_activities'>{members}</blocklist>"),
        format!(
            "<query xmlns='jabber:iq:user_activities'><blocklist>{members}</blocklist></query>"
        ),
    ] {
        assert_eq!(response::<GetBlockedBy>(&answer).unwrap(), expected);
    }
    assert_eq!(expected[0].at("h.test").unwrap().as_str(), "u5@h.test");
}

#[test]
fn an_odd_entry_of_a_platform_list_leaves_the_others() {
    let item = |jid: &str| format!("<item jid='{jid}'/>");
    let items =
        ["u2@h.test", "u3@h.test/Web", r"juliet\40x.test@h.test", "c d@h.test", "", "@", "h.test"]
            .map(item)
            .concat();
    let blocked = format!("<blocklist xmlns='urn:xmpp:blocking'>{items}</blocklist>");
    let blocked = response::<GetBlocked>(&blocked).unwrap();
    let listed: Vec<_> = blocked.iter().map(|user| user.as_str()).collect();
    assert_eq!(listed, ["u2@h.test", r"juliet\40x.test@h.test", "h.test"]);
    assert_eq!(blocked.skipped_count(), 4);
    assert_eq!(blocked.skipped()[0].text, "<item jid='u3@h.test/Web'/>");

    let friends = format!("<query xmlns='jabber:iq:roster'>{items}</query>");
    let friends = response::<GetFriends>(&friends).unwrap().items;
    let listed: Vec<_> = friends.iter().map(|friend| friend.user.as_str()).collect();
    // A session of a contact names the contact.
    assert_eq!(listed, ["u2@h.test", "u3@h.test", r"juliet\40x.test@h.test"]);
    assert_eq!(friends.skipped_count(), 4);

    let members = "<members>u5</members><members>a b</members><members/><members>c(d)</members>";
    let by = format!("<blocklist xmlns='jabber:iq:user_activities'>{members}</blocklist>");
    let by = response::<GetBlockedBy>(&by).unwrap();
    assert_eq!(by, ["u5", "c(d)"].map(|id| UserReference::new(id).unwrap()));
    assert_eq!(by.skipped_count(), 2);
    assert_eq!(by.skipped()[0].reason, SkipReason::Invalid("members"));
}

#[test]
fn an_odd_entry_of_a_block_push_leaves_the_others_and_never_means_everybody() {
    let push = |name: &str, items: &str| {
        let text = format!("<{name} xmlns='urn:xmpp:blocking'>{items}</{name}>");
        BlockPush::read(document(&text).root())
    };
    for name in ["block", "unblock"] {
        let users = match push(name, "<item jid='u2@h.test'/><item jid='c d@e'/>") {
            Ok(Some(BlockPush::Blocked(users) | BlockPush::Unblocked(users))) => users,
            other => panic!("{other:?}"),
        };
        assert_eq!((users.len(), users.skipped_count()), (1, 1));
        assert!(push(name, "<item jid='c d@e'/>").is_err(), "{name}");
    }
}

#[test]
fn a_block_that_names_nobody_is_refused_in_requests_and_pushes() {
    let empty = "<block xmlns='urn:xmpp:blocking'/>";
    let missing = DecodeError::MissingChild { element: "block", child: "item" };
    assert_eq!(request::<Block>(empty), Err(missing.clone()));
    assert_eq!(BlockPush::read(document(empty).root()), Err(missing));
}

#[test]
fn an_unblock_push_without_items_means_everybody() {
    let all = document("<unblock xmlns='urn:xmpp:blocking'/>");
    assert_eq!(BlockPush::read(all.root()), Ok(Some(BlockPush::Unblocked(Listed::new()))));
}

#[test]
fn every_item_of_a_block_push_counts_and_white_space_does_not() {
    let push = document(
        "<block xmlns='urn:xmpp:blocking'>\n <item jid='u2@h.test'/> <item jid='u3@h.test'/>\n</block>",
    );
    let users = ["u2@h.test", "u3@h.test"].map(|jid| BareJid::new(jid).unwrap()).to_vec();
    assert_eq!(BlockPush::read(push.root()), Ok(Some(BlockPush::Blocked(users.into()))));
}

#[test]
fn a_vcard_keeps_what_it_does_not_know_and_takes_either_namespace() {
    let card = VCard::read(
        document("<vCard xmlns='jabber:iq:roster'><nickName>n</nickName><designation>d</designation></vCard>")
            .root(),
    )
    .unwrap();
    assert_eq!((card.nick_name.as_str(), card.other("designation")), ("n", Some("d")));
    assert_eq!(
        response::<GetProfile>(""),
        Err(DecodeError::MissingChild { element: "iq", child: "vCard" })
    );
}

#[test]
fn a_profile_that_was_set_may_come_back_or_not() {
    assert_eq!(response::<SetProfile>(""), Ok(None));
    let echo = response::<SetProfile>("<vCard xmlns='vcard-temp'><status>s</status></vCard>");
    assert_eq!(echo.unwrap().unwrap().status, "s");
}

#[test]
fn a_profile_push_must_say_whose_profile_it_is() {
    let missing = DecodeError::MissingAttribute { element: "iq", attribute: "from" };
    for from in ["", "from='h.test'"] {
        let push = iq_push(&format!(
            "<iq xmlns='jabber:client' type='result' id='i' {from}><vCard xmlns='vcard-temp'/></iq>"
        ));
        assert_eq!(push, Err(missing.clone()));
    }
}

#[test]
fn settings_may_be_missing_from_the_answer() {
    assert_eq!(response::<GetSettings>(""), Ok(Settings { archive: None }));
    let wrong = "<query xmlns='jabber:iq:user_activities' status='user_settings' archive='yes'/>";
    let invalid = DecodeError::InvalidValue { element: "query", field: "archive" };
    assert_eq!(request::<UpdateSettings>(wrong), Err(invalid));
}

#[test]
fn a_contact_list_with_white_space_or_a_wrong_permission_is_read() {
    let friends = response::<GetFriends>(
        "<query xmlns='jabber:iq:roster' contact_permission='many'>\n <item jid='u3@h.test' user_profile='{\"a\":1}'/>\n</query>",
    );
    let Friends { permission, items, .. } = friends.unwrap();
    assert_eq!((permission, items.len()), (None, 1));
    assert_eq!(items[0].user_profile.as_deref(), Some("{\"a\":1}"));
    let permission = |text: &str| {
        let query = format!("<query xmlns='jabber:iq:roster' contact_permission='{text}'/>");
        response::<GetFriends>(&query).unwrap().permission
    };
    for (text, number) in [(" 1 ", 1), ("1.0", 1), ("-1", 0), ("99999999999", u32::MAX)] {
        assert_eq!(permission(text), Some(number), "{text:?}");
    }
}

#[test]
fn notices_in_messages_are_told_apart() {
    let permission = message_push("<contact_permission permission_status='2'/>");
    assert_eq!(permission, Ok(Some(Push::FriendsNotice(FriendsNotice::Permission(true)))));
    let logout = message_push("<logout socket_id=' a, ,b '/>");
    let ids = ForcedLogout { socket_ids: vec!["a".into(), "b".into()] };
    assert_eq!(logout, Ok(Some(Push::Logout(ids))));
    assert!(matches!(
        message_push("<profile_update xmlns='urn:xmpp:receipts'/>"),
        Ok(Some(Push::ProfileChanged(_)))
    ));
    assert_eq!(message_push("<body>hello</body>"), Ok(None));
}

#[test]
fn known_notices_with_wrong_values_are_errors_that_name_the_field() {
    for (content, element, field) in [
        ("<userblocked type='x' blocked_user='u2'/>", "userblocked", "type"),
        ("<admin_block block_status='2' jid='u2@h.test'/>", "admin_block", "block_status"),
        ("<user_deleted user='a b'/>", "user_deleted", "user"),
        ("<user_settings archive=''/>", "user_settings", "archive"),
    ] {
        assert_eq!(message_push(content), Err(DecodeError::InvalidValue { element, field }));
    }
}

#[test]
fn a_carbon_counts_only_from_the_own_bare_address() {
    let own = BareJid::new("u1@h.test").unwrap();
    let carbon = |from: &str| {
        document(&format!(
            "<message xmlns='jabber:client' from='{from}'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='u2@h.test'><body>b</body></message></forwarded></received></message>"
        ))
    };
    let true_one = carbon("u1@h.test");
    let message = Message::read(true_one.root()).unwrap();
    let copied = message.carbon(&own).unwrap();
    assert!(!copied.sent);
    assert_eq!(copied.message.body().as_deref(), Some("b"));
    for forger in ["u2@h.test", "u1@h.test/other", "h.test"] {
        let forged = carbon(forger);
        let message = Message::read(forged.root()).unwrap();
        assert!(message.carbon(&own).is_none(), "{forger} was believed");
        assert!(message.claims_carbon());
    }
}

#[test]
fn a_stanza_may_lack_its_namespace_but_not_have_another() {
    assert!(matches!(Stanza::read(document("<presence/>").root()), Ok(Some(Stanza::Presence(_)))));
    assert!(matches!(Stanza::read(document("<presence xmlns='urn:x'/>").root()), Ok(None)));
    assert!(matches!(Stanza::read(document("<other xmlns='jabber:client'/>").root()), Ok(None)));
}

#[test]
fn an_iq_without_id_or_with_an_unknown_type_is_refused() {
    let read = |text: &str| Iq::read(document(text).root()).map(|iq| iq.kind);
    assert_eq!(read("<iq type='get' id='1'/>"), Ok(IqKind::Get));
    assert_eq!(
        read("<iq type='get'/>"),
        Err(DecodeError::MissingAttribute { element: "iq", attribute: "id" })
    );
    assert_eq!(
        read("<iq type='put' id='1'/>"),
        Err(DecodeError::InvalidValue { element: "iq", field: "type" })
    );
    assert_eq!(
        read("<iq type='get' id='1' from='@'/>"),
        Err(DecodeError::InvalidValue { element: "iq", field: "from" })
    );
}

#[test]
fn an_error_is_an_error_however_badly_it_is_written() {
    let error = |content: &str| {
        let document = document(&format!("<iq type='error' id='1'>{content}</iq>"));
        Iq::read(document.root()).unwrap().error().unwrap()
    };
    assert_eq!(error("").condition, ErrorCondition::UndefinedCondition);
    let full = error(
        "<query xmlns='q'/><error type='wait'><text>later</text><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
    );
    let expected = StanzaError {
        kind: ErrorKind::Wait,
        condition: ErrorCondition::Forbidden,
        text: Some("later".into()),
    };
    assert_eq!(full, expected);
    let with_own_condition = error(
        "<error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><gone xmlns='urn:example:errors'/></error>",
    );
    assert_eq!(with_own_condition.condition, ErrorCondition::Forbidden);
    assert_eq!(error("<error><gone/></error>").condition, ErrorCondition::Gone);
}

#[test]
fn other_children_of_a_vcard_cannot_smuggle_markup() {
    let request = SetProfile {
        card: VCard {
            others: [("city", "<x/>"), ("a><b", ""), ("", ""), ("p:q", ""), ("1", "")]
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .into(),
            ..VCard::default()
        },
    };
    let mut buffer = Vec::new();
    request.write(&mut Writer::new(&mut buffer));
    let written = document(std::str::from_utf8(&buffer).unwrap());
    let card = VCard::read(written.root()).unwrap();
    assert_eq!(card.others, [("city".to_owned(), "<x/>".to_owned())]);
}

#[test]
fn a_presence_ignores_what_it_may_and_refuses_an_unknown_type() {
    let read = |text: &str| Presence::read(document(text).root());
    let presence = read("<presence><show>busy</show><priority>300</priority></presence>").unwrap();
    assert_eq!(
        (presence.kind, presence.show, presence.priority),
        (PresenceKind::Available, None, 127)
    );
    for (text, priority) in [(" -5\n", -5), ("-129", -128), ("1.0", 1), ("high", 0)] {
        let presence = read(&format!("<presence><priority>{text}</priority></presence>"));
        assert_eq!(presence.unwrap().priority, priority, "{text:?}");
    }
    assert_eq!(
        read("<presence><show>dnd</show></presence>").unwrap().show,
        Some(Show::DoNotDisturb)
    );
    assert!(read("<presence type='gone'/>").is_err());
}

#[test]
fn features_are_read_with_and_without_their_prefix() {
    for text in [
        "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>",
        "<features xmlns='http://etherx.jabber.org/streams'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></features>",
    ] {
        assert!(Features::read(document(text).root()).unwrap().bind);
    }
    assert!(Features::read(document("<features/>").root()).is_err());
}

#[test]
fn a_stream_error_names_its_condition_and_where_to_go() {
    let error = StreamError::read(
        document("<stream:error xmlns:stream='http://etherx.jabber.org/streams'><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>b.test</see-other-host></stream:error>")
            .root(),
    );
    assert_eq!(error.condition, StreamCondition::SeeOtherHost);
    assert_eq!(error.see_other_host.as_deref(), Some("b.test"));
    let unknown =
        StreamError::read(document("<e:error xmlns:e='http://etherx.jabber.org/streams'/>").root());
    assert_eq!(unknown.condition, StreamCondition::UndefinedCondition);
}
