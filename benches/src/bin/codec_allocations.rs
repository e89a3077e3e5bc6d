//! Allocations of each codec job, counted: lines `table<TAB>stanza<TAB>contender<TAB>count`.
//!
//! A program of its own, so that counting does not slow down what the benchmark times.

use mfly_benches::{Contender, corpus, parse, serialise, tcp};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::io::{self, Write};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for stanza in corpus::stanzas() {
        report(&mut out, "parse", stanza.name, parse::contenders(&stanza))?;
        report(&mut out, "tcp", stanza.name, tcp::contenders(&stanza))?;
        report(&mut out, "serialise", stanza.name, serialise::contenders(&stanza))?;
    }
    Ok(())
}

fn report(
    out: &mut impl Write,
    table: &str,
    stanza: &str,
    contenders: Vec<Contender<'_>>,
) -> io::Result<()> {
    for mut contender in contenders {
        // The first run fills what is kept for later ones.
        (contender.run)();
        let region = Region::new(ALLOCATOR);
        (contender.run)();
        let change = region.change();
        let count = change.allocations + change.reallocations;
        writeln!(out, "{table}\t{stanza}\t{}\t{count}", contender.name)?;
    }
    Ok(())
}
