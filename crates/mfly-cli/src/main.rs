//! The `mfly` command: a person's and a script's way to a MirrorFly server.

mod args;
mod argument;
mod cli;
mod command;
mod context;
mod event;
mod exit;
mod file;
mod log;
mod operation;
mod output;
mod progress;
mod qr;
mod signal;
mod store;
mod tour;
mod usage;

use exit::Failure;
use output::{Format, Line, Output};
use std::io::Write;
use std::process::ExitCode;

/// How long work that nobody waits for any more may delay the end of the process.
const LINGER: std::time::Duration = std::time::Duration::from_secs(1);

fn main() -> ExitCode {
    let line: Vec<_> = std::env::args_os().collect();
    let format = usage::format(&line);
    let mut output = Output::standard(format);
    let cli = match cli::read(line) {
        Ok(cli) => cli,
        Err(error) => return usage::told(&mut output, &error),
    };
    if let Err(failure) = log::to_standard_error(cli.verbose) {
        return told(&mut output, "start", &failure);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::Stuck(format!("cannot start: {error}"));
            return told(&mut output, "start", &failure);
        }
    };
    let done = runtime.block_on(cli::run(cli.command, &mut output));
    // Reading the standard input, for one, cannot be cancelled.
    runtime.shutdown_timeout(LINGER);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err((operation, failure)) => told(&mut output, operation, &failure),
    }
}

/// Tells what went wrong: people on the standard error, programs where they read results.
fn told(output: &mut Output, operation: &str, failure: &Failure) -> ExitCode {
    if !failure.is_silent(output.format()) {
        let line = output::printable(&failure.line());
        // When neither can be written to, the exit code still tells.
        let _ = match output.format() {
            Format::Human => writeln!(std::io::stderr().lock(), "{line}"),
            Format::Json => output.object(&Line::failed(operation, &failure.official())),
        };
    }
    ExitCode::from(failure.code() as u8)
}
