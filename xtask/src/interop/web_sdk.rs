//! The official Web SDK in a real browser against the test server, with Rust clients beside it.
//!
//! The steps are in `tests/interop`. What is missing is installed: Chromium, Node.js and npm as
//! Debian packages, the rest by `npm ci`.

use super::node;
use super::packages::{Package, install};
use crate::run::{cargo, output, root, status};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const CHROMIUM: Package = Package { name: "chromium", probe: "/usr/bin/chromium" };
/// Longest time for the steps.
const PATIENCE: Duration = Duration::from_secs(300);

/// How often the steps are asked whether they are done.
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
fn prepare() -> Result<PathBuf, String> {
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

/// Where cargo builds.
pub(super) fn target() -> Result<PathBuf, String> {
    let mut command = cargo(&["metadata", "--format-version", "1", "--no-deps"]);
    let metadata: serde_json::Value =
        serde_json::from_str(&output(&mut command)?).map_err(|error| error.to_string())?;
    metadata["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| "cargo metadata names no target directory".to_owned())
}

/// Waits for the steps, and ends them when they take too long.
fn wait(mut child: Child) -> Result<(), String> {
    let end = Instant::now() + PATIENCE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(_)) => return Err("a step failed; see the table above".to_owned()),
            Ok(None) if Instant::now() > end => {
                let ended = child.kill().and_then(|()| child.wait());
                return Err(match ended {
                    Ok(_) => format!("the steps took longer than {PATIENCE:?}"),
                    Err(error) => format!("the steps took longer than {PATIENCE:?}: {error}"),
                });
            }
            Ok(None) => std::thread::sleep(POLL),
            Err(error) => return Err(error.to_string()),
        }
    }
}
