//! A local MirrorFly server as a command.

use anstream::{AutoStream, ColorChoice};
use clap::Parser;
use clap::builder::BoolishValueParser;
use mfly_testserver::command::{self, Info};
use std::error::Error as _;
use std::io::Write as _;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// A local MirrorFly server for tests and app development.
#[derive(Parser)]
#[command(name = "mfly-testserver", version)]
struct Cli {
    /// Print what apps need to know as one JSON object in one line
    #[arg(long, env = "MFLY_SERVER_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
    #[command(flatten)]
    line: command::CommandLine,
}

#[tokio::main]
async fn main() -> ExitCode {
    // An empty variable counts as not set.
    let filter = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let filter = if filter.is_empty() { "warn" } else { &filter };
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("warn"));
    let is_coloured = AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_coloured)
        .with_writer(std::io::stderr)
        .init();
    let cli = Cli::parse();
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
