//! Stanzas that were pushed to the official SDK, and the listener calls that were recorded there
//! (observed: Web SDK 4.25.10).

use super::*;
use crate::event::EventContext;
use crate::machine::Notice;
use mfly_proto::cipher::Iv;
use mfly_proto::jid::{FullJid, UserId};
use mfly_proto::push::Push;
use mfly_proto::stanza::Stanza;
use mfly_proto::xml::{Document, Limits};
use std::time::Duration;

fn context() -> EventContext {
    let account = UserId::new("u1").unwrap().at("xmpp.example.test").unwrap();
    EventContext::new(account, Iv::new(PROFILE_IV).unwrap())
}

const PROFILE_IV: &str = "profileIv1234567";

/// What the listeners hear of a stanza; a carbon is unwrapped first.
fn heard(stanza: &str) -> Vec<(&'static str, Value)> {
    let context = context();
    let document = Document::parse(stanza.to_owned(), &Limits::default()).unwrap();
    let notice = match Stanza::read(document.root()).unwrap().unwrap() {
        Stanza::Iq(iq) => Push::from_iq(&iq).unwrap().map(|push| (push, false)),
        Stanza::Message(message) => match message.carbon(context.account()) {
            Some(carbon) => Push::from_message(&carbon.message).unwrap().map(|push| (push, true)),
            None => Push::from_message(&message).unwrap().map(|push| (push, false)),
        },
        Stanza::Presence(presence) => return told(Notice::Presence(presence), &context),
    };
    let (push, carbon) = notice.unwrap();
    told(Notice::Push { push, carbon, from: None }, &context)
}

fn told(notice: Notice, context: &EventContext) -> Vec<(&'static str, Value)> {
    Event::from_notice(notice, context)
        .flat_map(|event| event.official())
        .map(|call| (call.listener, call.payload))
        .collect()
}

fn jid() -> FullJid {
    FullJid::new("u1@xmpp.example.test/Web-1").unwrap()
}

#[test]
fn connection_changes_are_told_as_the_official_sdk_tells_them() {
    let status = |status: &str| vec![("connectionListener", json!({"status": status}))];
    let context = context();
    let reason = || crate::DisconnectReason::ClosedByServer;
    let connected = Notice::Connected { jid: jid(), resumed: false, server: None };
    assert_eq!(told(connected, &context), status("CONNECTED"));
    let failed = Notice::ConnectFailed { attempt: 1, reason: reason() };
    assert_eq!(told(failed, &context), status("CONNECTIONFAILED"));
    assert_eq!(told(Notice::Disconnected { reason: reason() }, &context), status("DISCONNECTED"));
    let again = Notice::Reconnecting { attempt: 1, delay: Duration::ZERO };
    assert_eq!(told(again, &context), status("RECONNECTING"));
}

#[test]
fn a_session_that_this_side_ends_is_told_as_disconnected() {
    let expected = [("connectionListener", json!({"status": "DISCONNECTED"}))];
    assert_eq!(told(Notice::Ended(crate::EndReason::Closed), &context()), expected);
    assert_eq!(told(Notice::Ended(crate::EndReason::Replaced), &context()), []);
}

#[test]
fn refused_credentials_are_told_with_their_status_code() {
    use crate::{DisconnectReason, EndReason};
    use mfly_proto::sasl::{Failure, FailureCondition};
    let sequence = |condition, end: EndReason| {
        let reason = DisconnectReason::AuthenticationRefused(Failure::new(condition));
        let failed = Notice::ConnectFailed { attempt: 1, reason };
        let mut calls = told(failed, &context());
        calls.extend(told(Notice::Ended(end), &context()));
        calls
    };
    let expected =
        json!({"status": "AUTHFAIL", "statusCode": 401, "errorMessage": "Invalid Credentials"});
    let expected = [("connectionListener", expected)];
    let refused = EndReason::InvalidCredentials(Failure::new(FailureCondition::NotAuthorized));
    assert_eq!(sequence(FailureCondition::NotAuthorized, refused), expected);
    let blocked = sequence(FailureCondition::AccountDisabled, EndReason::AdminBlocked);
    assert_eq!(blocked, expected);
}

