//! Which mechanism is chosen: the tables, and what holds for every offer.
#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use mfly_proto::sasl::{
    Binding, BindingKind, ChannelBindings, Choice, ChoiceContext, ChoiceError, MechanismKind,
    MechanismPolicy, ScramHash,
};
use proptest::prelude::*;

const EVERYTHING: &str = "PLAIN SCRAM-SHA-1 SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS X-OAUTH2 EXTERNAL ANONYMOUS";

fn names(list: &str) -> Vec<String> {
    list.split_whitespace().map(str::to_owned).collect()
}

fn kind(name: &str) -> MechanismKind {
    name.parse().unwrap()
}

/// `e` for the exporter, `s` for the server's end point.
fn bindings(which: &str) -> ChannelBindings {
    ChannelBindings {
        tls_exporter: which.contains('e').then(|| vec![1; 32]),
        tls_server_end_point: which.contains('s').then(|| vec![2; 32]),
    }
}

/// The choice in short: the mechanism, and for SCRAM the flag.
fn short(choice: &Choice) -> String {
    let flag = match choice {
        Choice::Scram { binding, .. } => match binding {
            Binding::None => " n",
            Binding::NotOffered => " y",
            Binding::Bound(BindingKind::TlsExporter, data) => {
                assert_eq!(*data, vec![1; 32]);
                " tls-exporter"
            }
            Binding::Bound(BindingKind::TlsServerEndPoint, data) => {
                assert_eq!(*data, vec![2; 32]);
                " tls-server-end-point"
            }
        },
        _ => "",
    };
    format!("{}{flag}", choice.kind())
}

fn choose(
    policy: &MechanismPolicy,
    offered: &[String],
    offered_bindings: &[String],
    bindings: &ChannelBindings,
    is_confidential: bool,
) -> Result<Choice, ChoiceError> {
    let context = ChoiceContext { offered, offered_bindings, bindings, is_confidential };
    mfly_proto::sasl::choose(policy, &context)
}

fn chosen(
    policy: &MechanismPolicy,
    offered: &str,
    announced: &str,
    ours: &str,
    confidential: bool,
) -> Result<String, ChoiceError> {
    let (offered, announced) = (names(offered), names(announced));
    choose(policy, &offered, &announced, &bindings(ours), confidential).map(|choice| short(&choice))
}

#[test]
fn a_password_account_takes_the_strongest_scram_and_binds_it_where_both_sides_can() {
    let both = "tls-server-end-point tls-exporter";
    let cases = [
        // offered, announced, ours, chosen
        (EVERYTHING, both, "es", "SCRAM-SHA-256-PLUS tls-exporter"),
        (EVERYTHING, both, "s", "SCRAM-SHA-256-PLUS tls-server-end-point"),
        (EVERYTHING, "tls-server-end-point", "es", "SCRAM-SHA-256-PLUS tls-server-end-point"),
        (EVERYTHING, "tls-unique", "es", "SCRAM-SHA-256 n"),
        (EVERYTHING, "tls-exporter", "s", "SCRAM-SHA-256 n"),
        (EVERYTHING, both, "", "SCRAM-SHA-256 n"),
        // What ejabberd 23.01 offers.
        (EVERYTHING, "", "es", "SCRAM-SHA-256 n"),
        ("SCRAM-SHA-1 PLAIN", "", "es", "SCRAM-SHA-1 y"),
        ("SCRAM-SHA-1 PLAIN", both, "es", "SCRAM-SHA-1 y"),
        ("SCRAM-SHA-1 PLAIN", "", "", "SCRAM-SHA-1 n"),
        ("SCRAM-SHA-512 SCRAM-SHA-1-PLUS", both, "es", "SCRAM-SHA-1-PLUS tls-exporter"),
        ("SCRAM-SHA-512 SCRAM-SHA-256", "", "", "SCRAM-SHA-512 n"),
        ("PLAIN", "", "es", "PLAIN"),
        ("X-OAUTH2 PLAIN ANONYMOUS", "", "", "PLAIN"),
    ];
    let policy = MechanismPolicy::default();
    for (offered, announced, ours, expected) in cases {
        let found = chosen(&policy, offered, announced, ours, true).unwrap();
        assert_eq!(found, expected, "{offered} | {announced} | {ours}");
    }
}

