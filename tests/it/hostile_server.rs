//! A server, or somebody behind it, that means harm.

use crate::reconnect::quick;
use mfly_client::{
    ConnectionState, DisconnectReason, EndReason, ErrorKind, Event, Events, ExceededLimit,
    ReceiveLimits, Session,
};
use mfly_tests::env::user;
use mfly_tests::scripted::{assert_same, attribute};
use mfly_tests::stub::HOST;
use mfly_tests::{Peer, ScriptedServer, expect_event, expect_events_until, kind, within};
use std::path::Path;

/// Everything told until now.
async fn told(events: &mut Events, peer: &mut Peer) -> Vec<Event> {
    peer.send(format!(r#"<presence xmlns="jabber:client" from="mark@{HOST}"/>"#)).await;
    let is_mark = |event: &Event| event.user().is_some_and(|user| user.local() == Some("mark"));
    expect_events_until(events, "mark", is_mark).await
}

async fn online() -> (ScriptedServer, Session, Events, Peer) {
    let server = ScriptedServer::start().await;
    let (session, mut events, mut peer) =
        server.connect_with(|request| request.reconnect(quick())).await;
    told(&mut events, &mut peer).await;
    (server, session, events, peer)
}

fn is_unknown(event: &Event, text: &str) -> bool {
    matches!(event, Event::UnknownStanza(stanza) if stanza.as_str() == text)
}

/// Texts that restricted XML refuses, without those that cannot be sent as text at all.
fn refused_texts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/mfly-proto/fixtures/reject");
    let mut texts = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if let Ok(text) = std::fs::read_to_string(&path) {
            texts.push((name, text));
        }
    }
    texts.sort();
    assert!(texts.len() > 80, "{}", texts.len());
    texts
}

#[tokio::test]
async fn every_kind_of_malformed_xml_is_complained_about_and_the_session_comes_back() {
    let (server, session, mut events, mut peer) = online().await;
    for (name, text) in refused_texts() {
        // Nothing but white space keeps a connection alive and means nothing.
        if text.trim_ascii().is_empty() {
            peer.send(text).await;
            assert_eq!(told(&mut events, &mut peer).await, [], "{name}");
            continue;
        }
        peer.send(text).await;
        let rest = peer.receive_rest().await;
        let [complaint, close] = &rest[..] else { panic!("{name}: {rest:?}") };
        assert!(complaint.starts_with("<stream:error "), "{name}: {complaint}");
        assert!(close.starts_with("<close "), "{name}: {close}");
        let reason = expect_event(&mut events, "loss", |event| match event {
            Event::Disconnected { reason } => Some(reason.clone()),
            _ => None,
        })
        .await;
        assert!(matches!(reason, DisconnectReason::MalformedXml(_)), "{name}: {reason:?}");
        peer = server.accept_online().await;
        told(&mut events, &mut peer).await;
    }
    assert_eq!(session.state(), ConnectionState::Connected);
}

/// Contents of a stanza that exceed one default limit each, and the limit.
fn excessive() -> [(String, ExceededLimit); 4] {
    let attributes: String = (0..65).map(|n| format!(" a{n}=''")).collect();
    [
        ("<span>".repeat(40) + &"</span>".repeat(40), ExceededLimit::Depth(32)),
        (format!("<a{attributes}/>"), ExceededLimit::Attributes(64)),
        ("<b/>".repeat(4_097), ExceededLimit::Children(4_096)),
        ("x".repeat(300_000), ExceededLimit::Bytes(262_144)),
    ]
}

#[tokio::test]
async fn a_message_that_exceeds_a_limit_is_skipped_and_the_session_goes_on() {
    let (_server, session, mut events, mut peer) = online().await;
    for (content, limit) in excessive() {
        let from = format!("mallory@{HOST}/x");
        peer.send(format!(
            r#"<message xmlns="jabber:client" from="{from}" id="m1" type="chat">{content}</message>"#
        ))
        .await;
        let told = told(&mut events, &mut peer).await;
        let [Event::StanzaSkipped(skipped)] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(skipped.limit, limit);
        assert_eq!(skipped.name, "message");
        assert_eq!(skipped.sender().unwrap().as_str(), from);
        assert_eq!(skipped.id.as_deref(), Some("m1"));
        assert_eq!(skipped.kind.as_deref(), Some("chat"));
    }
    assert_eq!(session.state(), ConnectionState::Connected);
}

