//! The order in which the servers of a domain are tried (RFC 2782, "Usage rules").

/// An SRV record: a server of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The priority. Servers with a lower number are tried first.
    pub priority: u16,
    /// The weight: the probability of being first within a priority is proportional to it.
    pub weight: u16,
    /// The TCP port of the server.
    pub port: u16,
    /// The name of the server, without the final dot.
    pub target: String,
    /// Whether the connection begins with TLS (`_xmpps-client`, XEP-0368).
    pub direct_tls: bool,
}

/// Sorts servers into the order in which to try them: by priority, and within a priority at random
/// in proportion to the weights.
///
/// `random(most)` must return a uniformly distributed number from 0 to `most`.
#[must_use]
pub fn order(mut records: Vec<Record>, mut random: impl FnMut(u32) -> u32) -> Vec<Record> {
    // A server without weight comes first in the list, which gives it a small probability.
    records.sort_by_key(|record| (record.priority, record.weight != 0));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(priority) = records.first().map(|record| record.priority) {
        let equals = records.partition_point(|record| record.priority == priority);
        let weights = records[..equals].iter().map(|record| record.weight);
        let sum = weights.clone().fold(0u32, |sum, weight| sum.saturating_add(weight.into()));
        let drawn = random(sum);
        let mut running = 0u32;
        let chosen = weights
            .map(|weight| {
                running = running.saturating_add(weight.into());
                running
            })
            .position(|running| running >= drawn);
        ordered.push(records.remove(chosen.unwrap_or(0)));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(priority: u16, weight: u16, name: &str) -> Record {
        Record { priority, weight, port: 5222, target: name.to_owned(), direct_tls: false }
    }

    /// SplitMix64, which returns the same numbers in every run.
    fn seeded(mut state: u64) -> impl FnMut(u32) -> u32 {
        move |most| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            (mixed % (u64::from(most) + 1)) as u32
        }
    }

    proptest! {
        #[test]
        fn every_server_occurs_once_and_priorities_ascend(
            parts in proptest::collection::vec((0..4u16, any::<u16>()), 0..40), seed: u64,
        ) {
            let records: Vec<_> = (0u32..)
                .zip(&parts)
                .map(|(number, (priority, weight))| record(*priority, *weight, &number.to_string()))
                .collect();
            let ordered = order(records.clone(), seeded(seed));
            prop_assert!(ordered.is_sorted_by_key(|record| record.priority));
            let by_name = |mut records: Vec<Record>| {
                records.sort_by(|a, b| a.target.cmp(&b.target));
                records
            };
            prop_assert_eq!(by_name(ordered), by_name(records));
        }

        #[test]
        fn random_numbers_out_of_range_are_harmless(weights in proptest::collection::vec(any::<u16>(), 1..9)) {
            let records: Vec<_> = weights.iter().map(|weight| record(1, *weight, "a")).collect();
            prop_assert_eq!(order(records, |_| u32::MAX).len(), weights.len());
        }
    }

    #[test]
    fn a_server_comes_first_in_proportion_to_its_weight() {
        const ROUNDS: u32 = 10_000;
        let records = vec![
            record(1, 10, "ten"),
            record(1, 60, "sixty"),
            record(1, 0, "zero"),
            record(1, 30, "thirty"),
            record(2, 65_535, "later"),
        ];
        let mut random = seeded(1);
        let mut first = std::collections::BTreeMap::new();
        let mut sixty_before_thirty = 0;
        for _ in 0..ROUNDS {
            let ordered = order(records.clone(), &mut random);
            *first.entry(ordered[0].target.clone()).or_insert(0u32) += 1;
            let place = |name| ordered.iter().position(|record| record.target == name);
            sixty_before_thirty += u32::from(place("sixty") < place("thirty"));
            assert_eq!(ordered[4].target, "later");
        }
        for (name, weight) in [("ten", 10), ("thirty", 30), ("sixty", 60)] {
            let expected = ROUNDS * weight / 101;
            assert!(first[name].abs_diff(expected) < ROUNDS / 50, "{name}: {first:?}");
        }
        // The probability is 1/101.
        assert!((1..ROUNDS / 50).contains(&first["zero"]), "{first:?}");
        assert!(sixty_before_thirty.abs_diff(ROUNDS * 2 / 3) < ROUNDS / 50);
    }
}
