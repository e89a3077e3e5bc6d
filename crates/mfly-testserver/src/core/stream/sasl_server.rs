//! One authentication, whatever carries its messages.

use super::Cx;
use super::login::{Login, LoginKind};
use super::offer::Offer;
use crate::core::world::{LoginError, RegistrationId, World};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mfly_proto::jid::{Jid, UserId};
use mfly_proto::sasl::{
    FailureCondition, MechanismKind, ScramCredentials, ScramHash, ScramServer,
    ScramServerParameters, anonymous, plain,
};
use std::iter;

/// An authentication that awaits the client's next message.
pub(super) enum SaslServer {
    /// The first one.
    Ready(MechanismKind),
    /// SCRAM's second one.
    Scram {
        server: Box<ScramServer>,
        /// The account, once the proof is right; `None` for a user who does not exist.
        login: Option<(UserId, RegistrationId)>,
        hash: ScramHash,
    },
}

/// What a message leads to.
pub(super) enum Outcome {
    /// The client is asked for more.
    Challenge(SaslServer, Vec<u8>),
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

impl SaslServer {
    /// Begins with a mechanism and the message that came along with its name. Without one, the
    /// client is asked for it.
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
            Self::Scram { mut server, login, hash } => match (server.finish(message), login) {
                (Ok(_), Some((user, id))) if cx.meta.faults.forges_signature => {
                    let zeros: Vec<u8> = iter::repeat_n(0, hash.output_len()).collect();
                    let forged = format!("v={}", STANDARD.encode(zeros)).into_bytes();
                    let kind = LoginKind::Standard(id);
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

/// PLAIN's one message. An account of the platform and a standard one look the same from outside,
/// whatever is wrong.
fn check(message: &[u8], world: &World) -> Result<Login, FailureCondition> {
    let (authzid, authcid, password) =
        plain::parse(message).map_err(|_| FailureCondition::MalformedRequest)?;
    let user = UserId::new(&authcid).map_err(|_| FailureCondition::NotAuthorized)?;
    if authzid.is_some_and(|authzid| !names(&authzid, &world.jid_of(&user))) {
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

/// Whether an authorization identity is this address. It is prepared as every address is before it
/// is compared (RFC 6120 §6.3.8).
fn names(authzid: &str, own: &Jid) -> bool {
    Jid::new(authzid).is_ok_and(|named| named == *own)
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
    let parameters =
        ScramServerParameters { hash, plus, bindings: offer.bindings(), nonce: nonce.into() };
    let mut server = match ScramServer::begin(parameters, message) {
        Ok(server) => server.offer(offer.to_sign()),
        Err(refusal) => return refusal.condition().into(),
    };
    let name = server.username().to_owned();
    let own = UserId::new(&name).map(|user| cx.world.jid_of(&user));
    let is_own = |authzid: &str| own.as_ref().is_ok_and(|own| names(authzid, own));
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
            let next = SaslServer::Scram { server: Box::new(server), login, hash };
            Outcome::Challenge(next, message)
        }
        Err(refusal) => refusal.condition().into(),
    }
}

#[cfg(test)]
mod tests {
    use crate::core::scenario::{bindings, data};
    use crate::core::stream::fault::StreamFaults;
    use crate::core::testing::{Server, bind, settings};
    use crate::core::world::Settings;
    use mfly_proto::sasl::{
        Auth, Mechanism as _, Response, SaslError, Scram, ScramError, ScramHash, ScramParameters,
    };
    use mfly_proto::secret::Password;
    use mfly_proto::xml::Writer;

    /// How an authentication went, as the client sees it.
    #[derive(Debug, PartialEq, Eq)]
    enum End {
        Success,
        Failure(String),
        ClientGaveUp(SaslError),
    }

    /// A server that has the standard account `u1` and is reached over TLS.
    fn server() -> Server {
        let mut server = Server::with(Settings { scram: true, anonymous: true, ..settings() });
        server.meta.bindings = bindings();
        server.standard("u1");
        server
    }

    fn client(name: &str) -> Scram {
        let password = Password::new("secret").unwrap();
        Scram::new(ScramParameters::new(ScramHash::Sha256, name, &password, [5; 24])).unwrap()
    }

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
        let mut buffer = Vec::new();
        write(&mut Writer::new(&mut buffer));
        String::from_utf8(buffer).unwrap()
    }

    /// What the client begins with.
    fn begun(client: &mut Scram) -> String {
        written(|w| Auth::new(client.name(), client.initial()).write(w))
    }

    /// Logs in on a stream of its own.
    fn end(server: &mut Server, mut client: Scram) -> End {
        let stream = server.opened();
        let answer = |server: &mut Server, frame: &str| {
            server.send(stream, frame);
            server.received(stream).remove(0)
        };
        let said = answer(server, &begun(&mut client));
        let Some(challenge) = data(Some(&said), "challenge") else { return End::Failure(said) };
        let response = match client.step(&challenge) {
            Ok(response) => response,
            Err(error) => return End::ClientGaveUp(error),
        };
        let said = answer(server, &written(|w| Response::new(response).write(w)));
        let Some(last) = data(Some(&said), "success") else { return End::Failure(said) };
        match client.success(&last) {
            Ok(()) => End::Success,
            Err(error) => End::ClientGaveUp(error),
        }
    }

    fn offered(server: &mut Server) -> String {
        let stream = server.open();
        server.send(stream, &server.opening());
        server.received(stream).remove(1)
    }

    #[test]
    fn the_salt_of_an_unknown_user_stays_as_that_of_a_known_one() {
        let mut server = server();
        server.register("u3");
        let challenge = |server: &mut Server, name: &str| {
            let stream = server.opened();
            server.send(stream, &begun(&mut client(name)));
            let said = server.received(stream).remove(0);
            let challenge = String::from_utf8(data(Some(&said), "challenge").unwrap()).unwrap();
            let mut fields = challenge.split(',').skip(1).map(str::to_owned);
            (fields.next().unwrap(), fields.next().unwrap())
        };
        for name in ["u1", "nobody", "u3", "a b"] {
            let first = challenge(&mut server, name);
            assert_eq!(challenge(&mut server, name), first, "the salt stays the same");
            assert_eq!((first.0.len(), first.1.as_str()), (26, "i=4096"), "{name}");
        }
    }

    #[test]
    fn the_offer_is_signed_as_it_was_made_and_not_as_it_arrived() {
        let mut server = server();
        server.meta.faults.strips_binding = true;
        let password = Password::new("secret").unwrap();
        let arrived = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "ANONYMOUS"];
        let with_offer = |mechanisms: &[&str], bindings: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>();
            let offer =
                mfly_proto::sasl::scram::ScramOffer::new(&owned(mechanisms), &owned(bindings));
            let parameters = ScramParameters::new(ScramHash::Sha256, "u1", &password, [5; 24]);
            Scram::new(parameters.offer(Some(offer))).unwrap()
        };
        let outcome = end(&mut server, with_offer(&arrived, &[]));
        assert!(matches!(outcome, End::ClientGaveUp(_)), "{outcome:?}");
        let mut made = arrived.to_vec();
        made.extend(["SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"]);
        let whole = with_offer(&made, &["tls-exporter", "tls-server-end-point"]);
        assert_eq!(end(&mut server, whole), End::Success);
    }

