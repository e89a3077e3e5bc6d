//! Which mechanism is chosen: the tables, and what holds for every offer.
#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use mfly_proto::sasl::{
    Binding, BindingKind, ChannelBindings, Choice, ChoiceContext, ChoiceError, MechanismKind,
    MechanismPolicy, ScramHash,
};
use mfly_proto::testing::rows;
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

/// A policy as the table writes it: `password pinned=PLAIN`.
fn policy(text: &str) -> MechanismPolicy {
    text.split(' ').fold(MechanismPolicy::default(), |policy, word| {
        let (word, value) = word.split_once('=').unwrap_or((word, ""));
        match word {
            "password" => MechanismPolicy::password(),
            "plain" => MechanismPolicy::plain(),
            "external" => MechanismPolicy::external(),
            "anonymous" => MechanismPolicy::anonymous(),
            "of" => MechanismPolicy::of(value.split(',').map(kind)),
            "without_plain" => policy.without_plain(),
            "pinned" => policy.pinned(kind(value)),
            "at_least" => policy.at_least(kind(value)),
            "remembered" => policy.remembered(Some(kind(value))),
            other => unreachable!("{other}"),
        }
    })
}

#[test]
fn every_row_of_the_table_gives_its_choice() {
    let rows = include_str!("../fixtures/sasl/choices.txt").lines().skip(1);
    let mut rule = "";
    let mut count = 0;
    for row in rows.filter(|row| !row.is_empty()) {
        if let Some(sentence) = row.strip_prefix("# ") {
            rule = sentence;
            continue;
        }
        let columns: Vec<_> = row.split(" | ").map(|column| column.trim_matches('-')).collect();
        let [policy_text, offered, announced, ours, channel, expected] = columns[..] else {
            unreachable!("{row}");
        };
        let offered = if offered == "*" { EVERYTHING } else { offered };
        let announced = announced.replace("both", "tls-server-end-point tls-exporter");
        let found = choose(
            &policy(policy_text),
            &names(offered),
            &names(&announced),
            &bindings(ours),
            channel == "tls",
        );
        let found = match found {
            Ok(choice) => short(&choice),
            Err(error) => format!("{error:?}").split(' ').next().unwrap().to_owned(),
        };
        assert_eq!(found, expected, "{rule}: {row}");
        count += 1;
    }
    assert_eq!(count, 52);
}

#[test]
fn each_error_says_what_is_offered_and_what_to_do() {
    for (row, expected) in rows(include_str!("../fixtures/sasl/choice_errors.txt")) {
        let columns: Vec<_> = row.split(" | ").collect();
        let (policy, is_confidential) = (policy(columns[0]), columns[2] == "tls");
        let found =
            choose(&policy, &names(columns[1]), &[], &ChannelBindings::NONE, is_confidential);
        assert_eq!(found.unwrap_err().to_string(), expected);
    }
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
