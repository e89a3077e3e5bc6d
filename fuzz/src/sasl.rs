//! Any bytes as messages of the other side of an authentication.

use mfly_proto::sasl::{
    ChannelBindings, ChoiceContext, Mechanism, MechanismKind, MechanismPolicy, Scram,
    ScramCredentials, ScramHash, ScramOffer, ScramParameters, ScramServer, ScramServerParameters,
    anonymous, choose, external, plain,
};
use mfly_proto::secret::Password;

/// Neither half of SCRAM panics, or accepts messages of a peer that does not know the password; the
/// other mechanisms write what they read; a choice follows the policy for every offer.
///
/// Each line is a message. The password is random text, so that no line can be its proof.
pub fn sasl(data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let [first, second, third] = [(); 3].map(|()| lines.next().unwrap_or_default());
    for hash in ScramHash::ALL {
        client(hash, first, second, third);
        server(hash, first, second);
    }
    simple(first);
    choice(first, second);
}

fn client(hash: ScramHash, first: &[u8], second: &[u8], third: &[u8]) {
    let Ok(password) = Password::new("known to nobody else") else {
        return;
    };
    let parameters = ScramParameters::new(hash, "user", &password, [1; 24])
        .iterations(1..=8)
        .offer(Some(ScramOffer::new(&[hash.mechanism().to_owned()], &[])));
    let mut scram = Scram::new(parameters).expect("the parameters are good");
    let _ = scram.initial();
    let derivation = scram.derivation(first).map(|_| ());
    let answer = scram.step(first);
    assert_eq!(answer.is_ok(), derivation.is_ok(), "both read the same");
    if answer.is_ok() {
        assert!(scram.success(second).is_err(), "a signature out of nowhere");
    }
    assert!(scram.step(second).is_err() && scram.success(third).is_err(), "an error ends it");
}

fn server(hash: ScramHash, first: &[u8], second: &[u8]) {
    let bindings = ChannelBindings { tls_exporter: Some(vec![7; 32]), tls_server_end_point: None };
    let credentials = ScramCredentials::dummy(hash, "user", b"secret", 4);
    for (plus, bindings) in [(true, &bindings), (false, &bindings), (false, &ChannelBindings::NONE)]
    {
        let parameters = ScramServerParameters { hash, plus, bindings, nonce: [2; 24].into() };
        if let Ok(mut server) = ScramServer::begin(parameters, first) {
            let challenge = server.challenge(&credentials).expect("the hash function fits");
            assert!(challenge.len() < 8192 && !server.username().is_empty());
            assert!(server.finish(second).is_err(), "a proof out of nowhere");
        }
    }
}

fn simple(message: &[u8]) {
    if let Ok((authzid, name, password)) = plain::parse(message) {
        let mut again = plain::Plain::new(&name, &password).expect("what was read is a user");
        let written = [authzid.unwrap_or_default().as_bytes(), &again.initial()].concat();
        assert_eq!(written, message);
    }
    if let Ok(Some(authzid)) = external::parse(message) {
        let mut again =
            external::External::acting_as(authzid).expect("what was read is an identity");
        assert_eq!(again.initial(), message);
    }
    if let Ok(Some(trace)) = anonymous::parse(message) {
        let mut again = anonymous::Anonymous::with_trace(trace).expect("what was read is a trace");
        assert_eq!(again.initial(), message);
    }
}

fn choice(offered: &[u8], announced: &[u8]) {
    let names = |text: &[u8]| -> Vec<String> {
        let text = String::from_utf8_lossy(text).into_owned();
        text.split_whitespace().map(str::to_owned).collect()
    };
    let (offered, announced) = (names(offered), names(announced));
    let bindings = ChannelBindings { tls_exporter: Some(vec![7; 32]), tls_server_end_point: None };
    let least = MechanismKind::Scram { hash: ScramHash::Sha1, plus: false };
    let policy = MechanismPolicy::of(MechanismKind::ALL).at_least(least);
    let context = ChoiceContext {
        offered: &offered,
        offered_bindings: &announced,
        bindings: &bindings,
        is_confidential: false,
    };
    match choose(&policy, &context) {
        Ok(choice) => assert!(!choice.kind().is_weaker_than(least)),
        Err(error) => assert!(error.to_string().len() < 2048, "an error quotes without end"),
    }
}
