//! Servers that point to other servers.

use super::*;

fn pointer(host: &str) -> String {
    format!(
        r#"<stream:error xmlns:stream="http://etherx.jabber.org/streams"><see-other-host xmlns="urn:ietf:params:xml:ns:xmpp-streams">{host}</see-other-host></stream:error>"#
    )
}

/// Where the last dial went.
fn last(rig: &Rig) -> Option<&str> {
    rig.redirects.last().unwrap().as_deref()
}

#[test]
fn a_pointer_within_the_own_domain_is_followed_at_once_and_the_next_loss_leads_back() {
    let mut rig = Rig::new();
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(&pointer("node2.host.test:5223"));
    assert_eq!((rig.dials, last(&rig)), (2, Some("node2.host.test")));
    assert!(rig.has_news("failed 1: stream error: see-other-host"));
    assert!(rig.has_news("reconnecting 1"), "{:?}", rig.news);
    assert_eq!(rig.last_frame(), CLOSE);
    rig.connect();
    assert!(rig.has_news("connected"));
    rig.lose();
    rig.pass(60 * SECOND);
    assert_eq!((rig.dials, last(&rig)), (3, None));
}

#[test]
fn a_session_that_stands_follows_as_well() {
    let mut rig = Rig::online();
    rig.server(&pointer("host.test:7777"));
    assert_eq!((rig.dials, last(&rig)), (1, Some("host.test")));
    assert!(rig.has_news("disconnected: stream error: see-other-host"));
    assert!(rig.has_news("state Reconnecting"));
    rig.connect();
    assert!(rig.has_news("connected"));
}

#[test]
fn a_pointer_elsewhere_ends_the_session_unless_it_is_listed() {
    for policy in [RedirectPolicy::SameDomain, RedirectPolicy::Never] {
        let mut rig = Rig::online_with(|config| config.redirects = policy.clone());
        rig.server(&pointer("evil.test"));
        assert!(rig.has_news("ended: the server moved to evil.test"), "{:?}", rig.news);
        rig.pass(600 * SECOND);
        assert_eq!(rig.dials, 0);
    }
    let mut rig = Rig::online_with(|config| config.redirects = RedirectPolicy::Never);
    rig.server(&pointer("node2.host.test"));
    assert!(rig.has_news("ended: the server moved to node2.host.test"));
    let listed = RedirectPolicy::Hosts(vec!["hosting.test".to_owned()]);
    let mut rig = Rig::online_with(|config| config.redirects = listed.clone());
    rig.server(&pointer("a.hosting.test"));
    assert_eq!(last(&rig), Some("a.hosting.test"));
}

#[test]
fn the_host_that_was_asked_for_belongs_to_the_own_domain() {
    let mut rig = Rig::online_with(|config| config.home.push("chat.hosting.test".to_owned()));
    rig.server(&pointer("chat.hosting.test:5299"));
    assert_eq!(last(&rig), Some("chat.hosting.test"));
}

#[test]
fn a_server_that_could_not_prove_who_it_is_is_not_followed() {
    let mut rig = Rig::new();
    rig.dialled_in_the_clear();
    rig.server(SERVER_OPEN);
    rig.server(&pointer("node2.host.test"));
    assert!(rig.has_news("ended: the server moved to node2.host.test"), "{:?}", rig.news);
}

#[test]
fn servers_that_point_in_circles_are_followed_three_times_and_then_asked_again_later() {
    let mut rig = Rig::with(|config| config.first_attempts = 2);
    for (at, next) in ["a", "b", "a"].into_iter().enumerate() {
        rig.dialled();
        rig.server(SERVER_OPEN);
        rig.server(&pointer(&format!("{next}.host.test")));
        assert_eq!(rig.dials as usize, at + 2);
    }
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(&pointer("b.host.test"));
    assert_eq!(rig.dials, 4, "enough");
    assert!(rig.has_news("reconnecting 2"), "{:?}", rig.news);
    rig.pass(SECOND);
    assert_eq!((rig.dials, last(&rig)), (5, None));
    rig.connect();
    assert!(rig.has_news("connected"));
}

#[test]
fn a_session_that_lets_in_and_points_away_at_once_is_not_an_endless_loop() {
    let mut rig = Rig::online();
    let start = rig.now;
    for _ in 0..40 {
        rig.server(&pointer("node2.host.test"));
        while !rig.dialling() {
            rig.pass(SECOND / 10);
        }
        rig.connect();
    }
    assert!(rig.now - start > 60 * SECOND, "40 connections in {:?}", rig.now - start);
}

#[test]
fn a_session_that_never_comes_back_does_not_follow_either() {
    let mut rig = Rig::online_with(|config| config.reconnect = ReconnectPolicy::never());
    rig.server(&pointer("node2.host.test"));
    assert_eq!(rig.dials, 0);
    assert!(rig.machine.is_ended());
}

#[test]
fn a_pointer_that_names_no_host_is_not_followed() {
    let mut rig = Rig::online();
    rig.server(&pointer("https://host.test/"));
    assert!(rig.has_news("ended: the server moved to https://host.test/"), "{:?}", rig.news);
}

#[test]
fn a_websocket_address_is_followed_under_the_same_policy() {
    for (uri, expected) in [
        ("wss://node2.host.test/ws", Some("node2.host.test")),
        ("wss://evil.test/ws", None),
        ("https://node2.host.test/", None),
    ] {
        let mut rig = Rig::only(Framing::WebSocket, |_| {});
        rig.dialled();
        rig.server(SERVER_OPEN);
        rig.server(&format!(
            r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" see-other-uri="{uri}"/>"#
        ));
        match expected {
            Some(host) => assert_eq!((rig.dials, last(&rig)), (2, Some(host))),
            None => assert!(rig.has_news(&format!("ended: the server moved to {uri}"))),
        }
    }
}

#[test]
fn a_pointer_leads_to_an_address_of_the_same_kind_and_no_less_secure() {
    let redirect = Redirect::to_host("b.host.test").unwrap();
    let with_port = Redirect::to_host("b.host.test:7").unwrap();
    for (original, plain, ported) in [
        ("xmpp://a.host.test:1", "xmpp://b.host.test", "xmpp://b.host.test:7"),
        ("xmpps://a.host.test:1", "xmpps://b.host.test", "xmpps://b.host.test:7"),
        ("wss://a.host.test/x", "wss://b.host.test/x", "wss://b.host.test:7/x"),
        ("ws://localhost/x", "ws://b.host.test/x", "ws://b.host.test:7/x"),
    ] {
        let original = original.parse().unwrap();
        assert_eq!(redirect.address(&original).unwrap().to_string(), plain);
        assert_eq!(with_port.address(&original).unwrap().to_string(), ported);
    }
    let open = Redirect::to_uri("ws://b.host.test/x").unwrap();
    let secure = "wss://a.host.test/x".parse().unwrap();
    assert!(open.address(&secure).is_err());
    let v6 = Redirect::to_host("[::1]:7").unwrap();
    assert_eq!(v6.address(&secure).unwrap().to_string(), "wss://[::1]:7/x");
}
