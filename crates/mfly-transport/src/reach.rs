//! Checking whether a server of another protocol can be reached.

use crate::connect::{secure, within};
use crate::dial::{self, Route};
use crate::error::{Stage, TransportError};
use crate::options::Options;
use crate::progress::{Observer, Progress};
use crate::security::Security;
use mfly_proto::address::host::{self, Host};
use mfly_proto::argument::InvalidArgument;

/// Dials a server and closes the connection. With `alpn` it performs a TLS handshake before, and
/// offers these application protocols (RFC 7301). Each step is reported when it is done.
///
/// The stages are those of [`connect`](fn@crate::connect). Returns the result of the TLS handshake.
///
/// # Errors
/// As [`connect`](fn@crate::connect) for these stages.
pub async fn reach_observed(
    host: &str,
    port: u16,
    alpn: Option<&[&[u8]]>,
    options: &Options,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Option<Security>, TransportError> {
    let refuse = |reason| InvalidArgument::new("address", reason);
    let host = Host::parse_alone(host).map_err(refuse)?;
    let port = host::check_port(port).map_err(refuse)?;
    let mut observer = Observer::new(report);
    let dialling = dial::dial(&host, port, Route::of(options), &mut observer);
    let socket = within(options.timeouts.dial, Stage::Dial, dialling).await?;
    let Some(alpn) = alpn else {
        return Ok(None);
    };
    let (_, security) = secure(socket, host.as_str(), alpn, options, &mut observer).await?;
    Ok(Some(security))
}