    #[test]
    fn faults_shorten_the_offer_inflate_the_count_and_forge_the_signature() {
        let mut server = server();
        server.meta.faults = StreamFaults {
            mechanisms: Some(vec!["X-ODD".to_owned(), "PLAIN".to_owned()]),
            ..StreamFaults::default()
        };
        let offer = offered(&mut server);
        assert!(
            offer.contains("<mechanism>X-ODD</mechanism><mechanism>PLAIN</mechanism></mechanisms>"),
            "{offer}"
        );
        let refused = end(&mut server, client("u1"));
        assert!(
            matches!(&refused, End::Failure(said) if said.contains("<invalid-mechanism/>")),
            "{refused:?}"
        );
        server.meta.faults =
            StreamFaults { iterations: Some(4_000_000_000), ..StreamFaults::default() };
        let too_many = ScramError::TooManyIterations { count: 4_000_000_000, maximum: 600_000 };
        assert_eq!(end(&mut server, client("u1")), End::ClientGaveUp(too_many.into()));
        server.meta.faults = StreamFaults { forges_signature: true, ..StreamFaults::default() };
        let forged = ScramError::ServerSignature;
        assert_eq!(end(&mut server, client("u1")), End::ClientGaveUp(forged.into()));
    }

    #[test]
    fn an_anonymous_client_gets_an_account_that_goes_with_its_session() {
        let mut server = server();
        let stream = server.opened();
        server.send(
            stream,
            r#"<auth mechanism="ANONYMOUS" xmlns="urn:ietf:params:xml:ns:xmpp-sasl">=</auth>"#,
        );
        assert!(server.received(stream)[0].starts_with("<success "));
        server.send(stream, &server.opening());
        server.received(stream);
        server.send(stream, &bind("a"));
        let answer = server.received(stream).remove(0);
        let (_, tail) = answer.split_once("<jid>").unwrap();
        let name = tail.split('@').next().unwrap().to_owned();
        let user = mfly_proto::jid::UserId::new(&name).unwrap();
        assert!(server.core.world().standard(&user).unwrap().is_temporary);
        // A guess does not log in.
        let guess = Server::auth(&name, &Password::new("secret").unwrap());
        let other = server.opened();
        server.send(other, &guess);
        assert!(server.received(other)[0].contains("<not-authorized/>"));
        server.lose(stream);
        assert!(server.core.world().standard(&user).is_none());
    }
}
