//! Everything that must pass before a change lands. The tests come last, so that their summary
//! closes the run.

use crate::run::{cargo, root, status};
use crate::{dependencies, tidy};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Instant;

/// Library crates whose features are checked one by one.
const FEATURE_SETS: &[(&str, &[&str])] = &[
    ("mfly-proto", &[]),
    ("mfly-transport", &["platform-roots", "bundled-roots", "srv", "testing"]),
    ("mfly-api", &["platform-roots", "bundled-roots"]),
    ("mfly-client", &["platform-roots", "bundled-roots", "srv"]),
];

/// The package whose examples are run.
const EXAMPLES: &str = "mfly-client";

pub(crate) fn run() -> Result<(), String> {
    let started = Instant::now();
    status(&mut cargo(&["fmt", "--all", "--check"]))?;
    tidy::run(&[])?;
    dependencies::run()?;
    status(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))?;
    for (package, features) in FEATURE_SETS {
        status(&mut cargo(&["check", "--quiet", "-p", package, "--no-default-features"]))?;
        for feature in *features {
            let arguments =
                ["check", "--quiet", "-p", package, "--no-default-features", "--features", feature];
            status(&mut cargo(&arguments))?;
        }
    }
    status(
        cargo(&["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    for example in examples()? {
        let arguments = ["run", "--quiet", "-p", EXAMPLES, "--features", "platform-roots"];
        status(cargo(&arguments).args(["--example", example.as_str()]).stdout(Stdio::null()))?;
    }
    let passed = test()?;
    println!("\nci: everything passed in {} s", started.elapsed().as_secs());
    println!("{passed} passed, 0 failed");
    Ok(())
}

/// The examples are the files of the folder; each starts a server of its own and ends by itself.
fn examples() -> Result<Vec<String>, String> {
    let folder = root().join("crates").join(EXAMPLES).join("examples");
    let entries =
        std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut examples: Vec<String> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    examples.sort();
    Ok(examples)
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