#[tokio::test]
async fn a_question_that_exceeds_a_limit_is_refused() {
    let (_server, _session, mut events, mut peer) = online().await;
    let deep = &excessive()[0].0;
    peer.send(format!(
        r#"<iq xmlns="jabber:client" from="mallory@{HOST}/x" id="ask" type="get">{deep}</iq>"#
    ))
    .await;
    let refusal = peer.receive_request("policy-violation").await;
    assert_eq!(refusal, "ask");
    let told = told(&mut events, &mut peer).await;
    assert!(matches!(told[..], [Event::StanzaSkipped(_)]), "{told:?}");
}

#[tokio::test]
async fn an_answer_that_exceeds_a_limit_fails_its_request_alone() {
    let (_server, session, _events, mut peer) = online().await;
    let deep = &excessive()[0].0;
    let script = async {
        let id = peer.receive_request("jabber:iq:roster").await;
        peer.answer(&id, &format!("<query xmlns=\"jabber:iq:roster\">{deep}</query>")).await;
    };
    let (list, ()) = within("the list", async { tokio::join!(session.friends(), script) }).await;
    let too_large = ErrorKind::AnswerTooLarge {
        limit: ExceededLimit::Depth(32),
        setting: Some("ReceiveLimits::iq.depth"),
    };
    assert_eq!(kind(list), too_large);
    assert_eq!(session.state(), ConnectionState::Connected);
}

#[tokio::test]
async fn a_frame_beyond_the_hard_limit_is_not_read() {
    let server = ScriptedServer::start().await;
    let mut limits = ReceiveLimits::default();
    limits.iq.bytes = 100_000;
    limits.stanza.bytes = 100_000;
    limits.hard_bytes = 200_000;
    let (_session, mut events, mut peer) =
        server.connect_with(|request| request.reconnect(quick()).limits(limits)).await;
    peer.try_send(format!("<message>{}</message>", "x".repeat(1 << 20))).await;
    let reason = expect_event(&mut events, "loss", |event| match event {
        Event::Disconnected { reason } => Some(reason.clone()),
        Event::UnknownStanza(_) | Event::StanzaSkipped(_) => panic!("it was read"),
        _ => None,
    })
    .await;
    assert!(matches!(reason, DisconnectReason::FrameTooLarge { .. }), "{reason:?}");
    let mut peer = server.accept_online().await;
    told(&mut events, &mut peer).await;
}

