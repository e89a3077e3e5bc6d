//! Installs the clients: packages of Debian, of npm by `npm ci`, and of Python into the target
//! folder.

use crate::interop::node;
use crate::interop::packages::{self, Package};
use crate::interop::python::{self, PIP, PYTHON};
use crate::run::{root, target};
use std::path::PathBuf;

const GO_SENDXMPP: Package = Package { name: "go-sendxmpp", probe: "go-sendxmpp" };
const PROFANITY: Package = Package { name: "profanity", probe: "profanity" };

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
    let drivers = root().join("tests").join("interop").join("clients");
    let target = target()?;
    node::install_locked(&drivers)?;
    let python = target.join("interop").join("clients-python");
    python::install(&drivers.join("requirements.txt"), &python)?;
    Ok(Installed { target, drivers, python })
}
