//! Checks against unmodified software of other projects, a file for each kind.
//!
//! The programs that they need are installed by [`packages`] where that is possible.

mod clients;
mod control;
mod node;
mod packages;
mod python;
mod standard_servers;
mod web_sdk;

use std::path::Path;

const USAGE: &str = "usage: cargo xtask interop [web-sdk | control | clients | standard-servers]";

/// Runs one check, or all when none is named.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let named: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match named.as_slice() {
        [] => [web_sdk::run, control::run, clients::run, standard_servers::run]
            .into_iter()
            .try_for_each(|check| check()),
        ["web-sdk"] => web_sdk::run(),
        ["control"] => control::run(),
        ["clients"] => clients::run(),
        ["standard-servers"] => standard_servers::run(),
        _ => Err(USAGE.to_owned()),
    }
}

/// Makes the folder, or empties it.
fn empty(folder: &Path) -> Result<(), String> {
    let made = match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => std::fs::create_dir_all(folder),
    };
    made.map_err(|error| format!("{} could not be emptied: {error}", folder.display()))
}
