//! The log on the standard error: a line for each request and stanza, as text or as JSON.

use anstream::{AutoStream, ColorChoice};
use tracing_subscriber::EnvFilter;

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// A line of text for each event.
    #[default]
    Text,
    /// A JSON object on a line for each event.
    Json,
}

/// Begins to log events that `filter` lets through, such as `mfly_testserver=info`, to the standard
/// error. Nothing secret is logged at any level.
///
/// # Errors
/// The reason why the filter cannot be used.
pub fn log_to_standard_error(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| error.to_string())?;
    let is_coloured = AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(is_coloured).init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
    Ok(())
}
