//! Logging in by any mechanism of SASL, against the server's side of it.

use super::server::{Account, PASSWORD, SASL, base64, bindings, offer};
use super::*;
use mfly_proto::sasl::{MechanismKind, MechanismPolicy, ScramHash};

const ALL: &[&str] = &["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"];

fn account() -> Account {
    Account::sha256()
}

/// A session that has sent the first message of SCRAM-SHA-256.
fn begun() -> Rig {
    let mut rig = Rig::standard(|config| config.first_attempts = 2);
    rig.authenticate(&offer(ALL), PASSWORD);
    assert!(rig.last().contains(r#"mechanism="SCRAM-SHA-256""#));
    rig
}

/// A session that has sent the first message, and received the challenge.
fn challenged() -> (Rig, Account) {
    let (mut rig, mut account) = (begun(), account());
    let challenge = account.challenge(rig.last());
    rig.receive(&challenge);
    (rig, account)
}

#[test]
fn a_standard_account_logs_in_by_the_strongest_mechanism_and_both_sides_authenticate() {
    let mut rig = Rig::standard(|_| {});
    assert_eq!(rig.log_in(&offer(ALL), &mut account()), 1);
    rig.expect_notice("connected u1@host.test/Web-1");
    assert!(!rig.sent.iter().any(|frame| frame.contains(PASSWORD)));
}

#[test]
fn an_authentication_is_bound_to_the_channel_where_both_sides_can() {
    let mut rig = Rig::standard(|_| {});
    rig.dialled_as(true, bindings());
    rig.receive(SERVER_OPEN);
    rig.receive(&offer(&["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]).replace(
        "</features>",
        r#"<sasl-channel-binding xmlns="urn:xmpp:sasl-cb:0"><channel-binding type="tls-exporter"/></sasl-channel-binding></features>"#,
    ));
    rig.password(PASSWORD);
    assert!(rig.last().contains(r#"mechanism="SCRAM-SHA-256-PLUS""#), "{}", rig.last());
    // The server's side refuses any other channel binding.
    rig.scram(&mut account().bound());
    rig.bind();
    rig.expect_notice("connected");
}

#[test]
fn a_wrong_password_ends_the_session_and_a_temporary_failure_does_not() {
    for (condition, expected) in [
        ("<not-authorized/>", "ended: invalid credentials"),
        ("<temporary-auth-failure/>", "reconnecting 2"),
    ] {
        let (mut rig, _) = challenged();
        rig.derive();
        rig.receive(&failure(condition));
        rig.expect_notice(expected);
    }
}

#[test]
fn a_success_without_the_right_signature_of_the_server_is_refused() {
    let wrong = format!("v={}", base64(&[1; 32]));
    for signature in [Some(wrong.as_bytes()), Some(b"".as_slice()), None] {
        let mut rig = begun();
        if let Some(signature) = signature {
            let mut account = account();
            let challenge = account.challenge(rig.last());
            rig.receive(&challenge);
            rig.derive();
            assert!(account.signature(rig.last()).is_some());
            rig.receive(&account.element("success", signature));
        } else {
            rig.receive(SUCCESS);
        }
        rig.expect_notice("failed 1: the authentication was broken off");
        rig.expect_notice("reconnecting 2");
        assert_eq!(rig.last(), CLOSE);
    }
}

#[test]
fn a_challenge_with_too_few_or_too_many_iterations_is_refused_before_keys_are_derived() {
    for (iterations, fault) in [(1000, "at least 4096"), (1_000_000, "at most 600000")] {
        let (mut rig, mut account) = (begun(), account());
        let challenge = String::from_utf8(account.challenge_data(rig.last())).unwrap();
        let forged = challenge.replace("i=4096", &format!("i={iterations}"));
        rig.receive(&account.element("challenge", forged.as_bytes()));
        assert!(rig.derivations.is_empty());
        rig.expect_notice(fault);
        let abort = format!(r#"<abort xmlns="{SASL}"/>"#);
        assert_eq!(rig.sent[rig.sent.len() - 2..], [abort, CLOSE.to_owned()]);
    }
}

#[test]
fn an_offer_that_was_changed_on_its_way_is_noticed_by_the_servers_signature() {
    let stronger: Vec<_> = ALL.iter().copied().chain(["SCRAM-SHA-512"]).collect();
    for (signed, is_whole) in [(ALL, true), (&stronger[..], false)] {
        let mut rig = begun();
        let challenge = account().signing(signed).challenge(rig.last());
        rig.receive(&challenge);
        assert_eq!(rig.derivations.len(), usize::from(is_whole), "{:?}", rig.notices);
        assert_eq!(rig.has_notice("the authentication was broken off"), !is_whole);
    }
}

#[test]
fn keys_are_derived_once_unless_the_server_changes_its_salt() {
    let mut rig = Rig::standard(|config| config.pipelined = false);
    let mut changed = Account::new(ScramHash::Sha256, b"other salt", 4096);
    for (account, derivations) in [(&mut account(), 1), (&mut account(), 0), (&mut changed, 1)] {
        assert_eq!(rig.log_in(&offer(ALL), account), derivations);
        rig.expect_notice("connected");
        rig.reconnect();
    }
}

#[test]
fn keys_for_an_earlier_attempt_are_not_used() {
    let (mut rig, _) = challenged();
    let (ticket, derivation) = rig.derivations.pop().unwrap();
    rig.lose();
    rig.pass(SECOND);
    rig.forget();
    rig.authenticate(&offer(ALL), PASSWORD);
    let mut account = account();
    let challenge = account.challenge(rig.last());
    rig.receive(&challenge);
    let sent = rig.sent.len();
    rig.input(Input::Derived(ticket, derivation.run()));
    assert_eq!(rig.sent.len(), sent);
    assert_eq!(rig.derive(), 1);
    let success = account.success(rig.last());
    rig.receive(&success);
    rig.bind();
    rig.expect_notice("connected");
}

#[test]
fn a_server_that_sends_an_element_while_keys_are_derived_breaks_the_protocol() {
    let (mut rig, _) = challenged();
    rig.receive(SUCCESS);
    rig.expect_notice("it did not wait for authentication");
}

/// A session that logged in by SCRAM-SHA-256 and connects again.
fn logged_in_before(change: impl FnOnce(&mut Config)) -> Rig {
    let mut rig = Rig::standard(change);
    rig.log_in(&offer(ALL), &mut account());
    rig.reconnect();
    rig
}

#[test]
fn a_server_that_offers_less_than_before_is_refused_but_connected_to_again() {
    for weaker in [&["PLAIN"][..], &["PLAIN", "SCRAM-SHA-1"]] {
        for pipelined in [false, true] {
            let mut rig = logged_in_before(|config| config.pipelined = pipelined);
            for _ in 0..3 {
                rig.dialled();
                if !rig.tickets.is_empty() && pipelined && rig.sent.is_empty() {
                    rig.password(PASSWORD);
                }
                rig.receive_all(&[SERVER_OPEN, &offer(weaker)]);
                assert!(!rig.machine.is_ended());
                let is_weak = |frame: &String| frame.contains("PLAIN") || frame.contains("SHA-1\"");
                assert!(!rig.sent.iter().any(is_weak), "{:?}", rig.sent);
                rig.pass(120 * SECOND);
            }
            rig.expect_notice("an earlier login used SCRAM-SHA-256");
            rig.forget();
            rig.log_in(&offer(ALL), &mut account());
            rig.expect_notice("connected");
        }
    }
}

#[test]
fn a_server_that_offers_less_than_before_five_times_ends_the_session() {
    let mut rig = logged_in_before(|config| config.pipelined = false);
    for refused in 1..=5 {
        assert!(rig.dialling(), "ended after {refused}");
        rig.offer(&offer(&["PLAIN", "SCRAM-SHA-1"]));
        rig.pass(120 * SECOND);
    }
    assert!(rig.machine.is_ended());
    let end = rig.notices.last().unwrap();
    for part in ["ended: ", "used SCRAM-SHA-256", "offers PLAIN, SCRAM-SHA-1"] {
        assert!(end.contains(part), "{end}");
    }
}

#[test]
fn an_app_that_accepts_a_weaker_offer_logs_in_with_it_and_remembers_that() {
    let mut rig = logged_in_before(|config| config.accepts_weaker = true);
    rig.dialled();
    if !rig.tickets.is_empty() {
        rig.password(PASSWORD);
    }
    rig.receive_all(&[SERVER_OPEN, &offer(&["PLAIN"])]);
    rig.reconnect();
    rig.authenticate(&offer(&["PLAIN"]), PASSWORD);
    rig.succeed(BIND);
    rig.receive(BOUND);
    rig.expect_notice("connected");
    assert_eq!(rig.server_known().unwrap().mechanism(), "PLAIN");
}

#[test]
fn only_allowed_mechanisms_are_used() {
    let pinned =
        || MechanismPolicy::password().pinned(MechanismKind::from_name("SCRAM-SHA-1").unwrap());
    let without_plain = || MechanismPolicy::password().without_plain();
    for (policy, is_confidential, offered, expected) in [
        (MechanismPolicy::password(), true, &["PLAIN"][..], Ok("PLAIN")),
        (
            MechanismPolicy::password(),
            false,
            &["PLAIN"],
            Err("the connection is neither encrypted nor local"),
        ),
        (without_plain(), true, &["PLAIN"], Err("no usable authentication mechanism")),
        (pinned(), true, ALL, Ok("SCRAM-SHA-1")),
        (pinned(), true, &["PLAIN", "SCRAM-SHA-256"], Err("SCRAM-SHA-1 is pinned")),
    ] {
        let mut rig = Rig::standard(|config| config.mechanisms = policy);
        rig.dialled_as(is_confidential, ChannelBindings::NONE);
        rig.receive_all(&[SERVER_OPEN, &offer(offered)]);
        assert_eq!(rig.tickets.len(), usize::from(expected.is_ok()), "{expected:?}");
        match expected {
            Ok(mechanism) => {
                rig.password(PASSWORD);
                let auth = format!(r#"mechanism="{mechanism}""#);
                assert!(rig.last().contains(&auth), "{}", rig.last());
            }
            Err(reason) => rig.expect_notice(reason),
        }
    }
    let mut rig = Rig::standard(|config| config.mechanisms = pinned());
    rig.log_in(&offer(ALL), &mut Account::new(ScramHash::Sha1, b"salt", 4096));
    rig.expect_notice("connected");
}

#[test]
fn mechanisms_without_password_ask_for_none() {
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
        rig.offer(&offer(&["EXTERNAL", "ANONYMOUS", "PLAIN"]));
        assert!(rig.tickets.is_empty());
        assert_eq!(rig.last(), auth);
        rig.succeed(BIND);
        rig.receive(BOUND);
        rig.expect_notice("connected u1@host.test/Web-1");
    }
}

#[test]
fn a_guest_gets_an_address_of_the_domain_and_an_account_its_own() {
    for (account, bound, is_accepted) in [
        ("host.test", "made-up@host.test/1", true),
        ("host.test", "made-up@evil.test/1", false),
        ("u1@host.test", "u2@host.test/1", false),
    ] {
        let mut rig = Rig::standard(|config| {
            config.account = BareJid::new(account).unwrap();
            config.mechanisms = MechanismPolicy::of(MechanismKind::ALL);
        });
        rig.offer(&offer(&["ANONYMOUS"]));
        rig.succeed(BIND);
        rig.receive(&BOUND.replace("u1@host.test/Web-1", bound));
        let is_connected = rig.has_notice(&format!("connected {bound}"));
        assert_eq!(is_connected, is_accepted, "{:?}", rig.notices);
        assert_eq!(rig.has_notice("the address of another account"), !is_accepted);
    }
}

#[test]
fn a_resource_of_the_session_or_an_exact_one_is_kept_over_reconnects() {
    let resources = |change: fn(&mut Config)| {
        let mut rig = Rig::standard(|config| {
            config.pipelined = false;
            change(config);
        });
        [(); 2].map(|()| {
            rig.log_in(&offer(ALL), &mut account());
            let bind = rig.sent.iter().find(|frame| frame.contains("<resource>")).unwrap();
            let resource = bind.split(['<', '>']).nth(6).unwrap().to_owned();
            rig.reconnect();
            resource
        })
    };
    let of_session = resources(|_| {});
    assert_eq!(of_session[0], of_session[1]);
    assert!(of_session[0].starts_with("mfly-"), "{of_session:?}");
    let exact = resources(|config| config.resource = Resource::Exactly("desk".to_owned()));
    assert_eq!(exact, ["desk", "desk"]);
}
