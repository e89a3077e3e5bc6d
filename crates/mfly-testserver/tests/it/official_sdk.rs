//! Requirements of the official Web SDK, one test each: without them the SDK hangs, loops or calls
//! no listener. `cargo xtask interop` shows them in a browser.
//!
//! Tested elsewhere: the ping of every minute and PLAIN as the only mechanism (`core/stream.txt`),
//! profiles that are results from the bare address, pushes of the block list that name a user,
//! settings that are never missing, and one second as the least time since a user was online (the
//! scenarios in `core/feature`), the certificate of the server's own authority (`tls.rs`), the
//! script that fills the licence cache (`licence.rs`), preflights and paths that do not exist
//! (`http.rs`), the configuration sealed with the user's name (`config.rs`), tokens with their
//! expiry and the messages for wrong credentials (`login.rs`) and for the session limit
//! (`register.rs`), sealed data of a trial (`register.rs`), the profile of a new account
//! (`profile.rs`).

use crate::client::{Client, start};
use crate::xmpp::Xmpp;
use mfly_api::endpoint::register::Registration;
use mfly_testserver::{Direction, TestServer};
use serde_json::json;

const PRESENCE: &str = r#"<presence xmlns="jabber:client"><priority>1</priority></presence>"#;

async fn online(server: &TestServer, client: &Client, id: &str) -> (Xmpp, Client, Registration) {
    let (own, registration) = client.register(id).await;
    let password = client.sealed(&registration.password);
    let mut stream = Xmpp::connect(server, id, &password).await;
    stream.send(PRESENCE).await;
    (stream, own, registration)
}

