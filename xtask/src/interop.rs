//! The official Web SDK in a real browser against the test server, with Rust clients beside it.
//!
//! The steps are in `tests/interop`. What is missing is installed: Chromium as a Debian package, the rest by `npm ci`.

use crate::run::{cargo, output, root, status};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CHROMIUM: &str = "/usr/bin/chromium";

/// Longest time for the steps.
const PATIENCE: Duration = Duration::from_secs(300);

/// How often the steps are asked whether they are done.
const POLL: Duration = Duration::from_millis(50);

pub(crate) fn run() -> Result<(), String> {
    let folder = root().join("tests").join("interop");
    let browser = browser()?;
    need("node", "Debian's nodejs, version 20 or later")?;
    need("npm", "Debian's npm")?;
    status(
        Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&folder),
    )?;
    status(&mut cargo(&[
        "build",
        "-p",
        "mfly-interop-peer",
        "-p",
        "mfly-testserver",
        "--bins",
    ]))?;
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
    let child = steps
        .spawn()
        .map_err(|error| format!("node could not be started: {error}"))?;
    wait(child)
}

/// The path of Chromium, which is installed if that is possible.
fn browser() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Ok(path.into());
    }
    if Path::new(CHROMIUM).exists() {
        return Ok(CHROMIUM.into());
    }
    let by_hand = format!(
        "{CHROMIUM} is missing: install Debian's package chromium as root, or name another Chromium in the variable CHROMIUM"
    );
    let id = output(Command::new("id").arg("-u")).unwrap_or_default();
    if id.trim() != "0" {
        return Err(by_hand);
    }
    status(Command::new("apt-get").args(["-qq", "update"]))
        .and_then(|()| {
            let install = [
                "-qq",
                "-y",
                "--no-install-recommends",
                "install",
                "chromium",
            ];
            status(
                Command::new("apt-get")
                    .args(install)
                    .env("DEBIAN_FRONTEND", "noninteractive")
                    .stdout(Stdio::null()),
            )
        })
        .map_err(|error| format!("{error}; {by_hand}"))?;
    Ok(CHROMIUM.into())
}

fn need(program: &str, package: &str) -> Result<(), String> {
    let outcome = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    match outcome {
        Ok(status) if status.success() => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(format!("{program} is missing: install {package}"))
        }
        Ok(status) => Err(format!("'{program} --version' ended with {status}")),
        Err(error) => Err(format!("{program} could not be started: {error}")),
    }
}

fn target() -> Result<PathBuf, String> {
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