#[tokio::test]
async fn an_answer_from_somebody_else_is_none_though_its_id_is_right() {
    let (_server, session, mut events, mut peer) = online().await;
    let target = user("u2");
    let script = async {
        let id = peer.receive_request("jabber:iq:last").await;
        let answer = |from: &str, seconds: u32| {
            format!(
                r#"<iq xmlns="jabber:client" from="{from}" id="{id}" type="result"><query xmlns="jabber:iq:last" seconds="{seconds}"/></iq>"#
            )
        };
        let forged = [
            answer(&format!("u3@{HOST}"), 1),
            answer(&format!("u2@{HOST}/Web-1"), 2),
            answer(HOST, 3),
            answer(&format!("u1@{HOST}"), 4),
            answer("u2@elsewhere.test", 5),
            // The asked user cannot leave the address out.
            answer("", 6).replace(r#" from="""#, ""),
            format!(
                r#"<iq xmlns="jabber:client" from="u3@{HOST}" id="{id}" type="error"><error type="auth"><forbidden xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
            ),
        ];
        for text in &forged {
            peer.send(text.clone()).await;
        }
        peer.send(answer(&format!("u2@{HOST}"), 903)).await;
        forged
    };
    let (seen, forged) =
        within("the answer", async { tokio::join!(session.last_seen(&target), script) }).await;
    assert_eq!(seen.unwrap().seconds, 903);
    let told = told(&mut events, &mut peer).await;
    assert_eq!(told.len(), forged.len(), "{told:?}");
    for (event, text) in told.iter().zip(&forged) {
        assert!(is_unknown(event, text), "{event:?} for {text}");
    }
}

#[tokio::test]
async fn an_answer_for_the_own_account_is_believed_from_the_account_and_the_server_only() {
    let (_server, session, mut events, mut peer) = online().await;
    let jid = peer.jid();
    for from in [None, Some("own bare"), Some("own full"), Some("server")] {
        let from = from.map(|from| match from {
            "own bare" => format!(r#" from="u1@{HOST}""#),
            "own full" => format!(r#" from="{jid}""#),
            _ => format!(r#" from="{HOST}""#),
        });
        let script = async {
            let id = peer.receive_request("user_settings").await;
            let answer = |from: &str, archive: u8| {
                format!(
                    r#"<iq xmlns="jabber:client"{from} id="{id}" type="result"><query xmlns="jabber:iq:user_activities"><user_settings><archive>{archive}</archive></user_settings></query></iq>"#
                )
            };
            for forger in
                [format!("u2@{HOST}"), format!("u1@{HOST}/other"), "elsewhere.test".to_owned()]
            {
                peer.send(answer(&format!(r#" from="{forger}""#), 0)).await;
            }
            peer.send(answer(&from.clone().unwrap_or_default(), 1)).await;
        };
        let (settings, ()) =
            within("the answer", async { tokio::join!(session.settings(), script) }).await;
        assert_eq!(settings.unwrap().archive, Some(true), "{from:?}");
        let told = told(&mut events, &mut peer).await;
        assert!(
            told.len() == 3 && told.iter().all(|event| matches!(event, Event::UnknownStanza(_))),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn news_that_the_sender_may_not_tell_is_no_event() {
    let (_server, session, mut events, mut peer) = online().await;
    let mallory = format!("mallory@{HOST}");
    let forged = [
        format!(
            r#"<message xmlns="jabber:client" from="{mallory}"><userblocked xmlns="urn:xmpp:blocking" type="block_user" blocked_user="u7"/></message>"#
        ),
        format!(
            r#"<message xmlns="jabber:client" from="{mallory}"><user_deleted user="u2@{HOST}"/></message>"#
        ),
        format!(
            r#"<message xmlns="jabber:client" from="{mallory}"><user_deleted user="u1@{HOST}"/></message>"#
        ),
        format!(
            r#"<message xmlns="jabber:client" from="{mallory}"><admin_block block_status="1" jid="u1@{HOST}" chat_type="chat"/></message>"#
        ),
        format!(
            r#"<message xmlns="jabber:client" from="{mallory}"><user_settings archive="1"/></message>"#
        ),
        format!(
            r#"<message xmlns="jabber:client" from="{mallory}"><logout xmlns="urn:xmpp:receipts" socket_id="sock-1"/></message>"#
        ),
        format!(
            r#"<message xmlns="jabber:client" from="{mallory}"><contact_permission permission_status="0"/></message>"#
        ),
        format!(
            r#"<iq xmlns="jabber:client" from="{mallory}" id="r" type="result"><query xmlns="jabber:iq:roster" contact_permission="1"/></iq>"#
        ),
        format!(
            r#"<iq xmlns="jabber:client" from="u1@{HOST}/other" id="v" type="result"><vCard xmlns="vcard-temp"><nickName>Not me</nickName></vCard></iq>"#
        ),
    ];
    for text in &forged {
        peer.send(text.clone()).await;
        let told = told(&mut events, &mut peer).await;
        assert!(told.len() == 1 && is_unknown(&told[0], text), "{told:?} for {text}");
    }
    assert_eq!(session.state(), ConnectionState::Connected);
}

#[tokio::test]
async fn a_forged_block_push_is_refused_and_a_true_one_confirmed() {
    let (_server, _session, mut events, mut peer) = online().await;
    let push = |from: &str, id: &str| {
        format!(
            r#"<iq xmlns="jabber:client"{from} id="{id}" type="set"><block xmlns="urn:xmpp:blocking"><item jid="u2@{HOST}"/></block></iq>"#
        )
    };
    for from in [format!("mallory@{HOST}"), format!("u1@{HOST}/other")] {
        let text = push(&format!(r#" from="{from}""#), "forged");
        peer.send(text.clone()).await;
        assert_same(
            &peer.receive().await,
            &format!(
                r#"<iq xmlns="jabber:client" id="forged" to="{from}" type="error"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
            ),
        );
        let told = told(&mut events, &mut peer).await;
        assert!(told.len() == 1 && is_unknown(&told[0], &text), "{told:?}");
    }
    for from in [String::new(), format!(r#" from="u1@{HOST}""#), format!(r#" from="{HOST}""#)] {
        peer.send(push(&from, "true")).await;
        let answer = peer.receive().await;
        assert!(answer.contains(r#"type="result""#), "{answer}");
        let told = told(&mut events, &mut peer).await;
        assert!(matches!(&told[..], [Event::Blocked { .. }]), "{told:?}");
    }
}

#[tokio::test]
async fn a_carbon_is_believed_from_the_own_account_only() {
    let (_server, _session, mut events, mut peer) = online().await;
    let jid = peer.jid();
    let carbon = |from: &str, direction: &str| {
        format!(
            r#"<message xmlns="jabber:client" from="{from}" to="{jid}"><{direction} xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" from="u7@{HOST}" to="u1@{HOST}/other" type="chat"><userblocked xmlns="urn:xmpp:blocking" type="block_user" blocked_user="u7"/></message></forwarded></{direction}></message>"#
        )
    };
    for (from, direction) in [
        (format!("mallory@{HOST}"), "received"),
        (format!("u1@{HOST}/other"), "received"),
        (HOST.to_owned(), "received"),
        (format!("u7@{HOST}"), "received"),
        (format!("mallory@{HOST}"), "sent"),
    ] {
        let text = carbon(&from, direction);
        peer.send(text.clone()).await;
        let told = told(&mut events, &mut peer).await;
        assert!(told.len() == 1 && is_unknown(&told[0], &text), "{told:?} from {from}");
    }
    peer.send(carbon(&format!("u1@{HOST}"), "received")).await;
    let told = told(&mut events, &mut peer).await;
    assert!(matches!(&told[..], [Event::BlockedBy { carbon: true, .. }]), "{told:?}");
}

#[tokio::test]
async fn what_stands_beside_a_forged_carbon_is_not_believed_either() {
    let (_server, _session, mut events, mut peer) = online().await;
    let text = format!(
        r#"<message xmlns="jabber:client" from="u7@{HOST}"><received xmlns="urn:xmpp:carbons:2"/><userblocked xmlns="urn:xmpp:blocking" type="block_user" blocked_user="u7"/></message>"#
    );
    peer.send(text.clone()).await;
    let told = told(&mut events, &mut peer).await;
    assert!(told.len() == 1 && is_unknown(&told[0], &text), "{told:?}");
}

#[tokio::test]
async fn a_true_carbon_does_not_make_a_forged_copy_true() {
    let (_server, _session, mut events, mut peer) = online().await;
    let text = format!(
        r#"<message xmlns="jabber:client" from="u1@{HOST}"><received xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" from="mallory@{HOST}" to="u1@{HOST}/other"><user_deleted user="u2@{HOST}"/></message></forwarded></received></message>"#
    );
    peer.send(text.clone()).await;
    let told = told(&mut events, &mut peer).await;
    assert!(told.len() == 1 && is_unknown(&told[0], &text), "{told:?}");
}

#[tokio::test]
async fn every_question_is_answered_and_none_twice() {
    let (_server, _session, mut events, mut peer) = online().await;
    let from = format!("u2@{HOST}/Web-1");
    for (question, condition) in [
        (
            r#"<iq xmlns="jabber:client" FROM id="q1" type="get"><query xmlns="jabber:iq:version"/></iq>"#,
            "service-unavailable",
        ),
        (
            r#"<iq xmlns="jabber:client" FROM id="q2" type="set"><vCard xmlns="vcard-temp"/></iq>"#,
            "service-unavailable",
        ),
        (
            r#"<iq xmlns="jabber:client" FROM id="q3" type="set"><query xmlns="jabber:iq:roster"/></iq>"#,
            "service-unavailable",
        ),
        (r#"<iq xmlns="jabber:client" FROM id="q4" type="get"/>"#, "service-unavailable"),
        (
            r#"<iq xmlns="jabber:client" FROM id="q5" type="bogus"><x xmlns="y"/></iq>"#,
            "bad-request",
        ),
        (r#"<iq xmlns="jabber:client" FROM id="q6"><x xmlns="y"/></iq>"#, "bad-request"),
    ] {
        peer.send(question.replace("FROM", &format!(r#"from="{from}""#))).await;
        let answer = peer.receive().await;
        assert!(answer.contains(&format!("<{condition} ")), "{answer} for {question}");
        assert_eq!(attribute(&answer, "to").unwrap(), from);
        assert_eq!(attribute(&answer, "type").unwrap(), "error");
    }
    // Answers to questions that nobody asked, and questions that cannot be answered.
    for text in [
        r#"<iq xmlns="jabber:client" id="never-asked" type="result"/>"#,
        r#"<iq xmlns="jabber:client" id="never-asked" type="error"/>"#,
        r#"<iq xmlns="jabber:client" type="get"><query xmlns="jabber:iq:version"/></iq>"#,
        r#"<iq xmlns="jabber:client" id="" type="get"/>"#,
        r#"<iq xmlns="jabber:client" id="x" type="result" from="not an address@@"/>"#,
    ] {
        peer.send(text).await;
        let told = told(&mut events, &mut peer).await;
        assert!(told.len() <= 1, "{told:?}");
    }
    peer.send(format!(r#"<iq xmlns="jabber:client" from="{HOST}" id="last" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#)).await;
    assert_eq!(attribute(&peer.receive().await, "id").unwrap(), "last", "nothing else was said");
}

#[tokio::test]
async fn an_unknown_stanza_is_handed_over_and_changes_nothing() {
    let (_server, session, mut events, mut peer) = online().await;
    for text in [
        format!(
            r#"<message xmlns="jabber:client" from="u2@{HOST}/W" id="m1" type="chat"><body>Sealed</body></message>"#
        ),
        format!(
            r#"<message xmlns="jabber:client" type="error" from="u2@{HOST}"><user_deleted user="u2@{HOST}"/></message>"#
        ),
        r#"<unheard xmlns="urn:example:of"/>"#.to_owned(),
        r#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#.to_owned(),
        r#"<presence xmlns="jabber:client" type="bogus" from="u2@xmpp.example.test"/>"#.to_owned(),
    ] {
        peer.send(text.clone()).await;
        let told = told(&mut events, &mut peer).await;
        assert!(told.len() == 1 && is_unknown(&told[0], &text), "{told:?} for {text}");
        let shown = format!("{:?}", told[0]);
        assert!(!shown.contains("Sealed"), "{shown}");
        assert!(told[0].official().is_empty());
    }
    assert_eq!(session.state(), ConnectionState::Connected);
}

#[tokio::test]
async fn a_push_that_says_nothing_does_not_silence_the_next_ones() {
    let (_server, _session, mut events, mut peer) = online().await;
    for payload in [
        r#"<block xmlns="urn:xmpp:blocking"/>"#,
        r#"<block xmlns="urn:xmpp:blocking"><item/></block>"#,
        r#"<block xmlns="urn:xmpp:blocking"><item jid="@@"/></block>"#,
    ] {
        peer.send(format!(
            r#"<iq xmlns="jabber:client" from="u1@{HOST}" id="p" type="set">{payload}</iq>"#
        ))
        .await;
        assert!(peer.receive().await.contains("<bad-request "), "{payload}");
    }
    for text in [
        r#"<message xmlns="jabber:client"><user_deleted/></message>"#,
        r#"<message xmlns="jabber:client"><userblocked xmlns="urn:xmpp:blocking"/></message>"#,
        r#"<message xmlns="jabber:client"><admin_block/></message>"#,
        r#"<iq xmlns="jabber:client" id="v" type="result"><vCard xmlns="vcard-temp"/></iq>"#,
    ] {
        peer.send(text).await;
    }
    told(&mut events, &mut peer).await;
    // White space before the item makes it an unblock to the official SDK.
    peer.send(format!(
        "<iq xmlns=\"jabber:client\" from=\"u1@{HOST}\" id=\"p\" type=\"set\">\n<block xmlns=\"urn:xmpp:blocking\">\n<item jid=\"u2@{HOST}\"/>\n</block></iq>"
    ))
    .await;
    let told = told(&mut events, &mut peer).await;
    assert!(matches!(&told[..], [Event::Blocked { .. }]), "{told:?}");
}

#[tokio::test]
async fn a_flood_that_nobody_reads_neither_grows_nor_blocks() {
    let (_server, session, mut events, mut peer) = online().await;
    for number in 0..20_000 {
        peer.send(format!(
            r#"<message xmlns="jabber:client" from="u2@{HOST}" id="{number}"><body>spam</body></message>"#
        ))
        .await;
    }
    let script = async {
        let id = peer.receive_request("user_settings").await;
        peer.answer(&id, r#"<query xmlns="jabber:iq:user_activities"/>"#).await;
    };
    let (settings, ()) =
        within("an answer", async { tokio::join!(session.settings(), script) }).await;
    settings.unwrap();
    let first = within("an event", events.next()).await.unwrap();
    assert_eq!(first, Event::Lagged(20_000 - 256));
}

#[tokio::test]
async fn a_stanza_before_authentication_ends_the_attempt() {
    for stanza in [
        format!(
            r#"<message xmlns="jabber:client" from="{HOST}"><user_deleted user="u1@{HOST}"/></message>"#
        ),
        r#"<iq xmlns="jabber:client" id="_bind_auth_2" type="result"/>"#.to_owned(),
        r#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#.to_owned(),
        r#"<x xmlns="y">"#.to_owned(),
    ] {
        let server = ScriptedServer::start().await;
        let request = server.app().await.connect(&ScriptedServer::credentials());
        let mut events = request.events();
        let script = async {
            let mut peer = server.accept().await;
            peer.receive().await;
            peer.send(format!(
                r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="{HOST}" id="s" version="1.0"/>"#
            ))
            .await;
            peer.send(stanza.clone()).await;
            peer.receive_rest().await
        };
        let (outcome, rest) =
            within("the end", async { tokio::join!(request.into_future(), script) }).await;
        assert_eq!(kind(outcome), ErrorKind::Network, "{stanza}");
        assert!(rest.iter().all(|text| !text.starts_with("<auth ")), "{rest:?}");
        let reason = expect_event(&mut events, "end", |event| match event {
            Event::Ended(reason) => Some(reason.clone()),
            Event::UserDeleted { .. } => panic!("it was believed"),
            _ => None,
        })
        .await;
        assert!(matches!(reason, EndReason::Unreachable { .. }), "{reason:?}");
    }
}

#[tokio::test]
async fn a_stream_that_is_opened_twice_is_left() {
    let (server, _session, mut events, mut peer) = online().await;
    peer.send(r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" version="1.0"/>"#).await;
    let reason = expect_event(&mut events, "loss", |event| match event {
        Event::Disconnected { reason } => Some(reason.clone()),
        _ => None,
    })
    .await;
    assert!(matches!(reason, DisconnectReason::ProtocolViolation(_)), "{reason:?}");
    server.accept_online().await;
}

#[tokio::test]
async fn a_bound_address_of_somebody_else_is_not_taken() {
    let server = ScriptedServer::start().await;
    let request = server.app().await.connect(&ScriptedServer::credentials());
    let script = async {
        let mut peer = server.accept().await;
        peer.offer("PLAIN").await;
        peer.accept_authentication().await;
        peer.open(r#"<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>"#).await;
        let id = peer.receive_request("xmpp-bind").await;
        peer.send(format!(
            r#"<iq xmlns="jabber:client" type="result" id="{id}"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>mallory@elsewhere.test/x</jid></bind></iq>"#
        ))
        .await;
        peer.receive_rest().await
    };
    let (outcome, rest) =
        within("the end", async { tokio::join!(request.into_future(), script) }).await;
    outcome.unwrap_err();
    assert!(rest.iter().all(|text| !text.starts_with("<presence")), "{rest:?}");
}
