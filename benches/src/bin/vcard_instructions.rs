//! Parses the vCard stanza a number of times, for a profiler that counts instructions.
//!
//! `vcard_instructions CONTENDER COUNT`: the difference between counts of 300 and 100, divided by
//! 200, is the cost of one stanza without start-up. `cargo xtask bench` runs it where valgrind is
//! installed: `valgrind --tool=callgrind --callgrind-out-file=/dev/null vcard_instructions "mfly
//! table" 300`.

use mfly_benches::{corpus, parse};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some(count) = arguments.next().and_then(|count| count.parse::<u32>().ok()) else {
        return ExitCode::FAILURE;
    };
    let stanzas = corpus::stanzas();
    let contender = parse::contenders(&stanzas[0]).into_iter().find(|found| found.name == name);
    let Some(mut contender) = contender else {
        return ExitCode::FAILURE;
    };
    for _ in 0..count {
        (contender.run)();
    }
    ExitCode::SUCCESS
}
