//! Why a server does not start.

use mfly_proto::argument::InvalidArgument;
use std::io;
use std::net::SocketAddr;
use thiserror::Error;

/// Why a server did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting cannot be used.
    #[error(transparent)]
    InvalidArgument(#[from] InvalidArgument),
    /// A port is taken, or the address is not this machine's.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate authority cannot be used.
    #[error("the certificate authority cannot be used")]
    Authority {
        /// What was wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No certificate could be made for the XMPP host.
    #[error("cannot make a certificate for the XMPP host; it has to be a DNS name or IP address")]
    Certificate {
        /// What was wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}
