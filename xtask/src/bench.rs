//! The benchmarks, one after another.

use crate::run::{cargo, status};

/// Each prints one table.
const BENCHES: &[&str] = &["codec", "sessions"];

pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    for bench in BENCHES {
        let mut command = cargo(&["bench", "-p", "mfly-benches", "--bench", bench, "--"]);
        status(command.args(arguments))?;
    }
    Ok(())
}
