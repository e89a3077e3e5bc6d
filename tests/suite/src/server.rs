//! The interface of a server under test.

use crate::certificate::Certificate;
use crate::failure::Failure;
use crate::transport::Transport;
use async_trait::async_trait;
use mfly_client::standard::Account;
use mfly_client::{BareJid, Password};

/// A capability that a server may lack. A check that requires it then reports the lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// SCRAM bound to the TLS connection by `tls-exporter` or `tls-server-end-point` (RFC 9266, RFC
    /// 5929).
    ChannelBinding,
    /// A login by SASL2 with inline resource binding (XEP-0388, XEP-0386).
    Sasl2,
    /// Unavailable presence to a user who was blocked (XEP-0191 §3.3).
    PresenceOfBlocked,
    /// A limit for stanzas, above which the stream ends.
    StanzaLimit,
}

/// A server that the suite checks.
#[async_trait]
pub trait Server: Send + Sync {
    /// The server's name and version.
    fn name(&self) -> &str;

    /// The XMPP domain of users who connect over `transport`.
    fn domain(&self, transport: Transport) -> &str;

    /// All transports of the server.
    fn transports(&self) -> Vec<Transport>;

    /// The address to connect to over `transport`, its port named; `None` where no socket is
    /// opened.
    fn address(&self, transport: Transport) -> Option<String>;

    /// An account that connects over `transport` and trusts the authority of the good certificate.
    ///
    /// # Errors
    /// When the server has no such transport.
    fn account(
        &self,
        transport: Transport,
        jid: BareJid,
        password: Password,
    ) -> Result<Account, Failure>;

    /// The strongest mechanism over `transport` that both sides know.
    fn strongest(&self, transport: Transport) -> &'static str;

    /// The longest stanza that the server accepts, in bytes.
    fn max_stanza_bytes(&self) -> usize;

    /// Creates a user who logs in with this password.
    ///
    /// # Errors
    /// When the server refuses.
    async fn create_user(&self, user: &BareJid, password: &str) -> Result<(), Failure>;

    /// Stops the server and starts it again at the same addresses, with the same users.
    ///
    /// # Errors
    /// When it does not stop or does not start.
    async fn restart(&self) -> Result<(), Failure>;

    /// Starts another instance with this certificate.
    ///
    /// # Errors
    /// When it does not start.
    async fn with_certificate(&self, certificate: Certificate) -> Result<Box<dyn Server>, Failure>;

    /// The reason why the server lacks this capability over `transport`; `None` when it does not. A
    /// reason that is no longer true fails the run.
    fn lacks(&self, transport: Transport, capability: Capability) -> Option<&'static str>;
}
