//! Settings of generated tests.

use proptest::test_runner::{Config, RngSeed};

/// Cases that are the same in every run.
pub(crate) fn seeded() -> Config {
    Config { rng_seed: RngSeed::Fixed(0x6d66_6c79), failure_persistence: None, ..Config::default() }
}
