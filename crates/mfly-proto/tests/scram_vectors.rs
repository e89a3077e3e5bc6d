//! SCRAM against the exchanges printed in its RFCs, and against answers that were computed
//! elsewhere.
#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use mfly_proto::sasl::{
    Binding, BindingKind, ChannelBindings, Mechanism, MechanismKind, Nonce, Scram,
    ScramCredentials, ScramHash, ScramParameters, ScramServer, ScramServerParameters,
};
use mfly_proto::secret::Password;
use serde_json::Value;

const KNOWN_ANSWERS: &str = include_str!("../fixtures/sasl/known_answers.json");

struct Vector {
    hash: ScramHash,
    client_nonce: &'static str,
    server_nonce: &'static str,
    salt: &'static [u8],
    client_first: &'static str,
    server_first: &'static str,
    client_final: &'static str,
    server_final: &'static str,
}

/// RFC 5802 §5 and RFC 7677 §3: user `user`, password `pencil`, 4,096 iterations.
const VECTORS: [Vector; 2] = [
    Vector {
        hash: ScramHash::Sha1,
        client_nonce: "fyko+d2lbbFgONRv9qkxdawL",
        server_nonce: "3rfcNHYJY1ZVvWVs7j",
        salt: b"\x41\x25\xc2\x47\xe4\x3a\xb1\xe9\x3c\x6d\xff\x76",
        client_first: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        server_first: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        client_final: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        server_final: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    },
    Vector {
        hash: ScramHash::Sha256,
        client_nonce: "rOprNGfwEbeRWgbNEkqO",
        server_nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        salt: b"\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81",
        client_first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        server_final: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    },
];

fn text(message: &[u8]) -> &str {
    std::str::from_utf8(message).unwrap()
}

#[test]
fn the_client_says_what_the_rfcs_print() {
    for vector in VECTORS {
        let password = Password::new("pencil").unwrap();
        let nonce = Nonce::new(vector.client_nonce).unwrap();
        let parameters = ScramParameters::new(vector.hash, "user", &password, nonce);
        let mut scram = Scram::new(parameters).unwrap();
        assert_eq!(text(&scram.initial()), vector.client_first);
        let client_final = scram.step(vector.server_first.as_bytes()).unwrap();
        assert_eq!(text(&client_final), vector.client_final);
        assert_eq!(scram.success(vector.server_final.as_bytes()), Ok(()));
    }
}

#[test]
fn the_server_says_what_the_rfcs_print() {
    for vector in VECTORS {
        let password = Password::new("pencil").unwrap();
        let credentials =
            ScramCredentials::derive(vector.hash, &password, vector.salt, 4096).unwrap();
        let nonce = Nonce::new(vector.server_nonce).unwrap();
        let none = ChannelBindings::NONE;
        let first = vector.client_first.as_bytes();
        let mut server = ScramServer::begin(
            ScramServerParameters { hash: vector.hash, plus: false, bindings: &none, nonce },
            first,
        )
        .unwrap();
        assert_eq!((server.username(), server.authzid()), ("user", None));
        assert_eq!(text(&server.challenge(&credentials).unwrap()), vector.server_first);
        let server_final = server.finish(vector.client_final.as_bytes()).unwrap();
        assert_eq!(text(&server_final), vector.server_final);
    }
}

/// One answer of the fixture.
struct Answer<'a>(&'a Value);

impl Answer<'_> {
    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let hex = self.text(name).as_bytes();
        let digits = hex.chunks(2).map(text);
        digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }

    fn iterations(&self) -> u32 {
        u32::try_from(self.0["iterations"].as_u64().unwrap()).unwrap()
    }

    fn mechanism(&self) -> (ScramHash, bool) {
        match self.text("mechanism").parse().unwrap() {
            MechanismKind::Scram { hash, plus } => (hash, plus),
            other => unreachable!("{other}"),
        }
    }

    fn binding(&self) -> Binding {
        match self.0["binding"].as_str() {
            Some(name) => {
                Binding::Bound(BindingKind::from_name(name).unwrap(), self.bytes("binding_data"))
            }
            None if self.text("client_first").starts_with('y') => Binding::NotOffered,
            None => Binding::None,
        }
    }

    fn bindings(&self) -> ChannelBindings {
        let mut bindings = ChannelBindings::NONE;
        match self.binding() {
            Binding::Bound(BindingKind::TlsExporter, data) => bindings.tls_exporter = Some(data),
            Binding::Bound(BindingKind::TlsServerEndPoint, data) => {
                bindings.tls_server_end_point = Some(data);
            }
            Binding::None | Binding::NotOffered => {}
        }
        bindings
    }
}

#[test]
fn both_halves_say_what_was_computed_elsewhere() {
    let fixture: Value = serde_json::from_str(KNOWN_ANSWERS).unwrap();
    let nonce = |side: &str| Nonce::new(fixture["nonces"][side].as_str().unwrap()).unwrap();
    let answers = fixture["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 7);
    for answer in answers.iter().map(Answer) {
        let (hash, plus) = answer.mechanism();
        let password = Password::new(answer.text("password")).unwrap();
        let parameters =
            ScramParameters::new(hash, answer.text("username"), &password, nonce("client"));
        let mut scram = Scram::new(parameters.binding(answer.binding())).unwrap();
        assert_eq!(scram.name(), answer.text("mechanism"));
        let first = scram.initial();
        assert_eq!(text(&first), answer.text("client_first"));

        let (bindings, nonce) = (answer.bindings(), nonce("server"));
        let mut server = ScramServer::begin(
            ScramServerParameters { hash, plus, bindings: &bindings, nonce },
            &first,
        )
        .unwrap();
        let credentials =
            ScramCredentials::derive(hash, &password, &answer.bytes("salt"), answer.iterations());
        let challenge = server.challenge(&credentials.unwrap()).unwrap();
        assert_eq!(text(&challenge), answer.text("server_first"));

        let last = scram.step(&challenge).unwrap();
        assert_eq!(text(&last), answer.text("client_final"));
        let verdict = server.finish(&last).unwrap();
        assert_eq!(text(&verdict), answer.text("server_final"));
        assert_eq!(scram.success(&verdict), Ok(()));
    }
}
