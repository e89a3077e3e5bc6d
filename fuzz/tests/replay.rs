//! Every body over its seed corpus, and over generated inputs.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

use proptest::prelude::*;
use std::path::Path;

type Body = fn(&[u8]);

const TARGETS: &[(&str, Body)] = &[
    ("ciphers", mfly_fuzz::ciphers),
    ("framing", mfly_fuzz::framing),
    ("payloads", mfly_fuzz::payloads),
    ("rest_envelope", mfly_fuzz::rest_envelope),
    ("sasl", mfly_fuzz::sasl),
    ("signalling", mfly_fuzz::signalling),
    ("stanza", mfly_fuzz::stanza),
    ("tcp", mfly_fuzz::tcp),
];

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn every_target_holds_over_its_seed_corpus() {
    for (name, body) in TARGETS {
        let seeds = seeds(name);
        assert!(seeds.len() >= 5, "{name} has only {} seeds", seeds.len());
        seeds.iter().for_each(|seed| body(seed));
    }
}

#[test]
fn there_is_a_target_file_for_every_body_and_the_other_way_round() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(files, TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
}

/// A seed with a few bytes changed, cut out, doubled, or replaced by a piece of another seed.
fn mutated(name: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let seeds = seeds(name);
    let count = seeds.len();
    let edits = prop::collection::vec(
        (any::<u8>(), any::<u16>(), any::<u16>(), any::<u8>(), 0..count),
        1..6,
    );
    (0..count, edits).prop_map(move |(first, edits)| {
        let mut data = seeds[first].clone();
        for (kind, from, length, byte, other) in edits {
            if data.is_empty() {
                break;
            }
            let from = usize::from(from) % data.len();
            let to = (from + usize::from(length) % 16 + 1).min(data.len());
            match kind % 4 {
                0 => data[from] = byte,
                1 => drop(data.drain(from..to)),
                2 => {
                    let piece = data[from..to].to_vec();
                    data.splice(from..from, piece);
                }
                _ => {
                    let piece: Vec<u8> = seeds[other]
                        .iter()
                        .copied()
                        .skip(from)
                        .take(usize::from(length) % 64)
                        .collect();
                    data.splice(from..to, piece);
                }
            }
        }
        data
    })
}

macro_rules! generated {
    ($($test:ident: $name:literal, $body:path;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
            $(
                #[test]
                fn $test(data in prop_oneof![4 => mutated($name), 1 => prop::collection::vec(any::<u8>(), 0..256)]) {
                    $body(&data);
                }
            )*
        }
    };
}

generated! {
    ciphers_hold_over_generated_inputs: "ciphers", mfly_fuzz::ciphers;
    framing_holds_over_generated_inputs: "framing", mfly_fuzz::framing;
    payloads_hold_over_generated_inputs: "payloads", mfly_fuzz::payloads;
    rest_envelopes_hold_over_generated_inputs: "rest_envelope", mfly_fuzz::rest_envelope;
    sasl_holds_over_generated_inputs: "sasl", mfly_fuzz::sasl;
    signalling_holds_over_generated_inputs: "signalling", mfly_fuzz::signalling;
    stanzas_hold_over_generated_inputs: "stanza", mfly_fuzz::stanza;
    tcp_streams_hold_over_generated_inputs: "tcp", mfly_fuzz::tcp;
}
