//! The codec beside its peers: `cargo bench -p mfly-benches --bench codec [-- --quick]`.

use mfly_benches::corpus::{self, Stanza};
use mfly_benches::measure::{self, Effort};
use mfly_benches::{Contender, parse, serialise, tcp};
use std::collections::HashMap;
use std::io::{self, Write};
use std::process::Command;

/// Counts by table, stanza and contender.
type Allocations = HashMap<(String, String, String), String>;

/// One table's contenders of one stanza.
type Contenders = for<'s> fn(&'s Stanza) -> Vec<Contender<'s>>;

fn main() -> io::Result<()> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let effort = if quick { Effort::QUICK } else { Effort::FULL };
    let allocations = allocations()?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "Codec: nanoseconds for one stanza (best of {} interleaved rounds), MB/s, allocations.",
        effort.rounds
    )?;
    let mut summaries = Vec::new();
    let tables: [(&str, &str, Contenders); 3] = [
        ("parse", parse::BASELINE, parse::contenders),
        ("tcp", tcp::BASELINE, tcp::contenders),
        ("serialise", serialise::BASELINE, serialise::contenders),
    ];
    for (table, baseline, contenders) in tables {
        summaries.push(print(&mut out, table, baseline, contenders, effort, &allocations)?);
    }
    for summary in summaries {
        writeln!(out, "\n{summary}")?;
    }
    Ok(())
}

fn print(
    out: &mut impl Write,
    table: &str,
    baseline: &str,
    contenders: Contenders,
    effort: Effort,
    allocations: &Allocations,
) -> io::Result<String> {
    let mut ratios: Vec<(&str, Vec<f64>)> = Vec::new();
    writeln!(
        out,
        "\n{:<16} {:<20} {:>10} {:>8} {:>7} {:>7}",
        table, "", "ns", "MB/s", "allocs", "ratio"
    )?;
    for stanza in corpus::stanzas() {
        let mut contenders = contenders(&stanza);
        let times = measure::nanoseconds(&mut contenders, effort);
        let unit = contenders
            .iter()
            .zip(&times)
            .find(|(contender, _)| contender.name == baseline)
            .map_or(f64::NAN, |(_, time)| *time);
        for (contender, time) in contenders.iter().zip(&times) {
            let name = contender.name;
            let key = (table.to_owned(), stanza.name.to_owned(), name.to_owned());
            let count = allocations.get(&key).map_or("?", String::as_str);
            let rate = stanza.text.len() as f64 * 1000.0 / time;
            let ratio = time / unit;
            writeln!(
                out,
                "{:<16} {name:<20} {time:>10.0} {rate:>8.0} {count:>7} {ratio:>7.2}",
                stanza.name
            )?;
            match ratios.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(ratio),
                None => ratios.push((name, vec![ratio])),
            }
        }
    }
    let mut summary = format!("{table}: time against {baseline}, geometric mean (stanzas)");
    for (name, values) in ratios {
        if let Some(mean) = measure::geometric_mean(&values) {
            summary += &format!("\n  {name:<20} {mean:>6.2} ({})", values.len());
        }
    }
    Ok(summary)
}

/// Asks the counting program.
fn allocations() -> io::Result<Allocations> {
    let output = Command::new(env!("CARGO_BIN_EXE_codec_allocations")).output()?;
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(lines
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t').map(str::to_owned);
            let key = (fields.next()?, fields.next()?, fields.next()?);
            Some((key, fields.next()?))
        })
        .collect())
}
