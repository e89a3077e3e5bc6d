//! The command `mfly`: uses a MirrorFly server, for people and for scripts.
//!
//! Each file imports only files below it:
//!
//! | file | content |
//! |---|---|
//! | `cli` | the table of sub-commands, and reading the command line |
//! | `command/`, `tour/` | one sub-command a file |
//! | `operation` | runs the sub-commands that ask a server for something |
//! | `context`, `arguments` | which server and which account; the arguments that choose them |
//! | `store`, `file`, `qr`, `event`, `progress` | profiles, files, codes, events |
//! | `usage`, `exit`, `log`, `output`, `wording` | help, failures and exit codes, logs, printing |

mod arguments;
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
mod store;
#[cfg(test)]
mod testing;
mod tour;
mod usage;
mod wording;

use cli::Cli;
use exit::Failure;
use operation::Failed;
use output::{Format, Line, Output};
use std::io::Write;
use std::process::ExitCode;

/// How long unfinished work may delay the end of the process.
const SHUTDOWN: std::time::Duration = std::time::Duration::from_secs(1);

fn main() -> ExitCode {
    let line: Vec<_> = std::env::args_os().collect();
    let mut output = Output::standard(usage::format(&line));
    let cli = match cli::read(line) {
        Ok(cli) => cli,
        Err(error) => return usage::report(&mut output, &error),
    };
    match run(cli, &mut output) {
        Ok(()) => ExitCode::SUCCESS,
        Err((operation, failure)) => report(&mut output, operation, &failure),
    }
}

fn run(cli: Cli, output: &mut Output) -> Result<(), Failed> {
    log::to_standard_error(cli.verbose, cli.log_format).map_err(|failure| ("start", failure))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| ("start", Failure::Internal(format!("cannot start: {error}"))))?;
    let done = runtime.block_on(cli.command.run(output));
    // Reading standard input, for one, cannot be cancelled.
    runtime.shutdown_timeout(SHUTDOWN);
    done
}

/// Prints a failure: for people on standard error, for programs where they read results.
fn report(output: &mut Output, operation: &str, failure: &Failure) -> ExitCode {
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
