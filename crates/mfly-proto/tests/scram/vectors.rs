//! SCRAM against the examples of its RFCs, and against answers computed by another program.

use mfly_proto::sasl::{
    Binding, BindingKind, ChannelBindings, Mechanism, MechanismKind, Nonce, Scram,
    ScramCredentials, ScramHash, ScramParameters, ScramServer, ScramServerParameters,
};
use mfly_proto::secret::Password;
use serde_json::Value;

const KNOWN_ANSWERS: &str = include_str!("../../fixtures/sasl/known_answers.json");

fn text(message: &[u8]) -> &str {
    std::str::from_utf8(message).unwrap()
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
fn both_halves_send_the_known_answers() {
    let fixture: Value = serde_json::from_str(KNOWN_ANSWERS).unwrap();
    let answers = fixture["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 9);
    for answer in answers.iter().map(Answer) {
        let (hash, plus) = answer.mechanism();
        let nonce = |side: &str| {
            let own = answer.0[format!("{side}_nonce")].as_str();
            Nonce::new(own.or(fixture["nonces"][side].as_str()).unwrap()).unwrap()
        };
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
