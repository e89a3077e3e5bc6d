//! The options of an examination, and the server that one connection leads to.

use mfly_client::{BareJid, Password};
use mfly_transport::{Options, Scheme};
use std::net::SocketAddr;
use std::time::Duration;

/// The options that hold for every address of an examination.
pub(super) struct ExamOptions {
    pub(super) options: Options,
    /// The XMPP domain, if the user named one.
    pub(super) domain: Option<String>,
    /// The standard account to log in with.
    pub(super) account: Option<(BareJid, Password)>,
    /// The name server to ask for SRV records instead of the system's.
    pub(super) name_server: Option<SocketAddr>,
    /// The time-out of each step.
    pub(super) limit: Duration,
}

/// The server that a connection leads to.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExamTarget<'a> {
    pub(super) host: &'a str,
    /// The domain that the certificate has to be made for, over TCP.
    pub(super) domain: &'a str,
    /// `None` for a REST API.
    pub(super) scheme: Option<Scheme>,
    /// The host of the proxy, if there is one.
    pub(super) proxy: Option<&'a str>,
}
