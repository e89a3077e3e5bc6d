//! The settings of a server.

use super::relation::Contacts;
use mfly_api::feature::Features;
use mfly_proto::secret::LicenceKey;
use std::time::Duration;

/// The rules of one server.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Domain of every JID.
    pub(crate) xmpp_host: String,
    /// Key of the payload encryption.
    pub(crate) licence_key: LicenceKey,
    /// Trial mode: passwords travel as they are.
    pub(crate) trial: bool,
    /// How many registrations one account may have at a time.
    pub(crate) session_limit: usize,
    /// The features of the plan.
    pub(crate) features: Features,
    /// Initialisation vector of messages and media, as the configuration tells it.
    pub(crate) iv: String,
    /// Initialisation vector of profile fields, as the configuration tells it.
    pub(crate) iv_profile: String,
    /// How long a REST token is valid.
    pub(crate) token_lifetime: Duration,
    /// Whether configurations name a signalling server.
    pub(crate) announces_signalling: bool,
    /// Whether uploads are committed by their `uploadId` rather than by an address.
    pub(crate) commit_uploads_by_id: bool,
    /// Which users are contacts of each other.
    pub(crate) contacts: Contacts,
    /// Time between two pings of a stream. The official SDK starts a watchdog at the first ping and
    /// gives the stream up when no further one comes within 70 to 140 seconds, so pings go out
    /// whether or not there is other traffic.
    pub(crate) ping_interval: Duration,
    /// How long after a ping a stream may stay silent.
    pub(crate) ping_grace: Duration,
    /// How long a stream may take from accepting to binding.
    pub(crate) handshake_deadline: Duration,
    /// How long the streams of a registration that logged out may stay: the official SDK logs out
    /// over REST first and then closes its stream itself.
    pub(crate) logout_grace: Duration,
    /// How many connections there may be at a time.
    pub(crate) max_streams: usize,
    /// How many of them may be bound.
    pub(crate) max_sessions: usize,
    /// How many accounts there may be.
    pub(crate) max_users: usize,
    /// Whether SCRAM is offered, which standard accounts can use.
    pub(crate) scram: bool,
    /// Whether SCRAM is offered in its -PLUS forms, too, where there is TLS.
    pub(crate) channel_binding: bool,
    /// How many iterations SCRAM's keys take.
    pub(crate) scram_iterations: u32,
    /// Whether SASL2 is offered, and a resource bound along with it.
    pub(crate) sasl2: bool,
    /// Whether ANONYMOUS is offered: a login to an account that is removed with its session.
    pub(crate) anonymous: bool,
    /// How many sessions a standard account may have at a time.
    pub(crate) max_resources: usize,
    /// Behaviour of the platform that is not known for sure.
    pub(crate) quirks: Quirks,
}

impl Settings {
    /// The settings of a live plan with everything included.
    pub(crate) fn new(licence_key: LicenceKey) -> Self {
        Self {
            xmpp_host: "localhost".to_owned(),
            licence_key,
            trial: false,
            session_limit: 5,
            features: Features::all(),
            iv: "ddc0f15cc2c90fca".to_owned(),
            iv_profile: "f9d3c1a2b4e5d6c7".to_owned(),
            token_lifetime: Duration::from_secs(3600),
            announces_signalling: false,
            commit_uploads_by_id: false,
            contacts: Contacts::Everyone,
            ping_interval: Duration::from_secs(60),
            ping_grace: Duration::from_secs(30),
            handshake_deadline: Duration::from_secs(30),
            logout_grace: Duration::from_secs(10),
            max_streams: 20_000,
            max_sessions: 10_000,
            max_users: 100_000,
            scram: false,
            channel_binding: true,
            scram_iterations: 4096,
            sasl2: false,
            anonymous: false,
            max_resources: 64,
            quirks: Quirks::default(),
        }
    }
}

/// Behaviour of the platform that is not known for sure, each with the likelier choice as its
/// default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quirks {
    /// Whether a block or unblock is also pushed to the session that asked for it (inferred).
    pub(crate) block_push_to_requester: bool,
    /// Whether a blocked user still sees more of the blocker's profile than the name (inferred).
    pub(crate) profile_open_to_blocked: bool,
    /// Whether the result of a profile change carries the profile, as whole apps expect.
    pub(crate) profile_echo: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self { block_push_to_requester: true, profile_open_to_blocked: false, profile_echo: true }
    }
}
