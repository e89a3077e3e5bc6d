//! Installs Debian packages where this process may, and else names the command that does.

use crate::run::{output, status};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const APT_GET: &str = "/usr/bin/apt-get";

/// The script that Debian's packages ask before they start their service.
const SERVICE_POLICY: &str = "/usr/sbin/policy-rc.d";

/// A script that refuses every start. Its second line names this project.
const NO_SERVICES: &str =
    "#!/bin/sh\n# mfly: services are started by the checks themselves\nexit 101\n";

/// A program and the package that brings it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Package {
    /// The package's name.
    pub(crate) name: &'static str,
    /// The file that shows that it is installed: a path, or the name of a program in `PATH`.
    pub(crate) probe: &'static str,
}

/// Installs the missing packages. Their services are not started.
pub(crate) fn install(packages: &[Package]) -> Result<(), String> {
    let missing = missing(packages);
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = by_hand(&missing);
    if !Path::new(APT_GET).exists() || !is_root() {
        return Err(by_hand);
    }
    let names = missing.iter().map(|package| package.name);
    let installed = NoServices::begin().and_then(|_guard| {
        status(apt_get().arg("update"))?;
        let options = ["-y", "--no-install-recommends", "install"];
        status(apt_get().args(options).args(names).stdout(Stdio::null()))
    });
    installed.map_err(|error| format!("{error}; {by_hand}"))?;
    match self::missing(&missing).as_slice() {
        [] => Ok(()),
        still => Err(format!("installed, but not found: {}", self::by_hand(still))),
    }
}

fn apt_get() -> Command {
    let mut command = Command::new(APT_GET);
    command.arg("-qq").env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn missing(packages: &[Package]) -> Vec<Package> {
    let is_missing = |package: &&Package| !is_there(package.probe);
    packages.iter().filter(is_missing).copied().collect()
}

fn by_hand(missing: &[Package]) -> String {
    let probes: Vec<&str> = missing.iter().map(|package| package.probe).collect();
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    format!(
        "{} missing; on Debian, as root: apt-get install {}",
        probes.join(", "),
        names.join(" ")
    )
}

fn is_there(probe: &str) -> bool {
    if probe.contains('/') {
        return Path::new(probe).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(probe).is_file())
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Keeps packages from starting services until it is dropped. An existing policy is left alone.
struct NoServices(Option<PathBuf>);

impl NoServices {
    fn begin() -> Result<Self, String> {
        let path = PathBuf::from(SERVICE_POLICY);
        let is_foreign = match std::fs::read_to_string(&path) {
            Ok(text) => text != NO_SERVICES,
            Err(_) => path.exists(),
        };
        if is_foreign {
            return Ok(Self(None));
        }
        std::fs::write(&path, NO_SERVICES)
            .map_err(|error| format!("{SERVICE_POLICY} could not be written: {error}"))?;
        let guard = Self(Some(path));
        status(Command::new("chmod").args(["755", SERVICE_POLICY]))?;
        Ok(guard)
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if let Some(path) = &self.0
            && let Err(error) = std::fs::remove_file(path)
        {
            eprintln!("xtask: {} could not be removed: {error}", path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: Package = Package { name: "no-such-package", probe: "/no/such/program" };

    #[test]
    fn a_program_is_found_by_its_path_or_by_its_name() {
        assert!(is_there("/bin/sh") && is_there("sh"));
        assert!(!is_there(ABSENT.probe) && !is_there("no-such-program"));
    }

    #[test]
    fn what_is_missing_is_named_with_the_command_that_installs_it() {
        let there = Package { name: "dash", probe: "sh" };
        let missing = missing(&[there, ABSENT]);
        assert_eq!(
            by_hand(&missing),
            "/no/such/program missing; on Debian, as root: apt-get install no-such-package"
        );
    }

    #[test]
    fn nothing_is_installed_when_everything_is_there() {
        let there = Package { name: "no-such-package", probe: "sh" };
        assert_eq!(install(&[there]), Ok(()));
    }
}
