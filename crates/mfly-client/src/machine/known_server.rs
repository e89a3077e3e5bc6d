//! The server's offer at the last login: it saves round trips at the next one, and shows when the
//! server offers less.

use mfly_proto::ns;
use mfly_proto::sasl::scram::ScramOffer;
use mfly_proto::sasl::{BindingKind, MechanismKind};
use mfly_proto::stream::Features;
use serde::{Deserialize, Serialize};

/// The authentication that a server offered when a session logged in, and the mechanism used.
///
/// Keep it ([`Session::known_server`](crate::standard::Session::known_server)) and give it to the
/// next connection ([`Account::known_server`](crate::standard::Account::known_server)): logging in
/// then takes fewer round trips. A server that offers less than before is refused, because an
/// attacker may have changed its offer, unless
/// [`Account::accept_weaker`](crate::standard::Account::accept_weaker) allows it. It holds no
/// secret, and is checked against the server's offer at the next login.
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
    /// Registered name of the mechanism that was used.
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

/// The means of authentication that a server offers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offer {
    /// The mechanisms of SASL (RFC 6120 §6).
    pub(super) mechanisms: Vec<String>,
    /// Channel bindings that the server can check; also empty when it does not list them
    /// (XEP-0440).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) channel_bindings: Vec<String>,
    /// The offer of SASL2 (XEP-0388).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sasl2: Option<Sasl2>,
}

/// The mechanisms and inline features that a server offers with SASL2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sasl2 {
    pub(super) mechanisms: Vec<String>,
    /// Whether a resource can be bound in the same step (Bind2, XEP-0386).
    pub(super) bind2: bool,
    /// Whether message carbons can be enabled together with Bind2.
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

    /// The offer that the server may sign during an authentication by this protocol (XEP-0474).
    pub(super) fn signed_offer(&self, protocol: SaslProtocol) -> ScramOffer {
        let mechanisms = match (protocol, &self.sasl2) {
            (SaslProtocol::Sasl2 { .. }, Some(offer)) => &offer.mechanisms,
            _ => &self.mechanisms,
        };
        ScramOffer::new(mechanisms, &self.channel_bindings)
    }

    /// The part of the offer that this client supports, which bounds what is kept.
    fn supported(&self) -> Self {
        let mechanisms = |names: &[String]| {
            MechanismKind::ALL
                .into_iter()
                .map(|kind| kind.name().to_owned())
                .filter(|name| names.contains(name))
                .collect()
        };
        // A list of unknown names alone still means that no supported binding is available.
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
pub(super) enum SaslProtocol {
    /// SASL as in RFC 6120 §6: the stream is opened again afterwards.
    Sasl,
    /// SASL2 (XEP-0388): the stream goes on.
    Sasl2 {
        /// Set when the resource is bound in the same step (XEP-0386).
        bind2: Option<Bind2>,
    },
}

/// The features that are enabled together with Bind2 (XEP-0386).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bind2 {
    /// Whether message carbons are enabled (XEP-0280).
    pub(super) carbons: bool,
}