#[test]
fn on_clear_text_scram_is_used_and_plain_and_external_are_not() {
    let policy = MechanismPolicy::password();
    assert_eq!(chosen(&policy, EVERYTHING, "", "", false).unwrap(), "SCRAM-SHA-256 n");
    let error = chosen(&policy, "PLAIN X-OAUTH2", "", "", false).unwrap_err();
    assert!(matches!(error, ChoiceError::PlainOnClearText { .. }));
    assert_eq!(
        error.to_string(),
        "the server offers PLAIN, X-OAUTH2 and the connection is not encrypted: PLAIN would send the \
         password in clear; use TLS"
    );
    for policy in [policy.pinned(MechanismKind::Plain), MechanismPolicy::plain()] {
        let error = chosen(&policy, EVERYTHING, "", "", false).unwrap_err();
        assert!(matches!(error, ChoiceError::PlainOnClearText { .. }), "{error}");
    }
    let error = chosen(&MechanismPolicy::external(), EVERYTHING, "", "", false).unwrap_err();
    assert!(matches!(error, ChoiceError::NoneUsable { .. }), "{error}");
    let anonymous = chosen(&MechanismPolicy::anonymous(), EVERYTHING, "", "", false).unwrap();
    assert_eq!(anonymous, "ANONYMOUS");
}

#[test]
fn each_kind_of_account_takes_what_is_its_own() {
    let cases = [
        (MechanismPolicy::plain(), "PLAIN"),
        (MechanismPolicy::external(), "EXTERNAL"),
        (MechanismPolicy::anonymous(), "ANONYMOUS"),
        (MechanismPolicy::of([kind("SCRAM-SHA-1"), kind("PLAIN")]), "SCRAM-SHA-1 n"),
        (MechanismPolicy::of([kind("PLAIN"), kind("SCRAM-SHA-1")]), "PLAIN"),
    ];
    for (policy, expected) in cases {
        assert_eq!(chosen(&policy, EVERYTHING, "", "es", true).unwrap(), expected);
    }
    let no_plain = MechanismPolicy::password().without_plain();
    let error = chosen(&no_plain, "PLAIN", "", "", true).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server offers PLAIN: none of it is allowed by the mechanism policy and possible here"
    );
    let error = chosen(&MechanismPolicy::password(), "", "", "", true).unwrap_err();
    assert!(error.to_string().starts_with("the server offers nothing:"), "{error}");
}

#[test]
fn a_pinned_mechanism_is_used_or_nothing_is() {
    let pin = |name| MechanismPolicy::password().pinned(kind(name));
    let found = |name, announced, ours| chosen(&pin(name), EVERYTHING, announced, ours, true);
    assert_eq!(found("SCRAM-SHA-1", "", "es").unwrap(), "SCRAM-SHA-1 n");
    assert_eq!(found("PLAIN", "", "es").unwrap(), "PLAIN");
    // Who insists on -PLUS has it tried, though the server announces no binding.
    let plus = "SCRAM-SHA-1-PLUS";
    assert_eq!(found(plus, "", "es").unwrap(), "SCRAM-SHA-1-PLUS tls-exporter");
    assert_eq!(found(plus, "", "s").unwrap(), "SCRAM-SHA-1-PLUS tls-server-end-point");
    for (announced, ours) in [("", ""), ("tls-unique", "es")] {
        let error = found(plus, announced, ours).unwrap_err();
        assert!(matches!(error, ChoiceError::Pinned { .. }), "{error}");
    }
    let error = chosen(&pin("SCRAM-SHA-512"), "PLAIN SCRAM-SHA-1", "", "", true).unwrap_err();
    assert_eq!(
        error.to_string(),
        "SCRAM-SHA-512 is pinned and cannot be used; the server offers PLAIN, SCRAM-SHA-1: if it changed, \
         change the pin, and if not, somebody is in between"
    );
}

