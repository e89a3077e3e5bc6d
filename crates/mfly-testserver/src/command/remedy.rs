//! What to do when the server does not start.

use super::CommandError;
use crate::handle::start_error::StartError;
use std::io::ErrorKind;

impl CommandError {
    /// What to do about it, in a sentence, if anything can be done.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Start(error) => start(error),
            Self::Users { .. } | Self::Io(_) => None,
        }
    }
}

fn start(error: &StartError) -> Option<&'static str> {
    Some(match error {
        StartError::Listen { source, .. } => match source.kind() {
            ErrorKind::AddrInUse => {
                "another server runs there: end it, or choose another port; 0 takes a free one"
            }
            ErrorKind::AddrNotAvailable => {
                "the address is not this machine's: 127.0.0.1 and 0.0.0.0 always are"
            }
            ErrorKind::PermissionDenied => {
                "ports below 1024 are the administrator's: choose another port"
            }
            _ => "choose another address, or port 0",
        },
        StartError::Authority { .. } => {
            "name a file in a folder that can be written to, or leave out --authority"
        }
        StartError::Certificate { .. } => "name another domain with --xmpp-host",
        StartError::InvalidArgument(_) | StartError::Random => return None,
    })
}
