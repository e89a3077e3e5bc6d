//! Pipelined logins, and servers whose offer has changed.

use super::server::{
    Account, BIND_FEATURE, BIND2, PASSWORD, SASL2, SESSION_FEATURE, base64, features, offer, offer2,
};
use super::*;
use mfly_proto::sasl::MechanismPolicy;

const SCRAM: &[&str] = &["PLAIN", "SCRAM-SHA-256"];

fn account() -> Account {
    Account::sha256()
}

/// The names of the elements of each flight.
fn flights(rig: &Rig) -> Vec<String> {
    let name = |frame: &String| frame[1..].split([' ', '>', '/']).next().unwrap().to_owned();
    let names = |flight: &Vec<String>| flight.iter().map(name).collect::<Vec<_>>().join("+");
    rig.flights.iter().map(names).collect()
}

/// The server's stream header and features, after the client sent its first SASL element ahead.
fn answer_ahead(rig: &mut Rig, offer: &str) {
    rig.password(PASSWORD);
    rig.receive_all(&[SERVER_OPEN, offer]);
}

/// A session that logged in once and is connected to the same server again.
fn known(offer: &str, log_in: impl FnOnce(&mut Rig)) -> Rig {
    let mut rig = Rig::standard(|_| {});
    rig.authenticate(offer, PASSWORD);
    log_in(&mut rig);
    rig.expect_notice("connected");
    rig.reconnect();
    rig.dialled();
    assert!(rig.sent.is_empty(), "nothing is sent before the password is there");
    rig
}

fn known_scram() -> Rig {
    known(&offer(SCRAM), |rig| {
        rig.scram(&mut account());
        rig.bind();
    })
}

#[test]
fn the_official_order_takes_four_flights_and_pipelining_three_then_two() {
    let mut rig = Rig::new();
    for _ in 0..2 {
        rig.connect();
        assert_eq!(flights(&rig), ["open", "auth", "open", "iq"]);
        rig.reconnect();
    }

    let mut rig = Rig::with(|config| config.pipelined = true);
    rig.connect();
    assert_eq!(flights(&rig), ["open", "auth", "open+iq"]);
    rig.expect_notice("connected");

    rig.reconnect();
    rig.dialled();
    answer_ahead(&mut rig, PLAIN);
    rig.receive(SUCCESS);
    rig.bind();
    assert_eq!(flights(&rig), ["open+auth", "open+iq"]);
    rig.expect_notice("connected");
}

#[test]
fn scram_takes_one_flight_more() {
    let mut rig = Rig::standard(|_| {});
    rig.log_in(&offer(SCRAM), &mut account());
    assert_eq!(flights(&rig), ["open", "auth", "response", "open+iq"]);
    let mut rig = known_scram();
    answer_ahead(&mut rig, &offer(SCRAM));
    assert_eq!(rig.scram(&mut account()), 0, "the keys were kept");
    rig.bind();
    assert_eq!(flights(&rig), ["open+auth", "response", "open+iq"]);
    rig.expect_notice("connected");
}

#[test]
fn the_signed_offer_is_checked_against_the_features_that_arrived_after_the_client_began() {
    for (signed, is_whole) in [(SCRAM, true), (&["SCRAM-SHA-256", "SCRAM-SHA-512"], false)] {
        let mut rig = known_scram();
        answer_ahead(&mut rig, &offer(SCRAM));
        let challenge = account().signing(signed).challenge(rig.last());
        rig.receive(&challenge);
        assert_eq!(rig.last().starts_with("<response"), is_whole, "{:?}", rig.notices);
        assert_eq!(rig.has_notice("the authentication was broken off"), !is_whole);
    }
}

#[test]
fn the_session_request_is_sent_where_a_server_requires_it() {
    let mut rig = known_scram();
    answer_ahead(&mut rig, &offer(SCRAM));
    rig.scram(&mut account());
    rig.receive_all(&[SERVER_OPEN, &features(&format!("{BIND_FEATURE}{SESSION_FEATURE}")), BOUND]);
    rig.expect_no_notice("connected");
    rig.answer("_session_auth_2");
    rig.expect_notice("connected");
}