#[test]
fn what_an_earlier_login_used_is_not_fallen_short_of() {
    let after = |name| MechanismPolicy::password().remembered(Some(kind(name)));
    let both = "tls-server-end-point tls-exporter";
    let cases = [
        ("SCRAM-SHA-256", "PLAIN SCRAM-SHA-512", "", "", Some("SCRAM-SHA-512 n")),
        ("SCRAM-SHA-256", "PLAIN SCRAM-SHA-256", "", "es", Some("SCRAM-SHA-256 y")),
        ("SCRAM-SHA-256", "PLAIN SCRAM-SHA-1", "", "", None),
        ("SCRAM-SHA-256", "PLAIN", "", "", None),
        (
            "SCRAM-SHA-1-PLUS",
            "SCRAM-SHA-1-PLUS SCRAM-SHA-512",
            both,
            "es",
            Some("SCRAM-SHA-1-PLUS tls-exporter"),
        ),
        ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1 SCRAM-SHA-512", both, "es", None),
        // The list of bindings was replaced by one that nobody has.
        ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS SCRAM-SHA-1", "x-fake", "es", None),
        // The list of bindings was removed.
        (
            "SCRAM-SHA-1-PLUS",
            "SCRAM-SHA-1-PLUS SCRAM-SHA-1",
            "",
            "es",
            Some("SCRAM-SHA-1-PLUS tls-exporter"),
        ),
        // This connection cannot bind, and that is not the server's fault.
        ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS SCRAM-SHA-1", both, "", Some("SCRAM-SHA-1 n")),
        ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS SCRAM-SHA-1", both, "", None),
        ("PLAIN", "PLAIN", "", "", Some("PLAIN")),
        ("PLAIN", "PLAIN SCRAM-SHA-1", "", "", Some("SCRAM-SHA-1 n")),
    ];
    for (remembered, offered, announced, ours, expected) in cases {
        let found = chosen(&after(remembered), offered, announced, ours, true);
        match expected {
            Some(expected) => assert_eq!(found.unwrap(), expected, "{remembered} | {offered}"),
            None => assert!(
                matches!(found, Err(ChoiceError::Downgraded { .. })),
                "{remembered} | {offered}: {found:?}"
            ),
        }
    }
    assert_eq!(
        chosen(&after("SCRAM-SHA-256"), "PLAIN", "", "", true).unwrap_err().to_string(),
        "an earlier login used SCRAM-SHA-256 and the server now offers PLAIN: somebody may be in between; \
         if the server changed, forget what was remembered"
    );
}

#[test]
fn nothing_weaker_than_the_policys_least_is_used() {
    let least = |name| MechanismPolicy::password().at_least(kind(name));
    let found = chosen(&least("SCRAM-SHA-256"), EVERYTHING, "", "", true).unwrap();
    assert_eq!(found, "SCRAM-SHA-256 n");
    for name in ["SCRAM-SHA-512", "SCRAM-SHA-1-PLUS", "EXTERNAL"] {
        let error = chosen(&least(name), EVERYTHING, "", "", true).unwrap_err();
        assert!(matches!(error, ChoiceError::TooWeak { .. }), "{error}");
        assert!(error.to_string().contains(&format!("as strong as {name}")), "{error}");
    }
    // With a binding at hand, -PLUS is tried.
    let found = chosen(&least("SCRAM-SHA-1-PLUS"), EVERYTHING, "", "e", true).unwrap();
    assert_eq!(found, "SCRAM-SHA-256-PLUS tls-exporter");
    let only_plus = "SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS";
    let error =
        chosen(&MechanismPolicy::password(), only_plus, "tls-unique", "es", true).unwrap_err();
    assert!(matches!(error, ChoiceError::NoCommonBinding { .. }), "{error}");
}

#[test]
fn names_come_back_and_unknown_ones_are_refused_with_the_known_ones() {
    for kind in MechanismKind::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
    }
    let error = "tls-unique".parse::<MechanismKind>().unwrap_err();
    assert_eq!(error.name, "mechanism");
    assert!(error.reason.contains("SCRAM-SHA-512-PLUS"));
    assert!(MechanismKind::Plain.is_weaker_than(kind("SCRAM-SHA-1")));
    assert!(kind("SCRAM-SHA-512").is_weaker_than(kind("SCRAM-SHA-1-PLUS")));
    assert!(!MechanismKind::Plain.is_weaker_than(MechanismKind::Plain));
}

#[test]
fn an_error_quotes_only_names_that_could_be_mechanisms_and_not_endlessly_many() {
    let mut offered: Vec<String> = (0..100).map(|number| format!("X-{number}")).collect();
    offered.insert(0, "\u{1b}[31mred".to_owned());
    offered.insert(1, "X".repeat(1000));
    let policy = MechanismPolicy::plain();
    let error = choose(&policy, &offered, &[], &ChannelBindings::NONE, true).unwrap_err();
    let ChoiceError::NoneUsable { offered } = error else {
        unreachable!("{error}");
    };
    assert_eq!(offered.names().len(), 32);
    assert_eq!(offered.names()[0], "X-0");
}

fn any_kind() -> impl Strategy<Value = MechanismKind> {
    prop::sample::select(MechanismKind::ALL.to_vec())
}

fn any_offer() -> impl Strategy<Value = Vec<String>> {
    let known = any_kind().prop_map(|kind| kind.name().to_owned());
    let other = prop::sample::select(vec!["X-OAUTH2", "DIGEST-MD5", "scram-sha-1", ""]);
    prop::collection::vec(prop_oneof![6 => known, 1 => other.prop_map(str::to_owned)], 0..10)
}

