//! Fewer round trips, and what happens when the server is not what it was.

use super::server::{Account, BIND2, PASSWORD, SASL2, features, offer, offer2};
use super::*;
use mfly_proto::sasl::MechanismPolicy;

const SCRAM: &[&str] = &["PLAIN", "SCRAM-SHA-256"];

fn account() -> Account {
    Account::sha256()
}

/// What a flight holds, by the names of its elements.
fn names(flight: &[String]) -> Vec<String> {
    let name = |frame: &String| frame[1..].split([' ', '>', '/']).next().unwrap().to_owned();
    flight.iter().map(name).collect()
}

fn flights(rig: &Rig) -> Vec<String> {
    rig.flights.iter().map(|flight| names(flight).join("+")).collect()
}

/// The server's part after the client's authentication left ahead of the features.
fn go_on(rig: &mut Rig, offer: &str) {
    rig.password(PASSWORD);
    rig.server(SERVER_OPEN);
    rig.server(offer);
}

/// A rig that was connected once and is being connected again.
fn known(offer: &str, log_in: impl FnOnce(&mut Rig)) -> Rig {
    let mut rig = Rig::standard(|_| {});
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(offer);
    rig.password(PASSWORD);
    log_in(&mut rig);
    assert!(rig.has_news("connected"), "{:?}", rig.news);
    rig.reconnect();
    rig.dialled();
    assert!(rig.sent.is_empty(), "nothing leaves before the password is there");
    rig
}

fn known_scram() -> Rig {
    known(&offer(SCRAM), |rig| {
        rig.exchange(&mut account());
        rig.bind();
    })
}

#[test]
fn the_official_order_takes_four_flights_and_pipelining_three_then_two() {
    let mut rig = Rig::new();
    rig.connect();
    assert_eq!(flights(&rig), ["open", "auth", "open", "iq"]);

    let mut rig = Rig::with(|config| config.pipelined = true);
    rig.connect();
    assert_eq!(flights(&rig), ["open", "auth", "open+iq"]);
    assert!(rig.has_news("connected"), "{:?}", rig.news);

    rig.reconnect();
    rig.dialled();
    go_on(&mut rig, PLAIN);
    rig.server(SUCCESS);
    rig.bind();
    assert_eq!(flights(&rig), ["open+auth", "open+iq"]);
    assert!(rig.has_news("connected"), "{:?}", rig.news);
}

#[test]
fn scram_takes_one_flight_more() {
    let mut rig = Rig::standard(|_| {});
    rig.log_in(&offer(SCRAM), &mut account());
    assert_eq!(flights(&rig), ["open", "auth", "response", "open+iq"]);
    let mut rig = known_scram();
    go_on(&mut rig, &offer(SCRAM));
    assert_eq!(rig.exchange(&mut account()), 0, "the keys were kept");
    rig.bind();
    assert_eq!(flights(&rig), ["open+auth", "response", "open+iq"]);
    assert!(rig.has_news("connected"), "{:?}", rig.news);
}

#[test]
fn the_servers_word_on_its_offer_is_checked_against_what_arrived_after_the_client_began() {
    for (vouched, is_whole) in [(SCRAM, true), (&["SCRAM-SHA-256", "SCRAM-SHA-512"], false)] {
        let mut rig = known_scram();
        go_on(&mut rig, &offer(SCRAM));
        let challenge = account().vouching(vouched).challenge(&rig.last());
        rig.server(&challenge);
        assert_eq!(rig.last().starts_with("<response"), is_whole, "{:?}", rig.news);
        assert_eq!(rig.has_news("the authentication was broken off"), !is_whole);
    }
}

