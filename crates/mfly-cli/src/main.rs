//! The `mfly` command: a person's and a script's way to a MirrorFly server.

mod args;
mod command;
mod context;
mod event;
mod exit;
mod file;
mod output;
mod progress;
mod qr;
mod signal;
mod store;
mod tour;

use args::Cli;
use clap::Parser;
use exit::Failure;
use output::{Format, Line, Output};
use std::io::Write;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// How long work that nobody waits for any more may delay the end of the process.
const LINGER: std::time::Duration = std::time::Duration::from_secs(1);

fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_standard_error(cli.verbose);
    let format = cli.format();
    let mut output = Output::standard(format);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::Server(format!("cannot start: {error}"));
            return told(&mut output, "start", &failure);
        }
    };
    let done = runtime.block_on(command::run(cli.command, &mut output));
    // Reading the standard input, for one, cannot be cancelled.
    runtime.shutdown_timeout(LINGER);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err((operation, failure)) => told(&mut output, operation, &failure),
    }
}

/// Tells what went wrong: people on the standard error, programs where they read results.
fn told(output: &mut Output, operation: &str, failure: &Failure) -> ExitCode {
    if !failure.is_silent() {
        let line = output::printable(&failure.line());
        // When neither can be written to, the exit code still tells.
        let _ = match output.format() {
            Format::Human => writeln!(std::io::stderr().lock(), "{line}"),
            Format::Json => output.object(&Line {
                operation,
                ok: false,
                what: None,
                result: None,
                error: Some(&failure.official()),
                milliseconds: None,
            }),
        };
    }
    ExitCode::from(failure.code() as u8)
}

/// `MFLY_LOG` chooses what is logged, as `info,mfly_client=debug`. `-v` shows this project's crates only: what others
/// log at such levels may be private.
fn log_to_standard_error(verbose: u8) {
    let level = match verbose {
        0 => "off",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let usual = [
        "mfly_api",
        "mfly_client",
        "mfly_testserver",
        "mfly_transport",
    ]
    .map(|name| format!("{name}={level}"))
    .join(",");
    let filter = EnvFilter::try_from_env("MFLY_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
