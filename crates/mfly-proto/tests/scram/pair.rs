//! A client and a server, and the messages between them.

use mfly_proto::sasl::{
    Binding, BindingKind, ChannelBindings, Mechanism, SaslError, Scram, ScramCredentials,
    ScramHash, ScramParameters, ScramRefusal, ScramServer, ScramServerParameters,
};
use mfly_proto::secret::Password;

pub(crate) const SALT: &[u8] = b"0123456789abcdef";
pub(crate) const ITERATIONS: u32 = 5;

pub(crate) fn bindings() -> ChannelBindings {
    ChannelBindings { tls_exporter: Some(vec![7; 32]), tls_server_end_point: Some(vec![9; 32]) }
}

pub(crate) fn bound(kind: BindingKind) -> Binding {
    Binding::Bound(kind, bindings().get(kind).unwrap().to_vec())
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

pub(crate) fn parameters(hash: ScramHash, secret: &str) -> ScramParameters {
    ScramParameters::new(hash, "user", &password(secret), [1; 24]).iterations(1..=10)
}

pub(crate) fn client(hash: ScramHash, secret: &str, binding: Binding) -> Scram {
    Scram::new(parameters(hash, secret).binding(binding)).unwrap()
}

pub(crate) fn credentials(hash: ScramHash) -> ScramCredentials {
    ScramCredentials::derive(hash, &password("pencil"), SALT, ITERATIONS).unwrap()
}

pub(crate) fn begin(
    hash: ScramHash,
    plus: bool,
    offered: &ChannelBindings,
    client_first: &[u8],
) -> Result<ScramServer, ScramRefusal> {
    ScramServer::begin(
        ScramServerParameters { hash, plus, bindings: offered, nonce: [2; 24].into() },
        client_first,
    )
}

/// A server that has answered the client's first message with this challenge.
pub(crate) fn challenged(
    client: &mut Scram,
    credentials: &ScramCredentials,
) -> (ScramServer, Vec<u8>) {
    let first = client.initial();
    let mut server = begin(credentials.hash(), false, &ChannelBindings::NONE, &first).unwrap();
    let challenge = server.challenge(credentials).unwrap();
    (server, challenge)
}

/// One of the four messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leg {
    ClientFirst,
    ServerFirst,
    ClientFinal,
    ServerFinal,
}

impl Leg {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ClientFirst => "client-first",
            Self::ServerFirst => "server-first",
            Self::ClientFinal => "client-final",
            Self::ServerFinal => "server-final",
        }
    }
}

/// The end of an authentication.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Both sides are authenticated.
    Verified,
    Client(SaslError),
    Server(ScramRefusal),
}

/// One whole authentication, whose messages pass through `in_between`.
pub(crate) fn exchange(
    mut client: Scram,
    offered: &ChannelBindings,
    mut in_between: impl FnMut(Leg, Vec<u8>) -> Vec<u8>,
) -> End {
    let plus = client.name().ends_with("-PLUS");
    let hash = ScramHash::ALL
        .into_iter()
        .find(|hash| [hash.mechanism(), hash.mechanism_plus()].contains(&client.name()))
        .unwrap();
    let first = in_between(Leg::ClientFirst, client.initial());
    let outcome = (|| {
        let mut server = begin(hash, plus, offered, &first).map_err(End::Server)?;
        let challenge = server.challenge(&credentials(hash)).map_err(End::Server)?;
        let challenge = in_between(Leg::ServerFirst, challenge);
        let response = client.step(&challenge).map_err(End::Client)?;
        let response = in_between(Leg::ClientFinal, response);
        let last = server.finish(&response).map_err(End::Server)?;
        let last = in_between(Leg::ServerFinal, last);
        client.success(&last).map_err(End::Client)
    })();
    outcome.err().unwrap_or(End::Verified)
}

pub(crate) fn untouched(_: Leg, message: Vec<u8>) -> Vec<u8> {
    message
}
