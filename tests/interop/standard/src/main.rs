//! The shared suite against Prosody and ejabberd, over every transport that each offers.
//!
//! Usage: `mfly-interop-standard [FOLDER]`. All files are in `FOLDER/standard-servers`
//! (default `target/interop`), the report beside it as `standard-servers.json`. The exit code is 0
//! only if nothing failed.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool reports to the terminal"
)]

use mfly_interop_standard::folder::RunFolder;
use mfly_interop_standard::{Daemon, Ejabberd, Prosody, ServerError, StandardServer};
use mfly_suite::{Certificate, Certificates, Report, Server as _};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

/// Longest time of a run.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(300);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1);
    let folder = folder.map_or_else(|| PathBuf::from("target/interop"), PathBuf::from);
    let outcome = tokio::select! {
        outcome = timeout(TOTAL_TIMEOUT, run(&folder)) => match outcome {
            Ok(outcome) => outcome.map_err(|error| error.to_string()),
            Err(_) => Err(format!("not done within {TOTAL_TIMEOUT:?}")),
        },
        // Returning from here also ends the servers.
        () = interrupted() => Err("interrupted".to_owned()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("mfly-interop-standard: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the suite against both servers, and returns whether nothing failed.
async fn run(folder: &Path) -> Result<bool, ServerError> {
    let started = Instant::now();
    let run = Arc::new(RunFolder::fresh(folder, "standard-servers")?);
    let certificates = Arc::new(Certificates::generate().map_err(std::io::Error::other)?);
    let reports: [Report; 2] = tokio::try_join!(
        check_server::<Prosody>(&run, &certificates),
        check_server::<Ejabberd>(&run, &certificates),
    )?
    .into();
    for report in &reports {
        println!("{report}");
    }
    let json: Vec<Value> = reports.iter().map(Report::json).collect();
    let file = folder.join("standard-servers.json");
    std::fs::write(&file, json!({ "servers": json }).to_string())?;
    let failed: usize = reports.iter().map(|report| report.count("FAILED")).sum();
    println!(
        "{} s; report: {}; logs: {}",
        started.elapsed().as_secs(),
        file.display(),
        run.path().display()
    );
    for report in &reports {
        println!("{}: {}", report.server, report.summary());
        for row in report.failures() {
            println!("  {}", row.line());
        }
    }
    Ok(failed == 0)
}

async fn check_server<D: Daemon>(
    run: &Arc<RunFolder>,
    certificates: &Arc<Certificates>,
) -> Result<Report, ServerError> {
    let server = StandardServer::<D>::start(run, certificates, Certificate::Good).await?;
    Ok(mfly_suite::run(&server, &server.transports()).await)
}

async fn interrupted() {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminated.recv() => {}
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
}
