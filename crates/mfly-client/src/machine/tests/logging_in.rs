//! SASL, with the mechanism that both sides can: against the server's half of it.

use super::server::{Account, PASSWORD, SASL, base64, offer};
use super::*;
use mfly_proto::sasl::{MechanismKind, MechanismPolicy, ScramHash};

const BOTH: &[&str] = &["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"];

fn account() -> Account {
    Account::sha256()
}

/// A rig whose authentication by SCRAM-SHA-256 is under way: the client's first message has left.
fn begun() -> Rig {
    let mut rig = Rig::standard(|config| config.first_attempts = 2);
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(&offer(BOTH));
    rig.password(PASSWORD);
    assert!(rig.last().contains(r#"mechanism="SCRAM-SHA-256""#));
    rig
}

#[test]
fn a_standard_account_logs_in_by_the_strongest_mechanism_and_both_sides_prove_themselves() {
    let mut rig = Rig::standard(|_| {});
    assert_eq!(rig.log_in(&offer(BOTH), &mut account()), 1);
    assert!(rig.has_news("connected u1@host.test/Web-1"), "{:?}", rig.news);
    assert!(!rig.sent.iter().any(|frame| frame.contains(PASSWORD)));
}

#[test]
fn an_authentication_is_tied_to_the_connection_where_both_sides_can() {
    let mut rig = Rig::standard(|_| {});
    rig.dialled_bound();
    rig.server(SERVER_OPEN);
    rig.server(&offer(&["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]).replace(
        "</features>",
        r#"<sasl-channel-binding xmlns="urn:xmpp:sasl-cb:0"><channel-binding type="tls-exporter"/></sasl-channel-binding></features>"#,
    ));
    rig.password(PASSWORD);
    assert!(rig.last().contains(r#"mechanism="SCRAM-SHA-256-PLUS""#), "{}", rig.last());
    // The server's half refuses an exchange that is tied to anything else.
    rig.exchange(&mut account().bound());
    rig.bind();
    assert!(rig.has_news("connected"), "{:?}", rig.news);
}

#[test]
fn a_wrong_password_ends_the_session_and_a_server_out_of_order_does_not() {
    for (condition, expected) in [
        ("not-authorized", "ended: invalid credentials"),
        ("temporary-auth-failure", "reconnecting 2"),
    ] {
        let mut rig = begun();
        let challenge = account().challenge(&rig.last());
        rig.server(&challenge);
        rig.derive();
        rig.server(&format!(r#"<failure xmlns="{SASL}"><{condition}/></failure>"#));
        assert!(rig.has_news(expected), "{condition}: {:?}", rig.news);
    }
}

#[test]
fn a_server_that_does_not_prove_that_it_knows_the_password_is_not_believed() {
    let wrong = format!("v={}", base64(&[1; 32]));
    for end in [Some(wrong.as_bytes()), Some(b"".as_slice()), None] {
        let mut rig = begun();
        if let Some(signature) = end {
            let mut account = account();
            let challenge = account.challenge(&rig.last());
            rig.server(&challenge);
            rig.derive();
            assert!(account.signature(&rig.last()).is_some());
            rig.server(&account.element("success", signature));
        } else {
            rig.server(SUCCESS);
        }
        assert!(rig.has_news("failed 1: the authentication was broken off"), "{:?}", rig.news);
        assert!(rig.has_news("reconnecting 2"), "it may have been somebody in between");
        assert_eq!(rig.last(), CLOSE);
    }
}

#[test]
fn a_challenge_that_would_give_the_password_away_or_take_for_ever_is_refused_before_any_work() {
    for (iterations, fault) in [(1000, "at least 4096"), (1_000_000, "at most 600000")] {
        let mut rig = begun();
        let mut account = account();
        let challenge = account.challenge(&rig.last());
        let data = challenge.split(['>', '<']).nth(2).unwrap().to_owned();
        let honest = String::from_utf8(decode(&data)).unwrap();
        let forged = honest.replace("i=4096", &format!("i={iterations}"));
        rig.server(&account.element("challenge", forged.as_bytes()));
        assert!(rig.derivations.is_empty());
        assert!(rig.has_news(fault), "{:?}", rig.news);
        let abort = format!(r#"<abort xmlns="{SASL}"/>"#);
        assert_eq!(rig.sent[rig.sent.len() - 2..], [abort, CLOSE.to_owned()]);
    }
}

fn decode(data: &str) -> Vec<u8> {
    let text = format!(r#"<response xmlns="{SASL}">{data}</response>"#);
    let limits = mfly_proto::xml::Limits::default();
    let document = mfly_proto::xml::Document::parse(text, &limits).unwrap();
    mfly_proto::sasl::Response::read(document.root()).unwrap().data.to_vec()
}

#[test]
fn an_offer_that_lost_something_on_its_way_is_noticed_by_the_servers_own_word_on_it() {
    let strong: Vec<_> = BOTH.iter().copied().chain(["SCRAM-SHA-512"]).collect();
    for (vouched, is_whole) in [(BOTH, true), (&strong[..], false)] {
        let mut rig = begun();
        let challenge = account().vouching(vouched).challenge(&rig.last());
        rig.server(&challenge);
        assert_eq!(rig.derivations.len(), usize::from(is_whole), "{:?}", rig.news);
        assert_eq!(rig.has_news("the authentication was broken off"), !is_whole);
    }
}

#[test]
fn the_work_of_a_password_is_done_once_unless_the_server_changes_its_salt() {
    let mut rig = Rig::standard(|config| config.pipelined = false);
    assert_eq!(rig.log_in(&offer(BOTH), &mut account()), 1);
    rig.reconnect();
    assert_eq!(rig.log_in(&offer(BOTH), &mut account()), 0);
    rig.reconnect();
    let mut changed = Account::new(ScramHash::Sha256, b"other salt", 4096);
    assert_eq!(rig.log_in(&offer(BOTH), &mut changed), 1);
    assert!(rig.has_news("connected"));
}

#[test]
fn keys_for_an_earlier_attempt_are_not_used() {
    let mut rig = begun();
    let challenge = account().challenge(&rig.last());
    rig.server(&challenge);
    let (ticket, derivation) = rig.derivations.pop().unwrap();
    rig.lose();
    rig.pass(SECOND);
    rig.forget();
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(&offer(BOTH));
    rig.password(PASSWORD);
    let mut account = account();
    let challenge = account.challenge(&rig.last());
    rig.server(&challenge);
    let sent = rig.sent.len();
    rig.input(Input::Derived(ticket, derivation.run()));
    assert_eq!(rig.sent.len(), sent);
    assert_eq!(rig.derive(), 1);
    let success = account.success(&rig.last());
    rig.server(&success);
    rig.bind();
    assert!(rig.has_news("connected"));
}

#[test]
fn a_server_that_speaks_while_the_answer_is_worked_out_breaks_the_protocol() {
    let mut rig = begun();
    let challenge = account().challenge(&rig.last());
    rig.server(&challenge);
    rig.server(SUCCESS);
    assert!(rig.has_news("it did not wait for authentication"), "{:?}", rig.news);
}

#[test]
fn a_server_that_offers_less_than_before_is_refused_and_not_given_up_at_once() {
    for weaker in [&["PLAIN"][..], &["PLAIN", "SCRAM-SHA-1"]] {
        for pipelined in [false, true] {
            let mut rig = Rig::standard(|config| config.pipelined = pipelined);
            rig.log_in(&offer(BOTH), &mut account());
            rig.reconnect();
            for _ in 0..3 {
                rig.dialled();
                if !rig.tickets.is_empty() && pipelined && rig.sent.is_empty() {
                    rig.password(PASSWORD);
                }
                rig.server(SERVER_OPEN);
                rig.server(&offer(weaker));
                assert!(!rig.machine.is_ended());
                assert!(
                    !rig.sent
                        .iter()
                        .any(|frame| frame.contains("PLAIN") || frame.contains("SHA-1\"")),
                    "{:?}",
                    rig.sent
                );
                rig.pass(120 * SECOND);
            }
            assert!(rig.has_news("an earlier login used SCRAM-SHA-256"), "{:?}", rig.news);
            rig.forget();
            rig.log_in(&offer(BOTH), &mut account());
            assert!(rig.has_news("connected"), "{:?}", rig.news);
        }
    }
}

#[test]
fn a_server_that_goes_on_offering_less_than_before_ends_the_session_which_names_both() {
    let mut rig = Rig::standard(|config| config.pipelined = false);
    rig.log_in(&offer(BOTH), &mut account());
    rig.reconnect();
    for refused in 1..=5 {
        assert!(rig.dialling(), "given up after {refused}");
        rig.dialled();
        rig.server(SERVER_OPEN);
        rig.server(&offer(&["PLAIN", "SCRAM-SHA-1"]));
        rig.pass(120 * SECOND);
    }
    assert!(rig.machine.is_ended());
    let end = rig.news.last().unwrap();
    for part in ["ended: ", "used SCRAM-SHA-256", "offers PLAIN, SCRAM-SHA-1"] {
        assert!(end.contains(part), "{end}");
    }
}

#[test]
fn an_app_that_accepts_a_weaker_offer_logs_in_with_it_and_remembers_that() {
    let mut rig = Rig::standard(|config| config.accepts_weaker = true);
    rig.log_in(&offer(BOTH), &mut account());
    rig.reconnect();
    rig.forget();
    rig.dialled();
    if !rig.tickets.is_empty() {
        rig.password(PASSWORD);
    }
    rig.server(SERVER_OPEN);
    rig.server(&offer(&["PLAIN"]));
    rig.reconnect();
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(&offer(&["PLAIN"]));
    rig.password(PASSWORD);
    rig.server(SUCCESS);
    rig.bind();
    assert!(rig.has_news("connected"), "{:?}", rig.news);
    let known = rig.server_known().unwrap();
    assert_eq!(known.mechanism(), "PLAIN");
}

#[test]
fn plain_is_used_only_where_it_is_all_there_is_and_nobody_listens() {
    let mut rig = Rig::standard(|_| {});
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    rig.password(PASSWORD);
    assert!(rig.last().contains(r#"mechanism="PLAIN""#));

    let mut rig = Rig::standard(|_| {});
    rig.dialled_in_the_clear();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    assert!(rig.tickets.is_empty());
    assert!(rig.has_news("ended: the connection is neither encrypted nor local"));

    let mut rig =
        Rig::standard(|config| config.mechanisms = MechanismPolicy::password().without_plain());
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    assert!(rig.tickets.is_empty());
    assert!(rig.has_news("ended: no usable authentication mechanism"), "{:?}", rig.news);
}

#[test]
fn a_pinned_mechanism_is_used_or_none() {
    let pin = |config: &mut Config| {
        config.mechanisms =
            MechanismPolicy::password().pinned(MechanismKind::from_name("SCRAM-SHA-1").unwrap());
    };
    let mut rig = Rig::standard(pin);
    rig.log_in(&offer(BOTH), &mut Account::new(ScramHash::Sha1, b"salt", 4096));
    assert!(rig.has_news("connected"));
    let mut rig = Rig::standard(pin);
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(&offer(&["PLAIN", "SCRAM-SHA-256"]));
    assert!(rig.tickets.is_empty());
    assert!(rig.has_news("SCRAM-SHA-1 is pinned"), "{:?}", rig.news);
}

#[test]
fn accounts_without_password_are_asked_for_none() {
    for (policy, account, auth) in [
        (
            MechanismPolicy::external(),
            "u1@host.test",
            r#"<auth mechanism="EXTERNAL" xmlns="urn:ietf:params:xml:ns:xmpp-sasl">dTFAaG9zdC50ZXN0</auth>"#,
        ),
        (
            MechanismPolicy::anonymous(),
            "host.test",
            r#"<auth mechanism="ANONYMOUS" xmlns="urn:ietf:params:xml:ns:xmpp-sasl">=</auth>"#,
        ),
    ] {
        let mut rig = Rig::standard(|config| {
            config.account = BareJid::new(account).unwrap();
            config.mechanisms = policy;
        });
        rig.dialled();
        rig.server(SERVER_OPEN);
        rig.server(&offer(&["EXTERNAL", "ANONYMOUS", "PLAIN"]));
        assert!(rig.tickets.is_empty());
        assert_eq!(rig.last(), auth);
        rig.server(SUCCESS);
        rig.bind();
        assert!(rig.has_news("connected u1@host.test/Web-1"), "{:?}", rig.news);
    }
}

#[test]
fn a_guest_gets_an_address_of_the_domain_and_an_account_its_own() {
    for (account, bound, is_fine) in [
        ("host.test", "made-up@host.test/1", true),
        ("host.test", "made-up@evil.test/1", false),
        ("u1@host.test", "u2@host.test/1", false),
    ] {
        let mut rig = Rig::standard(|config| {
            config.account = BareJid::new(account).unwrap();
            config.mechanisms = MechanismPolicy::of(MechanismKind::ALL);
        });
        rig.dialled();
        rig.server(SERVER_OPEN);
        rig.server(&offer(&["ANONYMOUS"]));
        rig.server(SUCCESS);
        rig.server(SERVER_OPEN);
        rig.server(BIND);
        rig.server(&BOUND.replace("u1@host.test/Web-1", bound));
        assert_eq!(rig.has_news(&format!("connected {bound}")), is_fine, "{:?}", rig.news);
        assert_eq!(rig.has_news("the address of another account"), !is_fine);
    }
}

#[test]
fn a_session_keeps_its_resource_over_reconnects_and_one_that_was_chosen_always() {
    let resources = |change: fn(&mut Config)| {
        let mut rig = Rig::standard(|config| {
            config.pipelined = false;
            change(config);
        });
        let mut found = Vec::new();
        for _ in 0..2 {
            rig.log_in(&offer(BOTH), &mut account());
            let bind = rig.sent.iter().find(|frame| frame.contains("<resource>")).unwrap();
            found.push(bind.split(['<', '>']).nth(6).unwrap().to_owned());
            rig.reconnect();
        }
        found
    };
    let of_session = resources(|_| {});
    assert_eq!(of_session[0], of_session[1]);
    assert!(of_session[0].starts_with("mfly-"), "{of_session:?}");
    assert_eq!(
        resources(|config| config.resource = Resource::Exactly("desk".to_owned())),
        ["desk", "desk"]
    );
}
