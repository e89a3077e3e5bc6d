//! Python, and packages of pip.

use super::packages::Package;
use crate::run::{output, status};
use std::path::Path;
use std::process::Command;

pub(super) const PYTHON: Package = Package { name: "python3", probe: "python3" };
pub(super) const PIP: Package = Package { name: "python3-pip", probe: "pip3" };

/// The oldest Python 3 that the packages and their drivers run on.
const PYTHON_MINOR: u32 = 11;

/// Installs the requirements into `folder`, unless it has them.
pub(super) fn install(requirements: &Path, folder: &Path) -> Result<(), String> {
    let version = output(Command::new(PYTHON.probe).arg("--version"))?;
    if minor(&version).is_none_or(|minor| minor < PYTHON_MINOR) {
        let version = version.trim();
        return Err(format!("Python 3.{PYTHON_MINOR} or later is needed, this one says {version}"));
    }
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
