//! Runs the benchmarks, and counts instructions where valgrind is installed.

use crate::run::{cargo, root, status, target};
use std::path::Path;
use std::process::{Command, Stdio};

/// The benchmarks. Each prints its tables.
const BENCHES: &[&str] = &["codec", "sessions", LOGIN];

/// The benchmark that can measure other servers.
const LOGIN: &str = "login";

/// The options that name another server.
const ELSEWHERE: &[&str] = &["--server", "--sasl2-server", "--prosody", "--ejabberd"];

/// The parsers of the vCard stanza.
const CONTENDERS: &[&str] =
    &["quick-xml Reader", "quick-xml NsReader", "mfly table", "mfly typed", "roxmltree", "minidom"];

/// Two counts of rounds: their difference is free of start-up.
const ROUNDS: [u64; 2] = [100, 300];

/// Runs every benchmark, or only that of servers if another server is named.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let is_server = |argument: &String| ELSEWHERE.contains(&argument.as_str());
    let elsewhere = arguments.iter().any(is_server);
    let benches: &[&str] = if elsewhere { &[LOGIN] } else { BENCHES };
    for bench in benches {
        let mut command = cargo(&["bench", "-p", "mfly-benches", "--bench", bench, "--"]);
        status(command.args(arguments))?;
    }
    if elsewhere {
        return Ok(());
    }
    instructions()
}

/// Counts instructions, which do not depend on what else the machine does.
fn instructions() -> Result<(), String> {
    let valgrind = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    if !valgrind.is_ok_and(|status| status.success()) {
        println!("\ninstructions: skipped, valgrind is not installed");
        return Ok(());
    }
    let package = ["-p", "mfly-benches", "--bin", "vcard_instructions"];
    status(cargo(&["build", "--release"]).args(package))?;
    let program = target()?.join("release").join("vcard_instructions");
    println!("\ninstructions for the vCard stanza (callgrind)");
    for contender in CONTENDERS {
        let [few, many] = ROUNDS;
        let counts = (count(&program, contender, few)?, count(&program, contender, many)?);
        println!("  {contender:<20} {:>8}", counts.1.saturating_sub(counts.0) / (many - few));
    }
    Ok(())
}

fn count(program: &Path, contender: &str, rounds: u64) -> Result<u64, String> {
    let result = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args([program.as_os_str(), contender.as_ref()])
        .arg(rounds.to_string())
        .current_dir(root())
        .output()
        .map_err(|error| format!("valgrind could not be started: {error}"))?;
    let report = String::from_utf8_lossy(&result.stderr);
    report
        .lines()
        .find_map(|line| line.split("Collected : ").nth(1)?.trim().parse().ok())
        .ok_or_else(|| format!("valgrind counted nothing for {contender}:\n{report}"))
}
