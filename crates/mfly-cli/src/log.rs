//! What happens, on the standard error: for those who ask for it with `-v`, or with `MFLY_LOG`.

use crate::exit::Failure;
use crate::output::is_coloured;
use tracing_subscriber::EnvFilter;

/// Chooses what is logged, as `info,mfly_client=debug`.
const VARIABLE: &str = "MFLY_LOG";

/// Begins to log. `-v` shows this project's crates only: what others log at such levels may be
/// private.
///
/// # Errors
/// When the variable says nothing that can be understood.
pub(crate) fn to_standard_error(verbose: u8) -> Result<(), Failure> {
    let filter = std::env::var(VARIABLE).unwrap_or_default();
    let filter = if filter.is_empty() {
        EnvFilter::new(usual(verbose))
    } else {
        EnvFilter::try_new(filter).map_err(|error| Failure::Usage {
            message: format!("{VARIABLE}: {error}"),
            hint: "write a level, such as debug, or levels of crates, such as mfly_client=debug"
                .to_owned(),
        })?
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_coloured(&std::io::stderr()))
        .with_writer(std::io::stderr)
        .init();
    Ok(())
}

fn usual(verbose: u8) -> String {
    let level = match verbose {
        0 => "off",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let crates = ["mfly_api", "mfly_client", "mfly_testserver", "mfly_transport"];
    crates.map(|name| format!("{name}={level}")).join(",")
}
