//! Logging to standard error, chosen by `-v` or by `MFLY_LOG`.

use crate::exit::Failure;
use mfly_testserver::command::{LogFormat, log_to_standard_error};

/// The variable with a filter, such as `info,mfly_client=debug`.
const VARIABLE: &str = "MFLY_LOG";

/// Begins to log. `-v` shows this project's crates only: other crates may log private data at such
/// levels.
pub(crate) fn to_standard_error(verbose: u8, format: LogFormat) -> Result<(), Failure> {
    let filter = std::env::var(VARIABLE).unwrap_or_default();
    let filter = if filter.is_empty() { default_filter(verbose) } else { filter };
    log_to_standard_error(&filter, format).map_err(|error| {
        let hint = "write a level, such as debug, or levels of crates, such as mfly_client=debug";
        Failure::usage(format!("{VARIABLE}: {error}"), hint)
    })
}

fn default_filter(verbose: u8) -> String {
    let level = match verbose {
        0 => "off",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let crates = ["mfly_api", "mfly_client", "mfly_testserver", "mfly_transport"];
    crates.map(|name| format!("{name}={level}")).join(",")
}