#[test]
fn the_session_request_still_goes_out_where_a_server_insists_on_it() {
    let mut rig = known_scram();
    go_on(&mut rig, &offer(SCRAM));
    rig.exchange(&mut account());
    rig.server(SERVER_OPEN);
    rig.server(&features(r#"<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/>"#));
    rig.server(BOUND);
    assert!(!rig.has_news("connected"));
    rig.server(r#"<iq type="result" id="_session_auth_2"/>"#);
    assert!(rig.has_news("connected"), "{:?}", rig.news);
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

/// The server's part of SASL2 by SCRAM, from the client's first message on.
fn exchange2(rig: &mut Rig, bound: bool) {
    let mut account = account();
    let challenge = account.challenge(&rig.last());
    rig.server(&challenge);
    rig.derive();
    let signature = account.signature(&rig.last()).unwrap();
    rig.server(&success2(&super::server::base64(&signature), bound));
}

#[test]
fn sasl2_binds_along_and_is_online_without_another_flight() {
    let offered = offer2(&["SCRAM-SHA-256"], BIND2);
    let mut rig = Rig::standard(|_| {});
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(&offered);
    rig.password(PASSWORD);
    exchange2(&mut rig, true);
    rig.server(&features(""));
    assert_eq!(flights(&rig), ["open", "authenticate", "response"]);
    assert!(rig.has_news("connected u1@host.test/mfly.1"), "{:?}", rig.news);
    assert!(!rig.has_news("unknown"), "the features are no news: {:?}", rig.news);
    let begun = &rig.flights[1][0];
    assert!(begun.contains("<tag>mfly</tag>") && begun.contains("urn:xmpp:carbons:2"), "{begun}");
    assert_eq!(rig.last(), PRESENCE, "carbons came along");

    rig.reconnect();
    rig.dialled();
    go_on(&mut rig, &offered);
    exchange2(&mut rig, true);
    assert_eq!(flights(&rig), ["open+authenticate", "response"]);
    assert!(rig.has_news("connected"), "{:?}", rig.news);
}

#[test]
fn sasl2_with_plain_takes_one_flight_when_the_server_is_known() {
    let offered = offer2(&["PLAIN"], BIND2);
    let mut rig = known(&offered, |rig| rig.server(&success2("", true)));
    go_on(&mut rig, &offered);
    rig.server(&success2("", true));
    assert_eq!(flights(&rig), ["open+authenticate"]);
    assert!(rig.has_news("connected"), "{:?}", rig.news);
}

#[test]
fn sasl2_without_bind2_binds_on_the_same_stream() {
    for (inline, exactly) in [("", false), (BIND2, true)] {
        let mut rig = Rig::standard(|config| {
            if exactly {
                config.resource = Resource::Exactly("desk".to_owned());
            }
        });
        rig.dialled();
        rig.server(SERVER_OPEN);
        rig.server(&offer2(&["SCRAM-SHA-256"], inline));
        rig.password(PASSWORD);
        assert!(!rig.last().contains("urn:xmpp:bind:0"));
        exchange2(&mut rig, false);
        rig.server(BIND);
        rig.server(BOUND);
        assert_eq!(flights(&rig), ["open", "authenticate", "response", "iq"]);
        assert!(rig.has_news("connected"), "{:?}", rig.news);
    }
}

#[test]
fn sasl2_that_wants_more_than_a_password_ends_the_session_and_says_what() {
    let mut rig = Rig::standard(|_| {});
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(&offer2(&["PLAIN"], BIND2));
    rig.password(PASSWORD);
    rig.server(&format!(
        r#"<continue xmlns="{SASL2}"><tasks><task>TOTP</task></tasks></continue>"#
    ));
    assert!(rig.has_news("ended: the server wants more than a password: TOTP"), "{:?}", rig.news);
}

#[test]
fn an_address_of_somebody_else_is_not_taken_from_sasl2_either() {
    let mut rig = Rig::standard(|_| {});
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(&offer2(&["PLAIN"], BIND2));
    rig.password(PASSWORD);
    rig.server(&success2("", true).replace("u1@", "u2@"));
    assert!(rig.has_news("the address of another account"), "{:?}", rig.news);
}

#[test]
fn a_platform_session_stays_with_the_official_order_whatever_is_offered() {
    let mut rig = Rig::new();
    rig.connect();
    rig.reconnect();
    rig.connect();
    assert_eq!(flights(&rig), ["open", "auth", "open", "iq"]);
    let mut rig = Rig::with(|config| config.pipelined = true);
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(&PLAIN.replace(
        "<mechanisms",
        &format!(r#"<authentication xmlns="{SASL2}"><mechanism>PLAIN</mechanism></authentication><mechanisms"#),
    ));
    rig.password(PASSWORD);
    assert!(rig.last().starts_with("<auth "), "{}", rig.last());
}

#[test]
fn an_offer_that_leads_elsewhere_than_expected_is_a_failure_and_the_next_attempt_goes_step_by_step()
{
    let scram2 = offer2(&["SCRAM-SHA-256"], BIND2);
    let plus = offer(&["SCRAM-SHA-256", "SCRAM-SHA-512"]);
    let nothing = features("");
    let binding = features(r#"<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>"#);
    let gone = offer(&["PLAIN", "SCRAM-SHA-512"]);
    for changed in [&scram2, &plus, &nothing, &binding, &gone] {
        let mut rig = known_scram();
        rig.password(PASSWORD);
        assert_eq!(flights(&rig), ["open+auth"]);
        rig.server(SERVER_OPEN);
        rig.server(changed);
        assert!(
            rig.has_news("failed 1: the server offers something else than before"),
            "{changed}: {:?}",
            rig.news
        );
        assert_eq!((rig.disconnects, rig.last().as_str()), (1, CLOSE));
        assert_eq!(rig.dials, 1, "at once");
        rig.forget();
        rig.dialled();
        assert_eq!(flights(&rig), ["open"]);
        rig.server(SERVER_OPEN);
        rig.server(&offer(SCRAM));
        rig.password(PASSWORD);
        rig.exchange(&mut account());
        rig.bind();
        assert!(rig.has_news("connected"), "{:?}", rig.news);
        // Once it has worked, it is expected again.
        rig.reconnect();
        rig.dialled();
        rig.password(PASSWORD);
        assert_eq!(flights(&rig), ["open+auth"]);
    }
}

#[test]
fn bind2_that_is_gone_or_has_come_changes_the_plan() {
    let with = offer2(&["PLAIN"], BIND2);
    let without = offer2(&["PLAIN"], "");
    let bare = offer2(&["PLAIN"], r#"<bind xmlns="urn:xmpp:bind:0"/>"#);
    for (before, now) in [(&with, &without), (&with, &bare), (&bare, &with)] {
        let mut rig = known(before, |rig| rig.server(&success2("", true)));
        go_on(&mut rig, now);
        assert!(rig.has_news("something else than before"), "{:?}", rig.news);
        // A success that comes all the same comes too late.
        rig.server(&success2("", true));
        assert!(!rig.has_news("connected"));
    }
}

#[test]
fn a_password_that_went_ahead_in_plain_is_no_success_where_scram_is_offered_now() {
    let mut rig = known(PLAIN, |rig| {
        rig.server(SUCCESS);
        rig.bind();
    });
    go_on(&mut rig, &offer(SCRAM));
    rig.server(SUCCESS);
    assert!(rig.has_news("something else than before"), "{:?}", rig.news);
    assert!(!rig.has_news("connected"));
    rig.forget();
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(&offer(SCRAM));
    rig.password(PASSWORD);
    assert!(rig.last().contains("SCRAM-SHA-256"), "{}", rig.last());
}

#[test]
fn nothing_is_said_on_a_stream_that_this_side_has_not_opened_not_even_its_end() {
    let trouble: [fn(&mut Rig); 4] = [
        |rig| rig.pass(15 * SECOND),
        |rig| rig.server(SERVER_OPEN),
        |rig| rig.server(SUCCESS),
        |rig| rig.input(Input::Command(Command::Close(EndReason::Closed))),
    ];
    for trouble in trouble {
        let mut rig = known_scram();
        trouble(&mut rig);
        assert_eq!(rig.disconnects, 1);
        assert!(rig.sent.is_empty(), "{:?}", rig.sent);
    }
}

#[test]
fn a_verdict_before_the_features_is_not_believed() {
    for verdict in [
        SUCCESS,
        r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><not-authorized/></failure>"#,
    ] {
        let mut rig = known_scram();
        rig.password(PASSWORD);
        rig.server(SERVER_OPEN);
        rig.server(verdict);
        assert!(rig.has_news("it sent something before its features"), "{:?}", rig.news);
        assert!(!rig.machine.is_ended());
    }
}

#[test]
fn a_server_that_cannot_take_two_things_at_once_is_asked_step_by_step() {
    let malformed = r#"<stream:error xmlns:stream="http://etherx.jabber.org/streams"><not-well-formed xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>"#;
    let trouble: [fn(&mut Rig); 3] = [
        |rig| rig.lose(),
        |rig| rig.pass(15 * SECOND),
        |rig| {
            rig.server(SERVER_OPEN);
            rig.server(CLOSE);
        },
    ];
    for trouble in trouble.into_iter().chain([(|rig: &mut Rig| {
        rig.server(SERVER_OPEN);
    }) as fn(&mut Rig)])
    {
        let mut rig = known_scram();
        rig.password(PASSWORD);
        trouble(&mut rig);
        if rig.connected {
            rig.server(malformed);
        }
        rig.pass(60 * SECOND);
        assert!(rig.dials > 0, "{:?}", rig.news);
        rig.forget();
        rig.log_in(&offer(SCRAM), &mut account());
        assert_eq!(flights(&rig), ["open", "auth", "response", "open", "iq"]);
        assert!(rig.has_news("connected"));
    }
}

#[test]
fn a_server_that_cannot_take_the_binding_along_is_asked_step_by_step() {
    let mut rig = Rig::standard(|config| config.first_attempts = 2);
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    rig.password(PASSWORD);
    rig.server(SUCCESS);
    assert_eq!(flights(&rig), ["open", "auth", "open+iq"]);
    rig.server(SERVER_OPEN);
    rig.server(CLOSE);
    rig.pass(SECOND);
    rig.forget();
    rig.connect();
    assert_eq!(flights(&rig), ["open", "auth", "open", "iq"]);
    assert!(rig.has_news("connected"), "{:?}", rig.news);
}

#[test]
fn a_binding_that_went_along_is_no_binding_where_none_is_offered() {
    let mut rig = Rig::standard(|_| {});
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    rig.password(PASSWORD);
    rig.server(SUCCESS);
    rig.server(SERVER_OPEN);
    rig.server(&features(""));
    assert!(rig.has_news("it offers no resource binding"), "{:?}", rig.news);
    assert!(!rig.has_news("connected"));
}

#[test]
fn what_was_found_out_serves_another_session_of_the_same_domain_only() {
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
    go_on(&mut rig, &offer(SCRAM));
    rig.exchange(&mut account());
    rig.bind();
    assert_eq!(flights(&rig), ["open+auth", "response", "open+iq"]);

    let mut rig = Rig::standard(|config| {
        config.known = Some(known.clone());
        config.mechanisms = MechanismPolicy::password();
    });
    rig.dialled();
    rig.password(PASSWORD);
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    // At once, and then refused: what was found out holds for the first connection, too.
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    assert!(rig.has_news("an earlier login used SCRAM-SHA-256"), "{:?}", rig.news);

    let mut rig = Rig::standard(|config| {
        config.account = BareJid::new("u1@other.test").unwrap();
        config.known = Some(known);
    });
    rig.dialled();
    assert!(rig.tickets.is_empty(), "nothing is known about that server");
}

#[test]
fn a_server_that_is_expected_wrongly_is_dialled_again_at_once_one_time() {
    let mut rig = known_scram();
    go_on(&mut rig, &offer(&["SCRAM-SHA-512"]));
    assert_eq!(rig.dials, 1);
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(CLOSE);
    assert_eq!(rig.dials, 1, "now it waits");
    assert!(rig.has_news("reconnecting 2"), "{:?}", rig.news);
}
