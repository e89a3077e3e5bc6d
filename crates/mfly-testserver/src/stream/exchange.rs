//! One authentication, whatever carries its messages.

use super::Cx;
use super::login::{Login, LoginKind};
use super::offer::Offer;
use crate::world::{LoginError, RegistrationId, World};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mfly_proto::jid::UserId;
use mfly_proto::sasl::{
    FailureCondition, MechanismKind, ScramCredentials, ScramHash, ScramServer, anonymous, plain,
};
use std::iter;

/// An authentication that awaits the client's next message.
pub(super) enum Exchange {
    /// The first one.
    Ready(MechanismKind),
    /// SCRAM's second one.
    Scram {
        server: Box<ScramServer>,
        /// Who it is, once that is proven; nobody for a user who does not exist.
        login: Option<(UserId, RegistrationId)>,
        hash: ScramHash,
    },
}

/// What a message leads to.
pub(super) enum Outcome {
    /// The client is asked for more.
    Challenge(Exchange, Vec<u8>),
    /// The client is who it says.
    Success(Login, Option<Vec<u8>>),
    /// It is not.
    Failure(FailureCondition),
}

impl From<FailureCondition> for Outcome {
    fn from(condition: FailureCondition) -> Self {
        Self::Failure(condition)
    }
}

impl Exchange {
    /// Begins with a mechanism and the message that came along with its name. Without one, the client is asked for it.
    pub(super) fn begin(
        mechanism: &str,
        initial: Option<&[u8]>,
        offer: &Offer,
        cx: &mut Cx<'_>,
    ) -> Outcome {
        match (offer.mechanism(mechanism), initial) {
            (None | Some(MechanismKind::External), _) => FailureCondition::InvalidMechanism.into(),
            (Some(kind), Some(message)) => Self::Ready(kind).step(message, offer, cx),
            (Some(kind), None) => Outcome::Challenge(Self::Ready(kind), Vec::new()),
        }
    }

    /// Goes on with the client's next message.
    pub(super) fn step(self, message: &[u8], offer: &Offer, cx: &mut Cx<'_>) -> Outcome {
        match self {
            Self::Ready(MechanismKind::Plain) => match check(message, cx.world) {
                Ok(login) => Outcome::Success(login, None),
                Err(condition) => condition.into(),
            },
            Self::Ready(MechanismKind::Anonymous) => admit(message, cx.world),
            Self::Ready(MechanismKind::Scram { hash, plus }) => {
                challenge(message, (hash, plus), offer, cx)
            }
            Self::Ready(_) => FailureCondition::InvalidMechanism.into(),
            Self::Scram {
                mut server,
                login,
                hash,
            } => match (server.finish(message), login) {
                (Ok(_), Some((user, _))) if cx.meta.faults.forges_signature => {
                    let zeros: Vec<u8> = iter::repeat_n(0, hash.output_len()).collect();
                    let forged = format!("v={}", STANDARD.encode(zeros)).into_bytes();
                    // Whoever believes it gets no further.
                    let kind = LoginKind::Standard(RegistrationId(u64::MAX));
                    Outcome::Success(Login { user, kind }, Some(forged))
                }
                (Ok(last), Some((user, id))) => {
                    let kind = LoginKind::Standard(id);
                    Outcome::Success(Login { user, kind }, Some(last))
                }
                (Ok(_), None) => FailureCondition::NotAuthorized.into(),
                (Err(refusal), _) => refusal.condition().into(),
            },
        }
    }
}

/// PLAIN's one message. An account of the platform and a standard one look the same from outside, whatever is wrong.
fn check(message: &[u8], world: &World) -> Result<Login, FailureCondition> {
    let (authzid, authcid, password) =
        plain::parse(message).map_err(|_| FailureCondition::MalformedRequest)?;
    let user = UserId::new(&authcid).map_err(|_| FailureCondition::NotAuthorized)?;
    if authzid.is_some_and(|authzid| authzid != world.jid_of(&user).as_str()) {
        return Err(FailureCondition::InvalidAuthzid);
    }
    if world.standard(&user).is_some() {
        let id = world
            .check_standard(&user, password.expose())
            .ok_or(FailureCondition::NotAuthorized)?;
        let kind = LoginKind::Standard(id);
        return Ok(Login { user, kind });
    }
    match world.check_password(&user, password.expose()) {
        Ok(registration) => {
            let kind = LoginKind::Platform(registration);
            Ok(Login { user, kind })
        }
        Err(LoginError::InvalidCredentials) => Err(FailureCondition::NotAuthorized),
        Err(LoginError::AdminBlocked) => Err(FailureCondition::AccountDisabled),
    }
}

/// ANONYMOUS: the account is made when a resource is bound.
fn admit(message: &[u8], world: &mut World) -> Outcome {
    if anonymous::parse(message).is_err() {
        return FailureCondition::MalformedRequest.into();
    }
    match UserId::new(&world.fresh_id()) {
        Ok(user) => {
            let kind = LoginKind::Temporary;
            Outcome::Success(Login { user, kind }, None)
        }
        Err(_) => FailureCondition::TemporaryAuthFailure.into(),
    }
}

/// SCRAM's first message.
fn challenge(
    message: &[u8],
    (hash, plus): (ScramHash, bool),
    offer: &Offer,
    cx: &mut Cx<'_>,
) -> Outcome {
    let nonce = cx.world.scram_nonce();
    let mut server = match ScramServer::begin(hash, plus, offer.bindings(), nonce, message) {
        Ok(server) => server.offer(offer.to_sign()),
        Err(refusal) => return refusal.condition().into(),
    };
    let name = server.username().to_owned();
    let own = UserId::new(&name).map(|user| cx.world.jid_of(&user));
    let is_own = |authzid: &str| own.as_ref().is_ok_and(|own| own.as_str() == authzid);
    if server.authzid().is_some_and(|authzid| !is_own(authzid)) {
        return FailureCondition::InvalidAuthzid.into();
    }
    let (mut login, mut credentials) = cx.world.scram_credentials(hash, &name);
    if let Some(iterations) = cx.meta.faults.iterations {
        credentials = ScramCredentials::dummy(hash, &name, &nonce, iterations);
        login = None;
    }
    match server.challenge(&credentials) {
        Ok(message) => {
            let next = Exchange::Scram {
                server: Box::new(server),
                login,
                hash,
            };
            Outcome::Challenge(next, message)
        }
        Err(refusal) => refusal.condition().into(),
    }
}
