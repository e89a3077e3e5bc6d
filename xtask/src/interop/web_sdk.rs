//! The official Web SDK in a real browser against the test server, with Rust clients beside it.
//!
//! The steps are in `tests/interop`. Missing programs are installed: Chromium, Node.js and npm as
//! Debian packages, the rest by `npm ci`.

use super::node;
use super::packages::{Package, install};
use crate::run::{cargo, root, status, target};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const CHROMIUM: Package = Package { name: "chromium", probe: "/usr/bin/chromium" };

/// The time-out for all steps.
const TIME_OUT: Duration = Duration::from_secs(300);

/// The interval between two looks at whether the steps are done.
const POLL: Duration = Duration::from_millis(50);

pub(crate) fn run() -> Result<(), String> {
    let folder = root().join("tests").join("interop");
    let browser = prepare()?;
    node::install_locked(&folder)?;
    status(&mut cargo(&["build", "-p", "mfly-interop-peer", "-p", "mfly-testserver", "--bins"]))?;
    let target = target()?;
    let binaries = target.join("debug");
    let report = target.join("interop").join("report.json");
    let mut steps = Command::new("node");
    steps
        .arg("run.mjs")
        .arg(binaries.join("mfly-interop-peer"))
        .arg(binaries.join("mfly-testserver"))
        .arg(report)
        .env("CHROMIUM", browser)
        .current_dir(&folder);
    println!("\n$ node run.mjs");
    let child = steps.spawn().map_err(|error| format!("node could not be started: {error}"))?;
    wait(child)
}

/// Installs what is missing. Returns the path of Chromium.
pub(super) fn prepare() -> Result<PathBuf, String> {
    let (browser, packages) = match std::env::var_os("CHROMIUM") {
        Some(path) => (path.into(), &[node::NODE, node::NPM][..]),
        None => (CHROMIUM.probe.into(), &[CHROMIUM, node::NODE, node::NPM][..]),
    };
    install(packages).map_err(|error| {
        format!("{error} (another Chromium can be named in the variable CHROMIUM)")
    })?;
    node::check()?;
    Ok(browser)
}

/// Waits for the steps, and ends them at the time-out.
fn wait(mut child: Child) -> Result<(), String> {
    let end = Instant::now() + TIME_OUT;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(_)) => return Err("a step failed; see the table above".to_owned()),
            Ok(None) if Instant::now() > end => {
                let ended = child.kill().and_then(|()| child.wait());
                return Err(match ended {
                    Ok(_) => format!("the steps took longer than {TIME_OUT:?}"),
                    Err(error) => format!("the steps took longer than {TIME_OUT:?}: {error}"),
                });
            }
            Ok(None) => std::thread::sleep(POLL),
            Err(error) => return Err(error.to_string()),
        }
    }
}
