//! Hints for the user when the server does not start.

use super::CommandError;
use crate::handle::start_error::StartError;
use std::io::ErrorKind;

impl CommandError {
    /// A sentence that says how to solve the problem, if there is a known way.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Start(error) => start(error),
            Self::ControlListen { .. } => {
                Some("name another address with --control-listen, or --control-listen off")
            }
            Self::Users { .. } | Self::Io(_) => None,
        }
    }
}

fn start(error: &StartError) -> Option<&'static str> {
    Some(match error {
        StartError::Listen { source, .. } => match source.kind() {
            ErrorKind::AddrInUse => {
                "another server uses the port: stop it, or choose another port; 0 is a free one"
            }
            ErrorKind::AddrNotAvailable => {
                "this machine does not have the address; it always has 127.0.0.1 and 0.0.0.0"
            }
            ErrorKind::PermissionDenied => {
                "ports below 1024 need administrator rights: choose another port"
            }
            _ => "choose another address, or port 0",
        },
        StartError::Authority { .. } => {
            "name a file in a folder that you may write to, or leave out --authority"
        }
        StartError::State { .. } => {
            "name a file of --state that an earlier run has written, or one that does not exist"
        }
        StartError::Certificate { .. } => {
            "--xmpp-host, --certificate-name and the hosts to advertise are names in it"
        }
        StartError::InvalidArgument(_) | StartError::Random => return None,
    })
}
