//! What a server offered the last time: enough to log in with fewer round trips, and to notice when
//! it offers less.

use mfly_proto::ns;
use mfly_proto::sasl::scram::ScramOffer;
use mfly_proto::sasl::{BindingKind, MechanismKind};
use mfly_proto::stream::Features;
use serde::{Deserialize, Serialize};

/// What a server offered when a session logged in, and what was used of it.
///
/// Keep it ([`Session::known_server`](crate::standard::Session::known_server)) and give it to the
/// next connection ([`Account::known_server`](crate::standard::Account::known_server)): logging in
/// then takes fewer round trips, and a server that offers less than before, which an attacker in
/// between could make it seem to do, is refused, unless
/// [`Account::accept_weaker`](crate::standard::Account::accept_weaker) says otherwise. It holds no
/// secret, and what it says is checked against what the server says then.
///
/// ```
/// # fn keep(known: &mfly_client::KnownServer) -> Result<(), serde_json::Error> {
/// let text = serde_json::to_string(known)?;
/// let same: mfly_client::KnownServer = serde_json::from_str(&text)?;
/// # assert_eq!(*known, same);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownServer {
    domain: String,
    #[serde(flatten)]
    offer: Offer,
    /// Name of the mechanism that was used.
    used: String,
}

impl KnownServer {
    pub(super) fn new(domain: &str, offer: &Offer, used: MechanismKind) -> Self {
        Self { domain: domain.to_owned(), offer: offer.supported(), used: used.name().to_owned() }
    }

    /// The domain that the server serves.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The mechanism that was used, by its registered name.
    #[must_use]
    pub fn mechanism(&self) -> &str {
        &self.used
    }

    pub(super) const fn offer(&self) -> &Offer {
        &self.offer
    }

    pub(super) fn used(&self) -> Option<MechanismKind> {
        MechanismKind::from_name(&self.used)
    }
}

/// What a server offers for authentication.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offer {
    /// For SASL as RFC 6120 has it.
    pub(super) mechanisms: Vec<String>,
    /// Channel bindings that the server can check; empty also when it does not say (XEP-0440).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) channel_bindings: Vec<String>,
    /// For SASL2 (XEP-0388).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sasl2: Option<Sasl2>,
}

/// The same for SASL2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sasl2 {
    pub(super) mechanisms: Vec<String>,
    /// A resource can be bound along with it (XEP-0386).
    pub(super) bind2: bool,
    /// Copies of messages can be enabled along with that.
    #[serde(default)]
    pub(super) carbons: bool,
}

impl Offer {
    pub(super) fn of(features: &Features) -> Self {
        Self {
            mechanisms: features.mechanisms.clone(),
            channel_bindings: features.sasl_channel_bindings.clone(),
            sasl2: features.sasl2.as_ref().map(|offer| Sasl2 {
                mechanisms: offer.mechanisms.clone(),
                bind2: offer.bind2,
                carbons: offer.bind2_features.iter().any(|feature| feature == ns::CARBONS),
            }),
        }
    }

    /// What the server may vouch for during an authentication by this protocol (XEP-0474).
    pub(super) fn vouched(&self, protocol: Protocol) -> ScramOffer {
        let mechanisms = match (protocol, &self.sasl2) {
            (Protocol::Sasl2 { .. }, Some(offer)) => &offer.mechanisms,
            _ => &self.mechanisms,
        };
        ScramOffer::new(mechanisms, &self.channel_bindings)
    }

    /// The part of it that means anything here, which bounds what is kept.
    fn supported(&self) -> Self {
        let mechanisms = |names: &[String]| {
            MechanismKind::ALL
                .into_iter()
                .map(|kind| kind.name().to_owned())
                .filter(|name| names.contains(name))
                .collect()
        };
        // One name that is not known here still means that the others are not to be had.
        let mut channel_bindings: Vec<String> = BindingKind::ALL
            .iter()
            .map(|kind| kind.as_str().to_owned())
            .filter(|name| self.channel_bindings.contains(name))
            .collect();
        if channel_bindings.is_empty() && !self.channel_bindings.is_empty() {
            channel_bindings.push("other".to_owned());
        }
        Self {
            mechanisms: mechanisms(&self.mechanisms),
            channel_bindings,
            sasl2: self.sasl2.as_ref().map(|offer| Sasl2 {
                mechanisms: mechanisms(&offer.mechanisms),
                bind2: offer.bind2,
                carbons: offer.carbons,
            }),
        }
    }
}

/// The protocol that carries an authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// SASL as in RFC 6120 §6: the stream is opened again afterwards.
    Sasl,
    /// SASL2 (XEP-0388): the stream goes on.
    Sasl2 {
        /// Set when the resource is bound in the same step (XEP-0386).
        bind2: Option<Bind2>,
    },
}

/// What is asked for together with a resource (XEP-0386).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bind2 {
    /// Copies of the messages of other sessions (XEP-0280).
    pub(super) carbons: bool,
}
