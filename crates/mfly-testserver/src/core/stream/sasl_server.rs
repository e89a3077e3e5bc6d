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
    use crate::core::stream::fault::StreamFaults;
    use crate::core::testing::{Server, bind, settings};
    use crate::core::world::{Settings, StreamId};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use mfly_proto::sasl::{
        Auth, Binding, BindingKind, ChannelBindings, Mechanism as _, Response, SaslError, Scram,
        ScramError, ScramHash, ScramParameters,
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

    fn scram() -> Settings {
        Settings { scram: true, anonymous: true, ..settings() }
    }

    fn bindings() -> ChannelBindings {
        ChannelBindings { tls_exporter: Some(vec![1; 32]), tls_server_end_point: Some(vec![2; 32]) }
    }

    /// A server that has the standard account `u1` and is reached over TLS.
    fn server() -> Server {
        let mut server = Server::with(scram());
        server.meta.bindings = bindings();
        server.standard("u1");
        server
    }

    fn client(hash: ScramHash, name: &str, password: &str, binding: Binding) -> Scram {
        let password = Password::new(password).unwrap();
        let parameters = ScramParameters::new(hash, name, &password, [5; 24]);
        Scram::new(parameters.binding(binding)).unwrap()
    }

    fn bound(kind: BindingKind) -> Binding {
        Binding::Bound(kind, bindings().get(kind).unwrap().to_vec())
    }

    /// What a frame with this element carries.
    fn data(frame: &str, element: &str) -> Option<Vec<u8>> {
        let start = format!("<{element} xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\">");
        let content = frame.strip_prefix(&start)?;
        STANDARD.decode(&content[..content.find('<')?]).ok()
    }

    fn condition(frame: &str) -> String {
        let (_, tail) = frame.split_once("><").unwrap();
        tail.split('/').next().unwrap().to_owned()
    }

    /// Logs in on an open stream.
    fn log_in(server: &mut Server, stream: StreamId, mut client: Scram) -> End {
        let mut buffer = Vec::new();
        Auth::new(client.name(), client.initial()).write(&mut Writer::new(&mut buffer));
        server.send(stream, &String::from_utf8(buffer).unwrap());
        let said = server.received(stream).remove(0);
        let Some(challenge) = data(&said, "challenge") else {
            return End::Failure(condition(&said));
        };
        let response = match client.step(&challenge) {
            Ok(response) => response,
            Err(error) => return End::ClientGaveUp(error),
        };
        let mut buffer = Vec::new();
        Response::new(response).write(&mut Writer::new(&mut buffer));
        server.send(stream, &String::from_utf8(buffer).unwrap());
        let said = server.received(stream).remove(0);
        let Some(last) = data(&said, "success") else {
            return End::Failure(condition(&said));
        };
        match client.success(&last) {
            Ok(()) => End::Success,
            Err(error) => End::ClientGaveUp(error),
        }
    }

    fn end(server: &mut Server, client: Scram) -> End {
        let stream = server.opened();
        log_in(server, stream, client)
    }

    fn offered(server: &mut Server) -> String {
        let stream = server.open();
        server.send(stream, &server.opening());
        server.received(stream).remove(1)
    }

    fn not_authorized() -> End {
        End::Failure("not-authorized".to_owned())
    }

    #[test]
    fn a_standard_account_logs_in_by_every_mechanism_and_is_bound() {
        for hash in ScramHash::ALL {
            for binding in [
                Binding::None,
                bound(BindingKind::TlsExporter),
                bound(BindingKind::TlsServerEndPoint),
            ] {
                let mut server = server();
                let stream = server.opened();
                let client = client(hash, "u1", "secret", binding);
                assert_eq!(log_in(&mut server, stream, client), End::Success);
                server.send(stream, &server.opening());
                let features = server.received(stream).remove(1);
                assert!(
                    features.contains("<optional/>")
                        && features.contains("urn:xmpp:features:rosterver"),
                    "{features}"
                );
                server.send(stream, &bind("a"));
                assert!(server.received(stream)[0].contains("<jid>u1@xmpp.example.test/a</jid>"));
            }
        }
    }

    #[test]
    fn the_strongest_mechanisms_come_first_and_the_bound_ones_only_where_there_is_tls() {
        let mut server = server();
        let offer = offered(&mut server);
        let names: Vec<_> =
            offer.split("<mechanism>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
        assert_eq!(
            names,
            [
                "SCRAM-SHA-512-PLUS",
                "SCRAM-SHA-256-PLUS",
                "SCRAM-SHA-1-PLUS",
                "SCRAM-SHA-512",
                "SCRAM-SHA-256",
                "SCRAM-SHA-1",
                "PLAIN",
                "ANONYMOUS"
            ]
        );
        for kind in ["tls-exporter", "tls-server-end-point"] {
            assert!(offer.contains(&format!(r#"<channel-binding type="{kind}"/>"#)), "{offer}");
        }
        server.meta.bindings = ChannelBindings::NONE;
        let offer = offered(&mut server);
        assert!(!offer.contains("PLUS") && !offer.contains("channel-binding"), "{offer}");
        let plus = client(ScramHash::Sha1, "u1", "secret", bound(BindingKind::TlsExporter));
        assert_eq!(end(&mut server, plus), End::Failure("invalid-mechanism".to_owned()));
    }

    #[test]
    fn binding_can_be_left_out_of_the_offer_and_then_nothing_is_missed() {
        let mut server = Server::with(Settings { channel_binding: false, ..scram() });
        server.meta.bindings = bindings();
        server.standard("u1");
        let offer = offered(&mut server);
        assert!(offer.contains("<mechanism>SCRAM-SHA-512</mechanism>"), "{offer}");
        assert!(!offer.contains("PLUS") && !offer.contains("channel-binding"), "{offer}");
        for (binding, expected) in [
            (Binding::None, End::Success),
            // The client could bind, and was truly not offered to.
            (Binding::NotOffered, End::Success),
            (bound(BindingKind::TlsExporter), End::Failure("invalid-mechanism".to_owned())),
        ] {
            let client = client(ScramHash::Sha256, "u1", "secret", binding);
            assert_eq!(end(&mut server, client), expected);
        }
    }

    #[test]
    fn without_being_asked_for_scram_is_not_offered() {
        let mut server = Server::new();
        server.meta.bindings = bindings();
        server.standard("u1");
        let offer = offered(&mut server);
        assert!(!offer.contains("SCRAM") && !offer.contains("ANONYMOUS"), "{offer}");
        let client = client(ScramHash::Sha1, "u1", "secret", Binding::None);
        assert_eq!(end(&mut server, client), End::Failure("invalid-mechanism".to_owned()));
    }

    #[test]
    fn an_unknown_user_a_wrong_password_and_the_platforms_account_cannot_be_told_apart() {
        let mut server = server();
        server.register("u3");
        let challenge = |server: &mut Server, name: &str| {
            let stream = server.opened();
            let mut client = client(ScramHash::Sha256, name, "secret", Binding::None);
            let mut buffer = Vec::new();
            Auth::new(client.name(), client.initial()).write(&mut Writer::new(&mut buffer));
            server.send(stream, &String::from_utf8(buffer).unwrap());
            let said = server.received(stream).remove(0);
            let challenge = String::from_utf8(data(&said, "challenge").unwrap()).unwrap();
            let mut fields = challenge.split(',').skip(1).map(str::to_owned);
            (fields.next().unwrap(), fields.next().unwrap())
        };
        for name in ["u1", "nobody", "u3", "a b"] {
            let first = challenge(&mut server, name);
            assert_eq!(challenge(&mut server, name), first, "the salt stays the same");
            assert_eq!((first.0.len(), first.1.as_str()), (26, "i=4096"), "{name}");
        }
        for (name, password) in
            [("u1", "wrong"), ("nobody", "secret"), ("u3", "secret"), ("a b", "x")]
        {
            let client = client(ScramHash::Sha256, name, password, Binding::None);
            assert_eq!(end(&mut server, client), not_authorized(), "{name}");
        }
    }

    #[test]
    fn another_password_is_good_at_once_and_the_old_one_no_longer() {
        let mut server = server();
        let with = |password| client(ScramHash::Sha1, "u1", password, Binding::None);
        assert_eq!(end(&mut server, with("secret")), End::Success);
        server.set_password("u1", "another");
        assert_eq!(end(&mut server, with("secret")), not_authorized());
        assert_eq!(end(&mut server, with("another")), End::Success);
    }

    #[test]
    fn a_password_that_was_good_when_it_was_checked_may_be_gone_at_binding() {
        let mut server = server();
        let stream = server.opened();
        let client = client(ScramHash::Sha1, "u1", "secret", Binding::None);
        assert_eq!(log_in(&mut server, stream, client), End::Success);
        server.send(stream, &server.opening());
        server.set_password("u1", "another");
        server.received(stream);
        server.send(stream, &bind("a"));
        assert!(server.received(stream)[0].contains("<not-authorized "));
    }

    #[test]
    fn a_login_that_is_bound_to_another_channel_is_refused() {
        let mut server = server();
        let foreign = Binding::Bound(BindingKind::TlsExporter, vec![9; 32]);
        let client = client(ScramHash::Sha256, "u1", "secret", foreign);
        assert_eq!(end(&mut server, client), not_authorized());
    }

    #[test]
    fn a_client_that_was_kept_from_binding_is_refused_as_soon_as_it_says_so() {
        let mut server = server();
        server.meta.faults.strips_binding = true;
        let offer = offered(&mut server);
        assert!(!offer.contains("PLUS") && !offer.contains("channel-binding"), "{offer}");
        let client = client(ScramHash::Sha256, "u1", "secret", Binding::NotOffered);
        assert_eq!(end(&mut server, client), not_authorized());
    }

    #[test]
    fn a_client_that_truly_was_not_offered_to_bind_is_let_in() {
        let mut server = server();
        server.meta.faults.mechanisms = Some(vec!["SCRAM-SHA-256".to_owned()]);
        let client = client(ScramHash::Sha256, "u1", "secret", Binding::NotOffered);
        assert_eq!(end(&mut server, client), End::Success);
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
        let plain = |name| client(ScramHash::Sha256, name, "secret", Binding::None);
        server.meta.faults = StreamFaults {
            mechanisms: Some(vec!["X-ODD".to_owned(), "PLAIN".to_owned()]),
            ..StreamFaults::default()
        };
        let offer = offered(&mut server);
        assert!(
            offer.contains("<mechanism>X-ODD</mechanism><mechanism>PLAIN</mechanism></mechanisms>"),
            "{offer}"
        );
        assert_eq!(end(&mut server, plain("u1")), End::Failure("invalid-mechanism".to_owned()));
        server.meta.faults =
            StreamFaults { iterations: Some(4_000_000_000), ..StreamFaults::default() };
        let too_many = ScramError::TooManyIterations { count: 4_000_000_000, maximum: 600_000 };
        assert_eq!(end(&mut server, plain("u1")), End::ClientGaveUp(too_many.into()));
        server.meta.faults = StreamFaults { forges_signature: true, ..StreamFaults::default() };
        let forged = ScramError::ServerSignature;
        assert_eq!(end(&mut server, plain("u1")), End::ClientGaveUp(forged.into()));
    }

    #[test]
    fn a_client_may_act_as_itself_only() {
        let mut server = server();
        for (name, authzid, is_own) in [
            ("u1", "u1@xmpp.example.test", true),
            ("U1", "U1@xmpp.example.test", true),
            ("u1", "U1@XMPP.example.TEST", true),
            ("U1", "u1@xmpp.example.test", true),
            ("u1", "u2@xmpp.example.test", false),
            ("u1", "u1@xmpp.example.test/a", false),
            ("u1", "u1", false),
            ("u1", "@@", false),
        ] {
            let expected = match is_own {
                true => End::Success,
                false => End::Failure("invalid-authzid".to_owned()),
            };
            let password = Password::new("secret").unwrap();
            let parameters = ScramParameters::new(ScramHash::Sha1, name, &password, [5; 24]);
            let client = Scram::new(parameters.authzid(authzid)).unwrap();
            assert_eq!(end(&mut server, client), expected, "{name} {authzid}");
            let plain = STANDARD.encode(format!("{authzid}\0{name}\0secret"));
            let auth = format!(
                "<auth mechanism='PLAIN' xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{plain}</auth>"
            );
            let stream = server.opened();
            server.send(stream, &auth);
            let said = server.received(stream).remove(0);
            assert_eq!(said.starts_with("<success "), is_own, "{name} {authzid}: {said}");
            assert_eq!(said.contains("<invalid-authzid/>"), !is_own, "{said}");
        }
    }

    #[test]
    fn a_standard_accounts_password_travels_by_plain_as_it_is() {
        for mut server in Server::every() {
            server.standard("u1");
            for (password, answer) in [("wrong", "<failure "), ("secret", "<success ")] {
                let stream = server.opened();
                let password = Password::new(password).unwrap();
                server.send(stream, &Server::auth("u1", &password));
                let said = server.received(stream);
                assert!(said[0].starts_with(answer), "{said:?}");
            }
            // On a live plan it does not travel sealed, and a seal is not opened for it.
            let sealed = server.sealed(&Password::new("secret").unwrap());
            let stream = server.opened();
            server.send(stream, &Server::auth("u1", &sealed));
            assert!(server.received(stream)[0].contains("<not-authorized/>"));
        }
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
