//! What the suite asks of a server.

use crate::certificate::Certificate;
use crate::failure::Failure;
use crate::transport::Transport;
use async_trait::async_trait;
use mfly_client::standard::Account;
use mfly_client::{BareJid, Password};

/// What a server may do without. A check that needs it then says so instead of failing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// SCRAM bound to the TLS connection by `tls-exporter` or `tls-server-end-point` (RFC 9266, RFC
    /// 5929).
    ChannelBinding,
    /// Logging in by SASL2 with an inline resource binding (XEP-0388, XEP-0386).
    Sasl2,
    /// Telling who is blocked that the other left (XEP-0191 §3.3).
    PresenceOfBlocked,
    /// Ending the stream of who sends a stanza above the limit.
    StanzaLimit,
}

/// A server under the suite.
#[async_trait]
pub trait Server: Send + Sync {
    /// Its name and version.
    fn name(&self) -> &str;

    /// The XMPP domain of users who come over `transport`.
    fn domain(&self, transport: Transport) -> &str;

    /// How it can be reached.
    fn transports(&self) -> Vec<Transport>;

    /// The address to connect to over `transport`, its port named; `None` where no socket is opened.
    fn address(&self, transport: Transport) -> Option<String>;

    /// An account that connects over `transport` and trusts the authority of the good certificate.
    ///
    /// # Errors
    /// When the server cannot be reached like this.
    fn account(
        &self,
        transport: Transport,
        jid: BareJid,
        password: Password,
    ) -> Result<Account, Failure>;

    /// The strongest mechanism over `transport` that this client knows, too.
    fn strongest(&self, transport: Transport) -> &'static str;

    /// The longest stanza that the server takes, in bytes.
    fn max_stanza_bytes(&self) -> usize;

    /// Creates a user who logs in with this password.
    ///
    /// # Errors
    /// When the server refuses.
    async fn create_user(&self, user: &BareJid, password: &str) -> Result<(), Failure>;

    /// Ends the server and starts it again at the same addresses, with the same users.
    ///
    /// # Errors
    /// When it does not end or does not come up.
    async fn restart(&self) -> Result<(), Failure>;

    /// Another instance, which shows this certificate.
    ///
    /// # Errors
    /// When it does not come up.
    async fn with_certificate(&self, certificate: Certificate) -> Result<Box<dyn Server>, Failure>;

    /// Why the server does not offer this over `transport`; `None` when it does. A reason that is no
    /// longer true fails the run.
    fn lacks(&self, transport: Transport, capability: Capability) -> Option<&'static str>;
}
