//! Redirects to other servers.

use super::*;

fn redirect(host: &str) -> String {
    stream_error("see-other-host", host)
}

/// The redirect of the last dial.
fn last_dial(rig: &Rig) -> Option<&str> {
    rig.redirects.last().unwrap().as_deref()
}

#[test]
fn a_redirect_within_the_own_domain_is_followed_at_once_and_the_next_loss_leads_back() {
    let mut rig = Rig::new();
    rig.offer(&redirect("node2.host.test:5223"));
    assert_eq!((rig.dials, last_dial(&rig)), (2, Some("node2.host.test")));
    rig.expect_notice("failed 1: stream error: see-other-host");
    rig.expect_notice("reconnecting 1");
    assert_eq!(rig.last(), CLOSE);
    rig.connect();
    rig.expect_notice("connected");
    rig.lose();
    rig.pass(60 * SECOND);
    assert_eq!((rig.dials, last_dial(&rig)), (3, None));
}

#[test]
fn an_online_session_follows_a_redirect_as_well() {
    let mut rig = Rig::online();
    rig.receive(&redirect("host.test:7777"));
    assert_eq!((rig.dials, last_dial(&rig)), (1, Some("host.test")));
    rig.expect_notice("disconnected: stream error: see-other-host");
    rig.expect_notice("state Reconnecting");
    rig.connect();
    rig.expect_notice("connected");
}

#[test]
fn only_redirects_that_the_policy_allows_are_followed() {
    use RedirectPolicy::{Hosts, Never, SameDomain};
    let listed = || Hosts(vec!["hosting.test".to_owned()]);
    for (policy, home, target, is_followed) in [
        (SameDomain, "host.test", "evil.test", false),
        (SameDomain, "host.test", "https://host.test/", false),
        (SameDomain, "chat.hosting.test", "chat.hosting.test", true),
        (Never, "host.test", "evil.test", false),
        (Never, "host.test", "node2.host.test", false),
        (listed(), "host.test", "a.hosting.test", true),
    ] {
        let mut rig = Rig::online_with(|config| {
            config.redirects = policy;
            config.home.push(home.to_owned());
        });
        rig.receive(&redirect(target));
        if is_followed {
            assert_eq!(last_dial(&rig), Some(target));
        } else {
            rig.expect_notice(&format!("ended: the server moved to {target}"));
            rig.pass(600 * SECOND);
            assert_eq!(rig.dials, 0, "{target}");
        }
    }
}

#[test]
fn a_redirect_over_an_unencrypted_connection_is_not_followed() {
    let mut rig = Rig::new();
    rig.dialled_as(false, ChannelBindings::NONE);
    rig.receive_all(&[SERVER_OPEN, &redirect("node2.host.test")]);
    rig.expect_notice("ended: the server moved to node2.host.test");
}

#[test]
fn redirects_in_a_circle_are_followed_three_times_and_then_the_original_address_is_tried_later() {
    let mut rig = Rig::with(|config| config.first_attempts = 2);
    for (at, next) in ["a", "b", "a"].into_iter().enumerate() {
        rig.offer(&redirect(&format!("{next}.host.test")));
        assert_eq!(rig.dials as usize, at + 2);
    }
    rig.offer(&redirect("b.host.test"));
    assert_eq!(rig.dials, 4);
    rig.expect_notice("reconnecting 2");
    rig.pass(SECOND);
    assert_eq!((rig.dials, last_dial(&rig)), (5, None));
    rig.connect();
    rig.expect_notice("connected");
}

#[test]
fn a_server_that_redirects_right_after_each_login_is_connected_to_with_back_off() {
    let mut rig = Rig::online();
    let start = rig.now;
    for _ in 0..40 {
        rig.receive(&redirect("node2.host.test"));
        while !rig.dialling() {
            rig.pass(SECOND / 10);
        }
        rig.connect();
    }
    assert!(rig.now - start > 60 * SECOND, "40 connections in {:?}", rig.now - start);
}

#[test]
fn a_session_that_never_reconnects_does_not_follow_redirects() {
    let mut rig = Rig::online_with(|config| config.reconnect = ReconnectPolicy::never());
    rig.receive(&redirect("node2.host.test"));
    assert_eq!(rig.dials, 0);
    assert!(rig.machine.is_ended());
}

#[test]
fn a_websocket_address_is_followed_under_the_same_policy() {
    for (uri, expected) in [
        ("wss://node2.host.test/ws", Some("node2.host.test")),
        ("wss://evil.test/ws", None),
        ("https://node2.host.test/", None),
    ] {
        let mut rig = Rig::only(Framing::WebSocket, |_| {});
        rig.offer(&CLOSE.replace("/>", &format!(r#" see-other-uri="{uri}"/>"#)));
        match expected {
            Some(host) => assert_eq!((rig.dials, last_dial(&rig)), (2, Some(host))),
            None => rig.expect_notice(&format!("ended: the server moved to {uri}")),
        }
        let mut rig = Rig::only(Framing::WebSocket, |_| {});
        rig.connect();
        rig.receive(&CLOSE.replace("/>", &format!(r#" see-other-uri="{uri}"/>"#)));
        assert_eq!(rig.has_notice("ended: the server moved"), expected.is_none(), "{uri}");
    }
}

#[test]
fn a_redirect_leads_to_an_address_of_the_same_scheme_and_no_less_secure() {
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
