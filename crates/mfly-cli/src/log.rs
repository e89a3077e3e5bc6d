//! Logging to standard error, chosen by `-v` or by `MFLY_LOG`.

use crate::exit::Failure;
use crate::output::is_coloured;
use tracing_subscriber::EnvFilter;

/// The variable with a filter, such as `info,mfly_client=debug`.
const VARIABLE: &str = "MFLY_LOG";

/// Begins to log. `-v` shows this project's crates only: other crates may log private data at such
/// levels.
pub(crate) fn to_standard_error(verbose: u8) -> Result<(), Failure> {
    let filter = std::env::var(VARIABLE).unwrap_or_default();
    let filter = if filter.is_empty() {
        EnvFilter::new(default_filter(verbose))
    } else {
        EnvFilter::try_new(filter).map_err(|error| {
            let hint =
                "write a level, such as debug, or levels of crates, such as mfly_client=debug";
            Failure::usage(format!("{VARIABLE}: {error}"), hint)
        })?
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_coloured(&std::io::stderr()))
        .with_writer(std::io::stderr)
        .init();
    Ok(())
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
