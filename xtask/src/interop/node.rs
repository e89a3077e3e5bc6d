//! Node.js, and packages of npm.

use super::packages::Package;
use crate::run::{output, status};
use std::path::Path;
use std::process::Command;

pub(super) const NODE: Package = Package { name: "nodejs", probe: "node" };
pub(super) const NPM: Package = Package { name: "npm", probe: "npm" };

/// The oldest Node.js that the steps and the clients run on.
const NODE_MAJOR: u32 = 18;

/// Installs the packages that the lock file in `folder` names.
pub(super) fn install_locked(folder: &Path) -> Result<(), String> {
    let options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    status(Command::new("npm").args(options).current_dir(folder))
}

/// Checks that Node.js is new enough.
pub(super) fn check() -> Result<(), String> {
    let version = output(Command::new(NODE.probe).arg("--version"))?;
    match major(&version) {
        Some(major) if major >= NODE_MAJOR => Ok(()),
        _ => Err(format!(
            "Node.js {NODE_MAJOR} or later is needed, this one says {}",
            version.trim()
        )),
    }
}

/// The first number of a version such as `v20.1.0`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_version_of_node_is_read_from_what_it_prints() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("20"), None);
    }
}
