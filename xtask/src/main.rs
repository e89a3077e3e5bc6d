//! Repository chores: `cargo xtask <verb>`.
//!
//! | verb | what |
//! |---|---|
//! | `ci` | everything that must pass: format, lints, tidy, features, docs, tests, fuzz replay |
//! | `tidy` | the repository's own rules only |
//! | `fuzz` | every fuzz target for a while (needs `cargo-fuzz` and a nightly compiler) |
//! | `bench` | the benchmarks, as tables of ratios |
//! | `interop` | software that is not ours, against this code: the official Web SDK in Chromium; XMPP clients; Prosody and ejabberd (installs what is missing) |
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool reports to the terminal"
)]

mod bench;
mod ci;
mod dependencies;
mod fuzz;
mod interop;
mod run;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask <ci | tidy | fuzz [SECONDS] | bench [--quick] [--prosody] [--ejabberd] [--server URL …] | interop [web-sdk | clients | standard-servers]>";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let outcome = match arguments.first().map(String::as_str) {
        Some("ci") => ci::run(),
        Some("tidy") => tidy::run(),
        Some("fuzz") => fuzz::run(rest),
        Some("bench") => bench::run(rest),
        Some("interop") => interop::run(rest),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
