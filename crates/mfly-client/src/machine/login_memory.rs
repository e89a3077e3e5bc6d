//! State of logging in that a session keeps from one connection to the next.

use super::config::{Config, Resource};
use super::known_server::{KnownServer, Offer};
use super::negotiate::Plan;
use super::reason::DisconnectReason;
use super::seeded_random::SeededRandom;
use super::sent_secrets::SentSecrets;
use mfly_proto::sasl::{MechanismPolicy, ScramKeys};

/// The login state of a session, over all its connections.
#[derive(Debug)]
pub(super) struct LoginMemory {
    known: Option<KnownServer>,
    /// Whether the last attempt failed, so that the next one does without pipelining.
    step_by_step: bool,
    keys: Option<ScramKeys>,
    /// The SASL2 user agent id, which tells the server which connections belong to one session.
    agent: Option<String>,
    /// The resource of all connections, if the session keeps one.
    resource: Option<String>,
    /// The offer of the server of the current connection.
    offer: Offer,
    /// The secrets sent on the current connection.
    secrets: SentSecrets,
}

impl LoginMemory {
    pub(super) fn new(config: &Config) -> Self {
        let is_own = |known: &KnownServer| known.domain() == config.account.domain();
        Self {
            known: config.known.clone().filter(is_own),
            step_by_step: false,
            keys: None,
            agent: None,
            resource: None,
            offer: Offer::default(),
            secrets: SentSecrets::default(),
        }
    }

    /// The allowed mechanisms: none weaker than that of an earlier login, unless the app accepts
    /// it.
    pub(super) fn policy(&self, config: &Config) -> MechanismPolicy {
        let used = self.known.as_ref().and_then(KnownServer::used);
        let remembered = used.filter(|_| !config.accepts_weaker);
        config.mechanisms.clone().remembered(remembered)
    }

    /// Whether steps of this login are sent together.
    pub(super) const fn is_pipelined(&self, config: &Config) -> bool {
        config.pipelined && !self.step_by_step
    }

    /// The offer of an earlier login, if authentication may begin by it.
    pub(super) fn expected_offer(&self, config: &Config) -> Option<&Offer> {
        let known = self.known.as_ref()?;
        self.is_pipelined(config).then(|| known.offer())
    }

    /// The resource that the next request to bind asks for.
    pub(super) fn resource(&mut self, config: &Config, random: &mut SeededRandom) -> String {
        match &config.resource {
            Resource::OfConnection(prefix) => random.resource(prefix),
            Resource::OfSession(prefix) => {
                self.resource.get_or_insert_with(|| random.resource(prefix)).clone()
            }
            Resource::Exactly(resource) => resource.clone(),
        }
    }

    /// The SASL2 user agent id of this session.
    pub(super) fn agent(&mut self, random: &mut SeededRandom) -> &str {
        self.agent.get_or_insert_with(|| random.stanza_id().as_str().to_owned())
    }

    /// The offer of the server of the current connection.
    pub(super) const fn offer(&self) -> &Offer {
        &self.offer
    }

    /// Stores the offer of the server of the current connection.
    pub(super) fn set_offer(&mut self, offer: Offer) {
        self.offer = offer;
    }

    /// The secrets sent on the current connection.
    pub(super) const fn secrets(&mut self) -> &mut SentSecrets {
        &mut self.secrets
    }

    /// Removes the secrets that a server repeats in the reason for the end of the connection, and
    /// forgets them.
    pub(super) fn redact(&mut self, reason: DisconnectReason) -> DisconnectReason {
        std::mem::take(&mut self.secrets).redact(reason)
    }

    /// The SCRAM keys of the last login.
    pub(super) fn keys(&self) -> Option<ScramKeys> {
        self.keys.clone()
    }

    /// Both sides have authenticated: keeps the keys and the server's offer.
    pub(super) fn on_authenticated(
        &mut self,
        plan: &Plan,
        keys: Option<ScramKeys>,
        config: &Config,
    ) {
        self.keys = keys;
        let domain = config.account.domain();
        self.known = Some(KnownServer::new(domain, &self.offer, plan.choice.kind()));
    }

    /// The login is complete.
    pub(super) const fn on_success(&mut self) {
        self.step_by_step = false;
    }

    /// The login failed on an established connection.
    pub(super) const fn on_failure(&mut self) {
        self.step_by_step = true;
    }

    pub(super) const fn known(&self) -> Option<&KnownServer> {
        self.known.as_ref()
    }
}
