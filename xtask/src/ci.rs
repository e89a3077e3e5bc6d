//! Every check that has to pass before a change lands. The tests come last, so that their summary
//! is the end of the output.

use crate::run::{cargo, metadata, output, status, stems};
use crate::{dependencies, tidy};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Library crates that are checked without their default features, and with each feature alone.
const LIBRARIES: &[&str] = &["mfly-proto", "mfly-transport", "mfly-api", "mfly-client"];

/// Crates that compile where there are no sockets, clocks or threads, without default features.
const WITHOUT_IO: &[&str] = &["mfly-proto", "mfly-api", "mfly-client"];

/// A target of the compiler without sockets, clocks and threads.
const WASM: &str = "wasm32-unknown-unknown";

/// The package whose examples are run. Each starts a server of its own, and ends.
const EXAMPLES: &str = "mfly-client";

pub(crate) fn run() -> Result<(), String> {
    let started = Instant::now();
    status(&mut cargo(&["fmt", "--all", "--check"]))?;
    tidy::run()?;
    dependencies::run()?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    status(&mut cargo(&clippy))?;
    features()?;
    without_io()?;
    package()?;
    let doc = ["doc", "--workspace", "--no-deps", "--quiet"];
    status(cargo(&doc).env("RUSTDOCFLAGS", "-D warnings"))?;
    for example in stems(&format!("crates/{EXAMPLES}/examples"))? {
        let arguments = ["run", "--quiet", "-p", EXAMPLES, "--features", "platform-roots"];
        status(cargo(&arguments).args(["--example", example.as_str()]).stdout(Stdio::null()))?;
    }
    let passed = test()?;
    println!("\nci: everything passed in {} s", started.elapsed().as_secs());
    println!("{passed} passed, 0 failed");
    Ok(())
}

/// Checks the libraries with few features.
fn features() -> Result<(), String> {
    let metadata = metadata(&["--no-deps"])?;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        if !LIBRARIES.contains(&name) {
            continue;
        }
        let check = ["check", "--quiet", "-p", name, "--no-default-features"];
        status(&mut cargo(&check))?;
        let features = package["features"].as_object().into_iter().flatten();
        for (feature, _) in features.filter(|(feature, _)| *feature != "default") {
            status(cargo(&check).args(["--features", feature]))?;
        }
    }
    Ok(())
}

/// Proves by the compiler that some crates need no sockets, clocks or threads.
fn without_io() -> Result<(), String> {
    let library =
        output(Command::new("rustc").args(["--print", "target-libdir", "--target", WASM]));
    if !library.is_ok_and(|folder| Path::new(folder.trim()).exists()) {
        println!("\nlayers: not proved, because {WASM} is missing: rustup target add {WASM}");
        return Ok(());
    }
    for package in WITHOUT_IO {
        let check = ["check", "--quiet", "-p", package, "--no-default-features", "--target", WASM];
        status(&mut cargo(&check))?;
    }
    Ok(())
}

/// Packages the crates that are published. Their code is not compiled again: that takes minutes,
/// and the checks above compile it.
fn package() -> Result<(), String> {
    let mut command = cargo(&["package", "--quiet", "--no-verify", "--allow-dirty", "--offline"]);
    status(command.args(dependencies::SHIPPED.iter().flat_map(|package| ["-p", package])))
}

/// Runs every test and counts those that passed.
fn test() -> Result<u64, String> {
    println!("\n$ cargo test --workspace --exclude mfly-benches");
    let mut command =
        cargo(&["test", "--workspace", "--exclude", "mfly-benches", "--no-fail-fast"]);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo test could not be started: {error}"))?;
    let mut passed = 0;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            println!("{line}");
            passed += passed_in(&line);
        }
    }
    match child.wait() {
        Ok(status) if status.success() && passed > 0 => Ok(passed),
        Ok(status) if status.success() => Err("no test was run".to_owned()),
        Ok(status) => Err(format!("cargo test ended with {status}")),
        Err(error) => Err(format!("cargo test was lost: {error}")),
    }
}

fn passed_in(line: &str) -> u64 {
    line.strip_prefix("test result: ok. ")
        .and_then(|rest| rest.split(" passed").next())
        .and_then(|count| count.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::passed_in;

    #[test]
    fn the_number_of_passed_tests_is_read_from_the_runners_summary() {
        let line = "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(passed_in(line), 12);
        assert_eq!(passed_in("running 12 tests"), 0);
    }
}