fn any_policy() -> impl Strategy<Value = MechanismPolicy> {
    let maybe = || prop_oneof![2 => Just(None), 1 => any_kind().prop_map(Some)];
    let base = prop_oneof![
        3 => Just(MechanismPolicy::password()),
        1 => prop::collection::vec(any_kind(), 0..9).prop_map(MechanismPolicy::of),
    ];
    (base, maybe(), maybe(), maybe()).prop_map(|(mut policy, pinned, least, remembered)| {
        if let Some(pinned) = pinned {
            policy = policy.pinned(pinned);
        }
        if let Some(least) = least {
            policy = policy.at_least(least);
        }
        policy.remembered(remembered)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_offered_the_choice_is_safe(
        policy in any_policy(),
        offered in any_offer(),
        announced in prop::collection::vec(
            prop::sample::select(vec!["tls-exporter", "tls-server-end-point", "tls-unique"]), 0..3),
        ours in "e?s?",
        confidential in any::<bool>(),
    ) {
        let announced: Vec<String> = announced.into_iter().map(str::to_owned).collect();
        let ours = bindings(&ours);
        let found = choose(&policy, &offered, &announced, &ours, confidential);
        prop_assert_eq!(&found, &choose(&policy, &offered, &announced, &ours, confidential));
        let mut backwards = offered.clone();
        backwards.reverse();
        let Ok(choice) = found else {
            prop_assert!(choose(&policy, &backwards, &announced, &ours, confidential).is_err());
            return Ok(());
        };
        // The server's order does not matter.
        prop_assert_eq!(choose(&policy, &backwards, &announced, &ours, confidential), Ok(choice.clone()));
        let kind = choice.kind();
        prop_assert!(offered.iter().any(|name| name == kind.name()), "not offered");
        if !confidential {
            prop_assert!(!matches!(kind, MechanismKind::Plain | MechanismKind::External));
        }
        let plus_offered = offered.iter().any(|name| name.ends_with("-PLUS"));
        if let Choice::Scram { binding, .. } = &choice {
            match binding {
                Binding::Bound(kind, data) => {
                    prop_assert_eq!(ours.get(*kind), Some(data.as_slice()));
                    prop_assert!(announced.is_empty() || announced.iter().any(|name| name == kind.as_str()));
                }
                Binding::NotOffered => prop_assert!(!ours.is_empty() && !plus_offered),
                Binding::None => prop_assert!(ours.is_empty() || plus_offered),
            }
        }
    }

    #[test]
    fn a_pin_is_kept_and_nothing_is_weaker_than_what_was_asked_for(
        offered in any_offer(),
        asked in any_kind(),
        ours in "e?s?",
    ) {
        let ours = bindings(&ours);
        let choice = |policy: MechanismPolicy| choose(&policy, &offered, &[], &ours, true);
        let every = || MechanismPolicy::of(MechanismKind::ALL);
        if let Ok(choice) = choice(every().pinned(asked)) {
            prop_assert_eq!(choice.kind(), asked);
        }
        if let Ok(choice) = choice(every().at_least(asked)) {
            prop_assert!(!choice.kind().is_weaker_than(asked));
        }
        if let Ok(choice) = choice(every().remembered(Some(asked))) {
            prop_assert!(ours.is_empty() || !choice.kind().is_weaker_than(asked));
        }
    }

    #[test]
    fn to_take_a_mechanism_away_never_makes_the_choice_stronger(
        offered in any_offer(),
        gone in any::<prop::sample::Index>(),
        ours in "e?s?",
    ) {
        prop_assume!(!offered.is_empty());
        let ours = bindings(&ours);
        let announced = names("tls-exporter tls-server-end-point");
        let choice = |offered: &[String]| choose(&MechanismPolicy::password(), offered, &announced, &ours, true);
        let mut fewer = offered.clone();
        fewer.remove(gone.index(offered.len()));
        match (choice(&offered), choice(&fewer)) {
            (Ok(all), Ok(fewer)) => prop_assert!(!all.kind().is_weaker_than(fewer.kind())),
            (Err(_), Ok(fewer)) => prop_assert!(false, "{fewer:?} came from nowhere"),
            (_, Err(_)) => {}
        }
    }
}

#[test]
fn hash_functions_are_ordered_by_strength() {
    assert!(ScramHash::Sha1 < ScramHash::Sha256 && ScramHash::Sha256 < ScramHash::Sha512);
    assert_eq!(ScramHash::Sha512.to_string(), "SHA-512");
}
