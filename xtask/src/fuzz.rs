//! Fuzzes every target for some seconds.

use crate::run::{root, status, stems};
use std::process::Command;

/// Seconds for each target when none are given.
const SECONDS: &str = "60";

pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let seconds = arguments.first().map_or(SECONDS, String::as_str);
    seconds.parse::<u32>().map_err(|_| format!("'{seconds}' is not a number of seconds"))?;
    for target in stems("fuzz/fuzz_targets")? {
        // `cargo +nightly` needs rustup's launcher, not the cargo of this process.
        let mut command = Command::new("cargo");
        command
            .args(["+nightly", "fuzz", "run", target.as_str(), "--"])
            .args([&format!("-max_total_time={seconds}"), "-timeout=10"])
            .current_dir(root())
            .env_remove("CARGO")
            .env_remove("RUSTUP_TOOLCHAIN");
        status(&mut command).map_err(|error| {
            format!("{error}\n(needs a nightly compiler and `cargo install cargo-fuzz`)")
        })?;
    }
    Ok(())
}