fn success2(data: &str, bound: bool) -> String {
    let (resource, bound) = match bound {
        true => ("/mfly.1", r#"<bound xmlns="urn:xmpp:bind:0"/>"#),
        false => ("", ""),
    };
    format!(
        r#"<success xmlns="{SASL2}"><additional-data>{data}</additional-data><authorization-identifier>u1@host.test{resource}</authorization-identifier>{bound}</success>"#
    )
}

/// Plays the SCRAM messages of SASL2 after the client's first one.
fn scram2(rig: &mut Rig, bound: bool) {
    let mut account = account();
    let challenge = account.challenge(rig.last());
    rig.receive(&challenge);
    rig.derive();
    let signature = account.signature(rig.last()).unwrap();
    rig.receive(&success2(&base64(&signature), bound));
}

#[test]
fn with_bind2_the_session_is_online_without_another_flight() {
    let offered = offer2(&["SCRAM-SHA-256"], BIND2);
    let mut rig = Rig::standard(|_| {});
    rig.authenticate(&offered, PASSWORD);
    scram2(&mut rig, true);
    rig.receive(&features(""));
    assert_eq!(flights(&rig), ["open", "authenticate", "response"]);
    rig.expect_notice("connected u1@host.test/mfly.1");
    rig.expect_no_notice("unknown");
    let begun = &rig.flights[1][0];
    assert!(begun.contains("<tag>mfly</tag>") && begun.contains("urn:xmpp:carbons:2"), "{begun}");
    assert_eq!(rig.last(), PRESENCE, "carbons are enabled already");

    rig.reconnect();
    rig.dialled();
    answer_ahead(&mut rig, &offered);
    scram2(&mut rig, true);
    assert_eq!(flights(&rig), ["open+authenticate", "response"]);
    rig.expect_notice("connected");

    let offered = offer2(&["PLAIN"], BIND2);
    let mut rig = known(&offered, |rig| rig.receive(&success2("", true)));
    answer_ahead(&mut rig, &offered);
    rig.receive(&success2("", true));
    assert_eq!(flights(&rig), ["open+authenticate"]);
    rig.expect_notice("connected");
}

#[test]
fn sasl2_without_bind2_binds_on_the_same_stream() {
    let any = Resource::OfSession("mfly-".to_owned());
    for (inline, resource) in [("", any), (BIND2, Resource::Exactly("desk".to_owned()))] {
        let mut rig = Rig::standard(|config| config.resource = resource);
        rig.authenticate(&offer2(&["SCRAM-SHA-256"], inline), PASSWORD);
        assert!(!rig.last().contains("urn:xmpp:bind:0"));
        scram2(&mut rig, false);
        rig.receive_all(&[BIND, BOUND]);
        assert_eq!(flights(&rig), ["open", "authenticate", "response", "iq"]);
        rig.expect_notice("connected");
    }
}

#[test]
fn another_verdict_of_sasl2_than_success_with_the_own_address_is_refused() {
    for (verdict, reason) in [
        (
            format!(r#"<continue xmlns="{SASL2}"><tasks><task>TOTP</task></tasks></continue>"#),
            "ended: the server wants more than a password: TOTP",
        ),
        (success2("", true).replace("u1@", "u2@"), "the address of another account"),
    ] {
        let mut rig = Rig::standard(|_| {});
        rig.authenticate(&offer2(&["PLAIN"], BIND2), PASSWORD);
        rig.receive(&verdict);
        rig.expect_notice(reason);
    }
}

#[test]
fn a_platform_session_uses_sasl_even_if_sasl2_is_offered() {
    let sasl2 = format!(
        r#"<authentication xmlns="{SASL2}"><mechanism>PLAIN</mechanism></authentication><mechanisms"#
    );
    let mut rig = Rig::with(|config| config.pipelined = true);
    rig.authenticate(&PLAIN.replace("<mechanisms", &sasl2), PASSWORD);
    assert!(rig.last().starts_with("<auth "), "{}", rig.last());
}

#[test]
fn an_offer_with_another_plan_fails_the_attempt_and_the_next_one_is_not_pipelined() {
    for changed in [
        offer2(&["SCRAM-SHA-256"], BIND2),
        offer(&["SCRAM-SHA-256", "SCRAM-SHA-512"]),
        features(""),
        features(BIND_FEATURE),
        offer(&["PLAIN", "SCRAM-SHA-512"]),
    ] {
        let mut rig = known_scram();
        answer_ahead(&mut rig, &changed);
        assert_eq!(flights(&rig)[0], "open+auth");
        rig.expect_notice("failed 1: the server offers something else than before");
        assert_eq!((rig.disconnects, rig.last()), (1, CLOSE));
        assert_eq!(rig.dials, 1, "at once");
        rig.forget();
        rig.dialled();
        assert_eq!(flights(&rig), ["open"]);
        rig.receive_all(&[SERVER_OPEN, &offer(SCRAM)]);
        rig.password(PASSWORD);
        rig.scram(&mut account());
        rig.bind();
        rig.expect_notice("connected");
        // After a login that succeeded, the next one is pipelined again.
        rig.reconnect();
        rig.dialled();
        rig.password(PASSWORD);
        assert_eq!(flights(&rig), ["open+auth"]);
    }
}

#[test]
fn bind2_that_is_no_longer_or_newly_offered_changes_the_plan() {
    let with = offer2(&["PLAIN"], BIND2);
    let without = offer2(&["PLAIN"], "");
    let bare = offer2(&["PLAIN"], r#"<bind xmlns="urn:xmpp:bind:0"/>"#);
    for (before, now) in [(&with, &without), (&with, &bare), (&bare, &with)] {
        let mut rig = known(before, |rig| rig.receive(&success2("", true)));
        answer_ahead(&mut rig, now);
        rig.expect_notice("something else than before");
        rig.receive(&success2("", true));
        rig.expect_no_notice("connected");
    }
}

#[test]
fn a_success_of_plain_that_was_sent_ahead_is_refused_where_scram_is_offered_now() {
    let mut rig = known(PLAIN, |rig| {
        rig.receive(SUCCESS);
        rig.bind();
    });
    answer_ahead(&mut rig, &offer(SCRAM));
    rig.receive(SUCCESS);
    rig.expect_notice("something else than before");
    rig.expect_no_notice("connected");
    rig.forget();
    rig.authenticate(&offer(SCRAM), PASSWORD);
    assert!(rig.last().contains("SCRAM-SHA-256"), "{}", rig.last());
}

#[test]
fn nothing_is_sent_on_a_stream_that_this_side_has_not_opened_not_even_the_closing_frame() {
    let ends: [fn(&mut Rig); 4] = [
        |rig| rig.pass(15 * SECOND),
        |rig| rig.receive(SERVER_OPEN),
        |rig| rig.receive(SUCCESS),
        Rig::close,
    ];
    for end in ends {
        let mut rig = known_scram();
        end(&mut rig);
        assert_eq!(rig.disconnects, 1);
        assert!(rig.sent.is_empty(), "{:?}", rig.sent);
    }
}

#[test]
fn a_verdict_before_the_features_is_refused() {
    for verdict in [SUCCESS, &failure("<not-authorized/>")] {
        let mut rig = known_scram();
        answer_ahead(&mut rig, verdict);
        rig.expect_notice("it sent something before its features");
        assert!(!rig.machine.is_ended());
    }
}

#[test]
fn after_a_pipelined_attempt_failed_the_next_one_is_not_pipelined() {
    let ends: [fn(&mut Rig); 4] = [
        Rig::lose,
        |rig| rig.pass(15 * SECOND),
        |rig| rig.receive_all(&[SERVER_OPEN, CLOSE]),
        |rig| rig.receive_all(&[SERVER_OPEN, &stream_error("not-well-formed", "")]),
    ];
    for end in ends {
        let mut rig = known_scram();
        rig.password(PASSWORD);
        end(&mut rig);
        rig.pass(60 * SECOND);
        assert!(rig.dials > 0, "{:?}", rig.notices);
        rig.forget();
        rig.log_in(&offer(SCRAM), &mut account());
        assert_eq!(flights(&rig), ["open", "auth", "response", "open", "iq"]);
        rig.expect_notice("connected");
    }

    let mut rig = Rig::standard(|config| config.first_attempts = 2);
    rig.authenticate(PLAIN, PASSWORD);
    rig.receive(SUCCESS);
    assert_eq!(flights(&rig), ["open", "auth", "open+iq"]);
    rig.receive_all(&[SERVER_OPEN, CLOSE]);
    rig.pass(SECOND);
    rig.forget();
    rig.connect();
    assert_eq!(flights(&rig), ["open", "auth", "open", "iq"]);
    rig.expect_notice("connected");
}

#[test]
fn a_request_to_bind_that_was_sent_ahead_does_not_count_where_binding_is_not_offered() {
    let mut rig = Rig::standard(|_| {});
    rig.authenticate(PLAIN, PASSWORD);
    rig.succeed(&features(""));
    rig.expect_notice("it offers no resource binding");
    rig.expect_no_notice("connected");
}

#[test]
fn a_known_server_serves_another_session_of_the_same_domain_only() {
    let mut rig = Rig::standard(|_| {});
    rig.log_in(&offer(SCRAM), &mut account());
    let known = rig.server_known().unwrap();
    assert_eq!((known.domain(), known.mechanism()), ("host.test", "SCRAM-SHA-256"));
    let text = serde_json::to_string(&known).unwrap();
    assert_eq!(
        text,
        r#"{"domain":"host.test","mechanisms":["SCRAM-SHA-256","PLAIN"],"used":"SCRAM-SHA-256"}"#
    );
    let known: KnownServer = serde_json::from_str(&text).unwrap();

    let mut rig = Rig::standard(|config| config.known = Some(known.clone()));
    rig.dialled();
    answer_ahead(&mut rig, &offer(SCRAM));
    rig.scram(&mut account());
    rig.bind();
    assert_eq!(flights(&rig), ["open+auth", "response", "open+iq"]);

    let mut rig = Rig::standard(|config| {
        config.known = Some(known.clone());
        config.mechanisms = MechanismPolicy::password();
    });
    rig.dialled();
    answer_ahead(&mut rig, PLAIN);
    // The next attempt follows at once, and is refused, too.
    rig.offer(PLAIN);
    rig.expect_notice("an earlier login used SCRAM-SHA-256");

    let mut rig = Rig::standard(|config| {
        config.account = BareJid::new("u1@other.test").unwrap();
        config.known = Some(known);
    });
    rig.dialled();
    assert!(rig.tickets.is_empty(), "that server is not known");
}

#[test]
fn after_a_changed_offer_only_the_first_attempt_follows_at_once() {
    let mut rig = known_scram();
    answer_ahead(&mut rig, &offer(&["SCRAM-SHA-512"]));
    assert_eq!(rig.dials, 1);
    rig.offer(CLOSE);
    assert_eq!(rig.dials, 1, "the next attempt waits");
    rig.expect_notice("reconnecting 2");
}
