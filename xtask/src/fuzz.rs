//! Coverage-guided fuzzing of every target for a while.

use crate::run::{cargo, root, status};

/// Seconds for each target when none are given.
const SECONDS: &str = "60";

pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let seconds = arguments.first().map_or(SECONDS, String::as_str);
    seconds.parse::<u32>().map_err(|_| format!("'{seconds}' is not a number of seconds"))?;
    for target in targets()? {
        let limit = format!("-max_total_time={seconds}");
        let arguments =
            ["+nightly", "fuzz", "run", target.as_str(), "--", limit.as_str(), "-timeout=10"];
        let mut command = cargo(&[]);
        // `cargo +nightly` is the launcher's word: the pinned cargo of this process does not know
        // it.
        let directory = command.get_current_dir().map(std::path::Path::to_path_buf);
        command = std::process::Command::new("cargo");
        command.args(arguments);
        if let Some(directory) = directory {
            command.current_dir(directory);
        }
        status(command.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN")).map_err(|error| {
            format!("{error}\n(needs a nightly compiler and `cargo install cargo-fuzz`)")
        })?;
    }
    Ok(())
}

/// The targets are the files of the folder.
fn targets() -> Result<Vec<String>, String> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries =
        std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut targets: Vec<String> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned()))
        .collect();
    targets.sort();
    Ok(targets)
}
