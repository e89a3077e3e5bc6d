//! The reasons why a server does not start.

use mfly_proto::argument::InvalidArgument;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use thiserror::Error;

/// The reason why a server did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting cannot be used.
    #[error(transparent)]
    InvalidArgument(#[from] InvalidArgument),
    /// A port is in use, or the address is not one of this machine.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address to listen on.
        address: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
    /// The certificate authority cannot be used.
    #[error("the certificate authority cannot be used")]
    Authority {
        /// The error of the certificate library, or of a file.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No certificate could be made for the names of the server.
    #[error("cannot make a certificate")]
    Certificate {
        /// The error of the certificate library, or of a file.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file of the state cannot be read.
    #[error("cannot go on with the state in {}", path.display())]
    State {
        /// The path of the file.
        path: PathBuf,
        /// The error of the system, or what is wrong with the content.
        source: io::Error,
    },
    /// The system provides no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}
