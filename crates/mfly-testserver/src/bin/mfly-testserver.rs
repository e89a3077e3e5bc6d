//! A local MirrorFly server as a command.

use clap::Parser;
use clap::builder::BoolishValueParser;
use mfly_testserver::command::{self, Info, LogFormat};
use std::error::Error as _;
use std::io::Write as _;
use std::process::ExitCode;

/// A local MirrorFly server for tests and app development.
#[derive(Parser)]
#[command(name = "mfly-testserver", version)]
struct Cli {
    /// Print what apps need to know as one JSON object in one line
    #[arg(long, env = "MFLY_SERVER_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
    /// Log each request and received stanza; twice for what is sent, three times for whole frames
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
    /// The form of the log
    #[arg(
        long,
        value_name = "FORMAT",
        env = "MFLY_SERVER_LOG_FORMAT",
        value_enum,
        default_value_t
    )]
    log_format: LogFormat,
    #[command(flatten)]
    line: command::CommandLine,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // An empty variable counts as not set.
    let filter = std::env::var("RUST_LOG").unwrap_or_default();
    let filter = if filter.is_empty() { default_filter(cli.verbose) } else { &filter };
    if let Err(error) = command::log_to_standard_error(filter, cli.log_format) {
        // A closed error stream cannot be reported.
        let _ = writeln!(std::io::stderr(), "error: RUST_LOG: {error}");
        return ExitCode::FAILURE;
    }
    let tell = |settings: &Info| {
        let mut out = std::io::stdout().lock();
        match cli.json {
            true => writeln!(out, "{}", serde_json::to_string(settings)?)?,
            false => write!(out, "{settings}")?,
        }
        out.flush()
    };
    match command::run(cli.line.args, tell).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut message = format!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                message.push_str(&format!(": {error}"));
                cause = error.source();
            }
            if let Some(hint) = error.hint() {
                message.push_str(&format!(" (hint: {hint})"));
            }
            // A closed error stream cannot be reported.
            let _ = writeln!(std::io::stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}

/// The events that are logged without `RUST_LOG`.
const fn default_filter(verbose: u8) -> &'static str {
    match verbose {
        0 => "warn",
        1 => "warn,mfly_testserver=info",
        2 => "warn,mfly_testserver=debug",
        _ => "warn,mfly_testserver=trace",
    }
}
