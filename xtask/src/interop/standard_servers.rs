//! Prosody and ejabberd from Debian's packages, and the shared suite against each over every
//! framing that it offers.
//!
//! The servers run on loopback from generated configurations; neither is started as a service. The
//! checks are in `tests/suite`, the program that runs the servers and the checks is
//! `tests/interop/standard`.

use super::packages::{Package, install};
use crate::run::{cargo, status, target};
use std::process::Command;

const PACKAGES: &[Package] = &[
    Package { name: "prosody", probe: "prosody" },
    // For SASL2 and its inline binding.
    Package { name: "prosody-modules", probe: "/usr/lib/prosody/modules/mod_sasl2/mod_sasl2.lua" },
    Package { name: "ejabberd", probe: "/usr/sbin/ejabberdctl" },
];

pub(super) fn run() -> Result<(), String> {
    install(PACKAGES)?;
    status(&mut cargo(&["build", "-p", "mfly-interop-standard"]))?;
    let target = target()?;
    let program = target.join("debug").join("mfly-interop-standard");
    status(Command::new(program).arg(target.join("interop")))
        .map_err(|error| format!("{error}; see the table above"))
}