#[test]
fn presence_tells_the_bare_address_and_online_or_the_type() {
    let presence = |status| {
        vec![("presenceListener", json!({"fromUserJid": "u2@xmpp.example.test", "status": status}))]
    };
    assert_eq!(heard(r#"<presence from="u2@xmpp.example.test/Web-9"/>"#), presence("online"));
    assert_eq!(
        heard(r#"<presence from="u2@xmpp.example.test/a"><show>away</show></presence>"#),
        presence("online")
    );
    for kind in ["unavailable", "subscribe", "error"] {
        let stanza = format!(r#"<presence from="u2@xmpp.example.test" type="{kind}"/>"#);
        assert_eq!(heard(&stanza), presence(kind));
    }
}

#[test]
fn the_own_presence_is_not_told() {
    assert_eq!(heard(r#"<presence from="u1@xmpp.example.test/Web-2"/>"#), []);
}

#[test]
fn a_block_push_is_told_once_for_each_user() {
    let told = |user: &str, kind: &str| {
        (
            "blockUserListener",
            json!({"blockedUserId": user, "msgType": "userBlockStatus", "type": kind}),
        )
    };
    let block = r#"<iq type="set" from="u1@xmpp.example.test" id="q8"><block xmlns="urn:xmpp:blocking"><item jid="u2@xmpp.example.test"/></block></iq>"#;
    assert_eq!(heard(block), [told("u2", "block_user")]);
    let unblock = r#"<iq type="set" from="u1@xmpp.example.test" id="q9"><unblock xmlns="urn:xmpp:blocking"><item jid="u2@xmpp.example.test"/><item jid="u3@xmpp.example.test"/></unblock></iq>"#;
    assert_eq!(heard(unblock), [told("u2", "unblock_user"), told("u3", "unblock_user")]);
}

#[test]
fn being_blocked_is_told_as_absence_and_as_a_message() {
    let message = |kind: &str, message: &str| {
        ("messageListener", json!({"type": kind, "blockedUserId": "u2", "msgType": message}))
    };
    let gone = (
        "presenceListener",
        json!({"fromUserJid": "u2@xmpp.example.test", "status": "unavailable"}),
    );
    let blocked = r#"<message from="u2@xmpp.example.test" to="u1@xmpp.example.test"><userblocked type="block_user" blocked_user="u2"/></message>"#;
    assert_eq!(heard(blocked), [gone.clone(), message("block_user", "userBlockStatus")]);
    let carbon = format!(
        r#"<message xmlns="jabber:client" from="u1@xmpp.example.test" to="u1@xmpp.example.test/Web-1"><received xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">{blocked}</forwarded></received></message>"#
    );
    assert_eq!(heard(&carbon), [gone, message("block_user", "carbonUserBlockStatus")]);
    let unblocked = r#"<message from="u2@xmpp.example.test" to="u1@xmpp.example.test"><userblocked type="unblock_user" blocked_user="u2"/></message>"#;
    assert_eq!(heard(unblocked), [message("unblock_user", "userBlockStatus")]);
}

#[test]
fn a_changed_profile_is_told_opened() {
    let iv = Iv::new(PROFILE_IV).unwrap();
    let cipher = mfly_proto::cipher::ProfileCipher::new(&UserId::new("u2").unwrap(), &iv);
    let stanza = format!(
        r#"<iq type="result" from="u2@xmpp.example.test" id="q1"><vCard xmlns="vcard-temp"><nickName>{}</nickName><image>i</image><thumbImage>t</thumbImage><email>{}</email><mobileNumber>{}</mobileNumber><status>S</status></vCard></iq>"#,
        cipher.seal("Bob"),
        cipher.seal("b@e.co"),
        cipher.seal("1555"),
    );
    let expected = json!({
        "email": "b@e.co", "image": "i", "thumbImage": "t", "fromUser": "u2", "nickName": "Bob",
        "mobileNumber": "1555", "status": "S", "userId": "u2",
    });
    assert_eq!(heard(&stanza), [("userProfileListener", expected)]);
}

#[test]
fn a_profile_that_was_stored_unsealed_is_told_as_it_stands() {
    let stanza = r#"<iq type="result" from="u2@xmpp.example.test" id="q5"><vCard xmlns="vcard-temp"><nickName>Plain</nickName></vCard></iq>"#;
    let expected = json!({
        "email": "", "image": "", "thumbImage": "", "fromUser": "u2", "nickName": "Plain",
        "mobileNumber": "", "status": "", "userId": "u2",
    });
    assert_eq!(heard(stanza), [("userProfileListener", expected)]);
}

#[test]
fn an_unasked_contact_list_is_told_with_crossed_names() {
    let stanza = r#"<iq type="result" from="u1@xmpp.example.test" id="q6"><query xmlns="jabber:iq:roster" contact_permission="0"><item jid="u2@xmpp.example.test" name="B"/></query></iq>"#;
    let expected = json!({
        "users": [{
            "name": "", "image": "", "thumbImage": "", "email": "", "isFriend": true, "status": "",
            "userJid": "u2@xmpp.example.test", "mobileNumber": "", "userId": "u2", "nickName": "B",
            "isAdminBlocked": false,
        }],
        "permission": 0,
    });
    assert_eq!(heard(stanza), [("friendsListListener", expected)]);
}

#[test]
fn a_contact_with_a_profile_is_told_with_it() {
    let iv = Iv::new(PROFILE_IV).unwrap();
    let cipher = mfly_proto::cipher::ProfileCipher::new(&UserId::new("u2").unwrap(), &iv);
    let stanza = format!(
        r#"<iq type="result" from="u1@xmpp.example.test" id="r"><query xmlns="jabber:iq:roster" contact_permission="1"><item jid="u2@xmpp.example.test" name="ignored"><profile><vCard xmlns="vcard-temp"><nickName>{}</nickName><name>{}</name><image>img/u2.jpg</image><thumbImage>img/u2_t.jpg</thumbImage><email>{}</email><mobileNumber>{}</mobileNumber><status>At work</status><is_admin_blocked>0</is_admin_blocked></vCard></profile></item></query></iq>"#,
        cipher.seal("Bob"),
        cipher.seal("Bobby"),
        cipher.seal("bob@example.com"),
        cipher.seal("15550102"),
    );
    let expected = json!({
        "users": [{
            "name": "Bob", "image": "img/u2.jpg", "thumbImage": "img/u2_t.jpg",
            "email": "bob@example.com", "isFriend": true, "status": "At work",
            "userJid": "u2@xmpp.example.test", "mobileNumber": "15550102", "userId": "u2",
            "nickName": "Bobby", "isAdminBlocked": false,
        }],
        "permission": 1,
    });
    assert_eq!(heard(&stanza), [("friendsListListener", expected)]);
}

#[test]
fn losing_the_permission_empties_the_contact_list() {
    let message = |status| {
        format!(
            r#"<message from="xmpp.example.test" to="u1@xmpp.example.test"><contact_permission permission_status="{status}"/></message>"#
        )
    };
    let expected = json!({"users": [], "permission": 0});
    assert_eq!(heard(&message(0)), [("friendsListListener", expected)]);
    assert_eq!(heard(&message(1)), []);
}

#[test]
fn a_deleted_user_is_told_as_a_bare_string() {
    let stanza = r#"<message from="xmpp.example.test" to="u1@xmpp.example.test"><user_deleted user="u2@xmpp.example.test"/></message>"#;
    assert_eq!(heard(stanza), [("userDeletedListener", json!("u2@xmpp.example.test"))]);
}

#[test]
fn an_administrators_block_is_told_with_its_status_as_text() {
    let stanza = r#"<message from="xmpp.example.test" to="u1@xmpp.example.test"><admin_block block_status="1" jid="u2@xmpp.example.test" chat_type="chat"/></message>"#;
    let expected = json!({
        "type": "", "chatType": "chat", "toUserJid": "u2@xmpp.example.test", "blockStatus": "1",
        "toUserId": "u2",
    });
    assert_eq!(heard(stanza), [("adminBlockListener", expected)]);
}

#[test]
fn changed_settings_are_told_as_a_number() {
    let stanza = r#"<message from="u1@xmpp.example.test" to="u1@xmpp.example.test"><user_settings archive="1"/></message>"#;
    assert_eq!(heard(stanza), [("userSettingsListener", json!({"archive": 1}))]);
}

#[test]
fn a_forced_logout_is_told_as_a_message() {
    let logout = r#"<message from="u1@xmpp.example.test" to="u1@xmpp.example.test"><logout socket_id="q"/></message>"#;
    assert_eq!(heard(logout), [("messageListener", json!({"msgType": "logout"}))]);
}

#[test]
fn a_request_to_read_the_contacts_again_is_an_event_that_no_official_listener_hears() {
    let stanza = r#"<message from="u2@xmpp.example.test" to="u1@xmpp.example.test"><register_update/></message>"#;
    assert_eq!(heard(stanza), []);
}