fn iq(kind: &str, id: &str, payload: &str) -> String {
    format!(r#"<iq id="{id}" type="{kind}" xmlns="jabber:client">{payload}</iq>"#)
}

/// All frames that the server sends in a session that uses every request and is ended by the
/// server.
async fn everything_sent() -> Vec<String> {
    let (server, client) = start().await;
    let (mut alice, alice_client, _) = online(&server, &client, "alice").await;
    let (mut bob, _, _) = online(&server, &client, "bob").await;
    let card = "<vCard xmlns=\"vcard-temp\"><nickName>A</nickName><image/><thumbImage/><email/><mobileNumber/><status>s</status></vCard>";
    let activities = |status: &str, rest: &str| {
        format!(r#"<query status="{status}" {rest}xmlns="jabber:iq:user_activities"/>"#)
    };
    let item = r#"<item jid="bob@localhost"/>"#;
    let asked = [
        ("set", card.to_owned()),
        ("get", r#"<query xmlns="jabber:iq:roster"/>"#.to_owned()),
        ("set", r#"<enable xmlns="urn:xmpp:carbons:2"/>"#.to_owned()),
        ("set", format!(r#"<block xmlns="urn:xmpp:blocking">{item}</block>"#)),
        ("get", r#"<blocklist xmlns="urn:xmpp:blocking"/>"#.to_owned()),
        ("set", format!(r#"<unblock xmlns="urn:xmpp:blocking">{item}</unblock>"#)),
        ("get", activities("block_user", "")),
        ("get", activities("user_settings", "")),
        ("set", activities("user_settings", "archive=\"1\" ")),
        ("set", activities("register_update", "")),
        ("get", activities("all_archived_chats", "")),
        ("get", r#"<ping xmlns="urn:xmpp:ping"/>"#.to_owned()),
    ];
    for (number, (kind, payload)) in asked.iter().enumerate() {
        let id = format!("asked-{number}");
        alice.send(&iq(kind, &id, payload)).await;
        alice.expect(&id).await;
    }
    let last = r#"<iq id="last" to="bob@localhost" type="get" xmlns="jabber:client"><query xmlns="jabber:iq:last"/></iq>"#;
    alice.send(last).await;
    alice.expect("id=\"last\"").await;
    server.user("bob").admin_block(true).unwrap();
    bob.expect("<close ").await;
    let body = json!({ "reason": "r", "feedback": "" });
    alice_client.post("/users/deleteMyAccount", &body).await;
    alice.expect("<close ").await;
    let entries = server.journal().frames().into_iter();
    entries.filter(|entry| entry.direction == Direction::Sent).map(|entry| entry.text).collect()
}

#[tokio::test]
async fn the_closing_frame_is_spelled_as_the_official_sdk_compares_it() {
    let (server, client) = start().await;
    let (mut alice, ..) = online(&server, &client, "alice").await;
    alice.send(r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#).await;
    let close = alice.expect("<close").await;
    assert_eq!(close, "<close xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" />");
}

#[tokio::test]
async fn no_name_has_a_prefix_but_those_of_the_stream_itself() {
    for frame in everything_sent().await {
        let names = frame.split('<').skip(1).map(|tag| tag.trim_start_matches('/'));
        for name in names.map(|tag| tag.split([' ', '>', '/']).next().unwrap_or_default()) {
            let is_streams = ["stream:features", "stream:error"].contains(&name);
            assert!(is_streams || !name.contains(':'), "{frame}");
        }
    }
}

#[tokio::test]
async fn there_is_no_white_space_between_elements_or_around_them() {
    for frame in everything_sent().await {
        assert_eq!(frame, frame.trim());
        for between in frame.split('>').map(|part| part.split('<').next().unwrap_or_default()) {
            assert!(between.is_empty() || !between.trim().is_empty(), "{frame}");
        }
    }
}

#[tokio::test]
async fn every_presence_has_a_sender() {
    let sent = everything_sent().await;
    let presences: Vec<&String> =
        sent.iter().filter(|frame| frame.starts_with("<presence")).collect();
    assert!(!presences.is_empty());
    for presence in presences {
        let (tag, _) = presence.split_once('>').unwrap();
        assert!(tag.contains(" from=\""), "{presence}");
    }
}

#[tokio::test]
async fn every_request_is_answered_with_its_id() {
    let sent = everything_sent().await;
    for number in 0..12 {
        let id = format!("id=\"asked-{number}\"");
        let answers = sent.iter().filter(|frame| frame.contains(&id));
        let kinds: Vec<bool> = answers
            .map(|frame| frame.contains("type=\"result\"") || frame.contains("type=\"error\""))
            .collect();
        assert_eq!(kinds, [true], "{id}");
    }
}

#[tokio::test]
async fn login_never_answers_http_401() {
    let (server, client) = start().await;
    let (alice, registration) = client.register("alice").await;
    client.register("gone").await;
    server.user("gone").delete().unwrap();
    let sealed = client.sealed(&registration.password);
    let login = |username: &str, password: &str| {
        json!({ "username": username, "password": password, "type": "web" }).to_string()
    };
    let bodies = [
        login("alice", "wrong"),
        login("alice", ""),
        login("gone", &sealed),
        login("nobody", &sealed),
        login("", ""),
        json!({ "username": "alice" }).to_string(),
        "{}".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "not JSON".to_owned(),
        String::new(),
    ];
    let asked_by = [client.clone(), alice.clone(), client.with_token("nonsense")];
    let refused = async || {
        for client in &asked_by {
            for body in &bodies {
                let headers = [("content-type", "application/json")];
                let path = "/api/v1/login";
                let reply = client.send("POST", path, &headers, body.as_bytes()).await;
                assert_eq!(reply.http, 200, "{body}");
                assert_ne!(reply.statuses().1, 200, "{body}");
            }
        }
    };
    refused().await;
    server.user("alice").expire_tokens().unwrap();
    refused().await;
    server.user("alice").admin_block(true).unwrap();
    refused().await;
    assert_eq!(client.log_in(&registration).await.statuses(), (200, 403));
}

#[tokio::test]
async fn every_answer_can_be_read_by_a_page_of_another_origin() {
    let (server, client) = start().await;
    let (alice, _) = client.register("alice").await;
    for path in [
        "/api/v1/users/muted",
        "/api/v1/nowhere",
        "/api/v1/login",
        "/api/v1/media/unknown",
        "/media-store/unknown",
        "/licence.js",
        "/license/details",
        "/nowhere",
        "/websocket",
    ] {
        for client in [&alice, &client] {
            let reply = client.send("GET", path, &[], b"").await;
            let allowed = reply.header("access-control-allow-origin");
            assert_eq!(allowed, Some("*"), "{path}: {}", reply.http);
        }
    }
    server.fault().request("/users/muted").http_status(503);
    let reply = alice.get("/users/muted").await;
    assert_eq!(reply.http, 503);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn the_licence_script_is_where_the_readme_says() {
    let (server, _client) = start().await;
    let readme = include_str!("../../README.md");
    let (origin, path) = ("http://127.0.0.1:8117", "/licence.js");
    assert!(readme.contains(&format!("<script src=\"{origin}{path}\">")));
    assert!(server.licence_script_url().ends_with(path));
}
