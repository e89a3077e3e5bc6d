//! What is remembered about logging in, from one connection of a session to the next.

use super::config::{Config, Resource};
use super::known_server::{KnownServer, Offer};
use super::negotiate::Plan;
use super::reason::DisconnectReason;
use super::seeded_random::SeededRandom;
use super::spoken::Spoken;
use mfly_proto::sasl::{MechanismPolicy, ScramKeys};

/// Outlives connections.
#[derive(Debug)]
pub(super) struct LoginMemory {
    known: Option<KnownServer>,
    /// The last attempt came to nothing, for whatever reason: step by step is the way that works
    /// everywhere.
    step_by_step: bool,
    keys: Option<ScramKeys>,
    /// Tells the server which connections are one session's.
    agent: Option<String>,
    /// The resource of the whole session, if it is to be the same.
    resource: Option<String>,
    /// What the server of the current connection offers.
    offer: Offer,
    /// What was said to it in confidence.
    spoken: Spoken,
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
            spoken: Spoken::default(),
        }
    }

    /// What will do, given what was used before: nothing weaker than that, unless the app accepts
    /// it.
    pub(super) fn policy(&self, config: &Config) -> MechanismPolicy {
        let used = self.known.as_ref().and_then(KnownServer::used);
        let remembered = used.filter(|_| !config.accepts_weaker);
        config.mechanisms.clone().remembered(remembered)
    }

    /// Whether steps that follow from each other leave together this time.
    pub(super) const fn is_pipelined(&self, config: &Config) -> bool {
        config.pipelined && !self.step_by_step
    }

    /// What the server can be expected to offer, if that is to be acted upon.
    pub(super) fn expected(&self, config: &Config) -> Option<&Offer> {
        let known = self.known.as_ref()?;
        self.is_pipelined(config).then(|| known.offer())
    }

    /// The resource to ask for.
    pub(super) fn resource(&mut self, config: &Config, random: &mut SeededRandom) -> String {
        match &config.resource {
            Resource::OfConnection(prefix) => random.resource(prefix),
            Resource::OfSession(prefix) => {
                self.resource.get_or_insert_with(|| random.resource(prefix)).clone()
            }
            Resource::Exactly(resource) => resource.clone(),
        }
    }

    /// What the sessions of an account can be told apart by.
    pub(super) fn agent(&mut self, random: &mut SeededRandom) -> &str {
        self.agent.get_or_insert_with(|| random.stanza_id().as_str().to_owned())
    }

    /// What the server of the current connection offers.
    pub(super) const fn offer(&self) -> &Offer {
        &self.offer
    }

    /// The server says what it offers.
    pub(super) fn offered(&mut self, offer: Offer) {
        self.offer = offer;
    }

    /// What was said in confidence on the current connection.
    pub(super) const fn spoken(&mut self) -> &mut Spoken {
        &mut self.spoken
    }

    /// The reason for which the current connection is over, without what the server repeats of it.
    pub(super) fn over(&mut self, reason: DisconnectReason) -> DisconnectReason {
        std::mem::take(&mut self.spoken).kept_out_of(reason)
    }

    /// The keys of the last login.
    pub(super) fn keys(&self) -> Option<ScramKeys> {
        self.keys.clone()
    }

    /// The server accepted, and proved what it had to prove.
    pub(super) fn authenticated(&mut self, plan: &Plan, keys: Option<ScramKeys>, config: &Config) {
        self.keys = keys;
        let domain = config.account.domain();
        self.known = Some(KnownServer::new(domain, &self.offer, plan.choice.kind()));
    }

    /// The session stands.
    pub(super) const fn succeeded(&mut self) {
        self.step_by_step = false;
    }

    /// An attempt came to nothing after the connection stood.
    pub(super) const fn failed(&mut self) {
        self.step_by_step = true;
    }

    pub(super) const fn known(&self) -> Option<&KnownServer> {
        self.known.as_ref()
    }
}
