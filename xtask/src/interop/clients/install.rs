//! Installs the clients: packages of Debian, of npm by `npm ci`, and of Python into the target
//! folder.

use crate::interop::node;
use crate::interop::packages::{self, Package};
use crate::run::{output, root, status, target};
use std::path::{Path, PathBuf};
use std::process::Command;

const PYTHON: Package = Package { name: "python3", probe: "python3" };
const PIP: Package = Package { name: "python3-pip", probe: "pip3" };
const GO_SENDXMPP: Package = Package { name: "go-sendxmpp", probe: "go-sendxmpp" };
const PROFANITY: Package = Package { name: "profanity", probe: "profanity" };

/// The oldest Python 3 that slixmpp and its driver run on.
const PYTHON_MINOR: u32 = 11;

/// The folders of installed programs.
#[derive(Clone, Debug)]
pub(super) struct Installed {
    /// The folder into which cargo builds.
    pub(super) target: PathBuf,
    /// The drivers and the packages of npm.
    pub(super) drivers: PathBuf,
    /// The packages of pip.
    pub(super) python: PathBuf,
}

/// Installs the missing packages.
pub(super) fn install() -> Result<Installed, String> {
    packages::install(&[node::NODE, node::NPM, PYTHON, PIP, GO_SENDXMPP, PROFANITY])?;
    node::check()?;
    let version = output(Command::new(PYTHON.probe).arg("--version"))?;
    if minor(&version).is_none_or(|minor| minor < PYTHON_MINOR) {
        let version = version.trim();
        return Err(format!("Python 3.{PYTHON_MINOR} or later is needed, this one says {version}"));
    }
    let drivers = root().join("tests").join("interop").join("clients");
    let target = target()?;
    node::install_locked(&drivers)?;
    let python = target.join("interop").join("clients-python");
    pip(&version, &drivers.join("requirements.txt"), &python)?;
    Ok(Installed { target, drivers, python })
}

/// Installs the requirements into `folder`, unless it has them.
fn pip(version: &str, requirements: &Path, folder: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let wanted = std::fs::read_to_string(requirements)
        .map(|text| format!("{version}{text}"))
        .map_err(|error| format!("{}: {error}", requirements.display()))?;
    let stamp = folder.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|text| text == wanted) {
        return Ok(());
    }
    super::empty(folder)?;
    let options = ["--quiet", "--require-hashes", "--only-binary", ":all:"];
    status(
        Command::new(PYTHON.probe)
            .args(["-m", "pip", "install"])
            .args(options)
            .arg("--target")
            .arg(folder)
            .arg("--requirement")
            .arg(requirements),
    )?;
    // Written last, so that an interrupted installation is repeated.
    std::fs::write(stamp, wanted).map_err(failed)
}

/// The second number of a version such as `Python 3.11.2`.
fn minor(version: &str) -> Option<u32> {
    let numbers = version.trim().strip_prefix("Python 3.")?;
    numbers.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn the_version_of_python_is_read_from_what_it_prints() {
        assert_eq!(minor("Python 3.11.2\n"), Some(11));
        assert_eq!(minor("Python 2.7.18"), None);
    }
}
