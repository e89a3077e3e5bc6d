//! Checks against unmodified software of other projects, a file for each kind.
//!
//! The programs that they need are installed by [`packages`] where that is possible.

mod clients;
mod node;
mod packages;
mod standard_servers;
mod web_sdk;

const USAGE: &str = "usage: cargo xtask interop [web-sdk | clients | standard-servers]";

/// Runs one check, or all when none is named.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let named: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match named.as_slice() {
        [] => web_sdk::run().and_then(|()| clients::run()).and_then(|()| standard_servers::run()),
        ["web-sdk"] => web_sdk::run(),
        ["clients"] => clients::run(),
        ["standard-servers"] => standard_servers::run(),
        _ => Err(USAGE.to_owned()),
    }
}
