//! The mechanisms and features that a stream offers before authentication.

use super::StreamMeta;
use crate::core::relay::MAX_STANZA_BYTES;
use crate::core::world::Settings;
use mfly_proto::framing::Framing;
use mfly_proto::ns;
use mfly_proto::sasl::scram::ScramOffer;
use mfly_proto::sasl::{BindingKind, ChannelBindings, MechanismKind, ScramHash};
use mfly_proto::sasl::{anonymous, plain};
use mfly_proto::stream::{Features, Sasl2Offer, StreamLimits};
use mfly_proto::xml::Limits;

/// What is accepted of any stream. Over WebSocket only those hear of it who are logged in to a
/// standard account: the platform says nothing.
pub(super) const LIMITS: StreamLimits =
    StreamLimits { max_bytes: Some(MAX_STANZA_BYTES as u64), idle_seconds: None };

/// What is read of a stanza: its bytes are what is announced, and they bound everything else.
pub(super) fn readable() -> Limits {
    let default = Limits::default();
    Limits { children: default.elements, ..default }
}

/// The mechanisms of a stream.
pub(super) struct Offer {
    /// The strongest first.
    mechanisms: Vec<String>,
    /// What the -PLUS ones can be tied to; nothing when there are none.
    bindings: ChannelBindings,
    /// Whether the -PLUS mechanisms are left out, as a man in the middle would do.
    hides_plus: bool,
    is_sasl2: bool,
}

impl Offer {
    pub(super) fn new(settings: &Settings, meta: &StreamMeta) -> Self {
        let faults = &meta.faults;
        let mechanisms = match &faults.mechanisms {
            Some(only) => only.clone(),
            None => {
                let is_bindable = settings.channel_binding && !meta.bindings.is_empty();
                mechanisms(settings, is_bindable)
            }
        };
        let has_plus = mechanisms.iter().any(|name| is_plus(name));
        Self {
            bindings: if has_plus { meta.bindings.clone() } else { ChannelBindings::NONE },
            mechanisms,
            hides_plus: faults.strips_binding,
            is_sasl2: settings.sasl2,
        }
    }

    /// What the client is told.
    pub(super) fn features(&self, framing: Framing) -> Features {
        let mut announced = self.mechanisms.clone();
        announced.retain(|name| !self.hides_plus || !is_plus(name));
        Features {
            sasl2: self.is_sasl2.then(|| Sasl2Offer {
                mechanisms: announced.clone(),
                bind2: true,
                bind2_features: vec![ns::CARBONS.to_owned()],
                stream_management: false,
            }),
            mechanisms: announced,
            sasl_channel_bindings: if self.hides_plus { Vec::new() } else { self.binding_names() },
            limits: (framing == Framing::Tcp).then_some(LIMITS),
            ..Features::default()
        }
    }

    pub(super) const fn is_sasl2(&self) -> bool {
        self.is_sasl2
    }

    /// The mechanism of this name, if it is offered.
    pub(super) fn mechanism(&self, name: &str) -> Option<MechanismKind> {
        let is_offered = self.mechanisms.iter().any(|offered| offered == name);
        MechanismKind::from_name(name).filter(|_| is_offered)
    }

    /// What the -PLUS mechanisms can be tied to.
    pub(super) const fn bindings(&self) -> &ChannelBindings {
        &self.bindings
    }

    /// What was offered in truth, whatever the client was told.
    pub(super) fn to_sign(&self) -> ScramOffer {
        ScramOffer::new(&self.mechanisms, &self.binding_names())
    }

    fn binding_names(&self) -> Vec<String> {
        let kinds = BindingKind::ALL.iter().copied();
        let known = kinds.filter(|kind| self.bindings.get(*kind).is_some());
        known.map(|kind| kind.as_str().to_owned()).collect()
    }
}

/// What is offered without a fault. The platform's accounts have PLAIN alone: what they present
/// differs every time, so no verifier of it can be kept.
fn mechanisms(settings: &Settings, is_bindable: bool) -> Vec<String> {
    let mut names = Vec::new();
    if settings.scram {
        let strongest_first = || ScramHash::ALL.into_iter().rev();
        if is_bindable {
            names.extend(strongest_first().map(ScramHash::mechanism_plus));
        }
        names.extend(strongest_first().map(ScramHash::mechanism));
    }
    names.push(plain::NAME);
    if settings.anonymous {
        names.push(anonymous::NAME);
    }
    names.into_iter().map(str::to_owned).collect()
}

fn is_plus(name: &str) -> bool {
    MechanismKind::from_name(name).is_some_and(MechanismKind::is_plus)
}
