//! Stanzas that were pushed to the official SDK, and the listener calls that were recorded there
//! (observed: Web SDK 4.25.10).

use super::*;
use crate::event::EventContext;
use crate::machine::Notice;
use mfly_proto::cipher::{Iv, ProfileCipher};
use mfly_proto::jid::{FullJid, UserId};
use mfly_proto::push::Push;
use mfly_proto::stanza::Stanza;
use mfly_proto::testing::{Scenario, scenarios};
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

/// What is said of each stanza is in the text beside: `S:` is a stanza, `E:` a listener call that
/// it leads to, in their order. `{sealed Bob}` stands for a sealed field of the profile of `u2`.
#[test]
fn each_stanza_is_told_as_the_official_sdk_tells_it() {
    let iv = Iv::new(PROFILE_IV).unwrap();
    let cipher = ProfileCipher::new(&UserId::new("u2").unwrap(), &iv);
    for Scenario { title, lines } in scenarios(include_str!("stanzas.txt")) {
        let mut calls = Vec::new();
        for line in &lines {
            match line.split_once(": ").unwrap() {
                ("S", stanza) => {
                    assert_eq!(calls, [], "{title}");
                    calls = heard(&with_sealed(stanza, |text| cipher.seal(text)));
                }
                ("E", call) => {
                    let (listener, payload) = call.split_once(' ').unwrap();
                    assert!(!calls.is_empty(), "{title}: nothing more is told than {call}");
                    let payload: Value = serde_json::from_str(payload).unwrap();
                    assert_eq!(calls.remove(0), (listener, payload), "{title}");
                }
                _ => panic!("{title}: neither a stanza nor a call: {line}"),
            }
        }
        assert_eq!(calls, [], "{title}");
    }
}

/// The text with each `{sealed …}` replaced by what `seal` makes of it.
fn with_sealed(text: &str, seal: impl Fn(&str) -> String) -> String {
    let mut pieces = text.split("{sealed ");
    let mut out = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (plain, rest) = piece.split_once('}').unwrap();
        out += &(seal(plain) + rest);
    }
    out
}
