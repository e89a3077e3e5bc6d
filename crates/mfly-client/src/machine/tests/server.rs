//! The server's side of a login.

use super::*;
use mfly_proto::sasl::scram::ScramOffer;
use mfly_proto::sasl::{
    Auth, Response, ScramCredentials, ScramHash, ScramServer, ScramServerParameters,
};
use mfly_proto::sasl2::Authenticate;
use mfly_proto::xml::{Document, Limits};
use std::sync::LazyLock;

pub(super) const PASSWORD: &str = "pencil";
const STREAM: &str = "http://etherx.jabber.org/streams";
pub(super) const BIND_FEATURE: &str = r#"<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>"#;
pub(super) const SESSION_FEATURE: &str =
    r#"<session xmlns="urn:ietf:params:xml:ns:xmpp-session"/>"#;
pub(super) const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
pub(super) const SASL2: &str = "urn:xmpp:sasl:2";

pub(super) fn features(content: &str) -> String {
    format!(r#"<features xmlns="{STREAM}">{content}</features>"#)
}

fn mechanisms(names: &[&str]) -> String {
    let mechanism = |name: &&str| format!("<mechanism>{name}</mechanism>");
    names.iter().map(mechanism).collect()
}

/// Features with these SASL mechanisms, in order.
pub(super) fn offer(names: &[&str]) -> String {
    features(&format!(r#"<mechanisms xmlns="{SASL}">{}</mechanisms>"#, mechanisms(names)))
}

/// Features with these SASL2 mechanisms and inline features.
pub(super) fn offer2(names: &[&str], inline: &str) -> String {
    features(&format!(
        r#"<authentication xmlns="{SASL2}">{}<inline>{inline}</inline></authentication>"#,
        mechanisms(names)
    ))
}

pub(super) const BIND2: &str =
    r#"<bind xmlns="urn:xmpp:bind:0"><inline><feature var="urn:xmpp:carbons:2"/></inline></bind>"#;

pub(super) fn bindings() -> ChannelBindings {
    ChannelBindings { tls_exporter: Some(vec![7; 32]), tls_server_end_point: Some(vec![8; 32]) }
}

/// The account `u1` of a server that offers SCRAM.
pub(super) struct Account {
    credentials: ScramCredentials,
    bindings: ChannelBindings,
    scram: Option<ScramServer>,
    namespace: &'static str,
    /// The offer that it signs (XEP-0474).
    signed_offer: Option<ScramOffer>,
}

impl Account {
    pub(super) fn new(hash: ScramHash, salt: &[u8], iterations: u32) -> Self {
        let password = Password::new(PASSWORD).unwrap();
        Self::of(ScramCredentials::derive(hash, &password, salt, iterations).unwrap())
    }

    /// An account for SCRAM-SHA-256. Its keys are derived once for all tests, which takes long
    /// without optimisation.
    pub(super) fn sha256() -> Self {
        static CREDENTIALS: LazyLock<ScramCredentials> =
            LazyLock::new(|| Account::new(ScramHash::Sha256, b"salt", 4096).credentials);
        Self::of(CREDENTIALS.clone())
    }

    fn of(credentials: ScramCredentials) -> Self {
        Self {
            credentials,
            bindings: ChannelBindings::NONE,
            scram: None,
            namespace: SASL,
            signed_offer: None,
        }
    }

    /// Puts the account on a connection with channel bindings.
    pub(super) fn bound(mut self) -> Self {
        self.bindings = bindings();
        self
    }

    /// Lets the server sign that it offered these mechanisms.
    pub(super) fn signing(mut self, names: &[&str]) -> Self {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        self.signed_offer = Some(ScramOffer::new(&names, &[]));
        self
    }

    /// The data of the challenge after the client's first element.
    pub(super) fn challenge_data(&mut self, began: &str) -> Vec<u8> {
        let document = Document::parse(began.to_owned(), &Limits::default()).unwrap();
        let (mechanism, initial) = match Auth::read(document.root()) {
            Ok(auth) => (auth.mechanism.clone(), auth.initial.clone()),
            Err(_) => {
                self.namespace = SASL2;
                let begun = Authenticate::read(document.root()).unwrap();
                (begun.mechanism.clone(), begun.initial.clone())
            }
        };
        let hash = self.credentials.hash();
        let plus = mechanism.ends_with("-PLUS");
        let name = if plus { hash.mechanism_plus() } else { hash.mechanism() };
        assert_eq!(mechanism, name);
        let initial = initial.unwrap_or_default();
        let mut scram = ScramServer::begin(
            ScramServerParameters { hash, plus, bindings: &self.bindings, nonce: [9; 24].into() },
            &initial,
        )
        .expect("a fair offer");
        assert_eq!(scram.username(), "u1");
        if let Some(offer) = &self.signed_offer {
            scram = scram.offer(offer.clone());
        }
        let challenge = scram.challenge(&self.credentials).unwrap();
        self.scram = Some(scram);
        challenge
    }

    /// The server's final data, if the client has proved that it knows the password.
    pub(super) fn signature(&mut self, answered: &str) -> Option<Vec<u8>> {
        let document = Document::parse(answered.to_owned(), &Limits::default()).unwrap();
        let answer = match Response::read(document.root()) {
            Ok(response) => response.data.to_vec(),
            Err(_) => mfly_proto::sasl2::Response::read(document.root()).unwrap().data.to_vec(),
        };
        self.scram.take()?.finish(&answer).ok()
    }

    /// The success element after the client's answer.
    pub(super) fn success(&mut self, answered: &str) -> String {
        let signature = self.signature(answered).expect("the password is right");
        self.element("success", &signature)
    }

    pub(super) fn element(&self, name: &str, data: &[u8]) -> String {
        format!(r#"<{name} xmlns="{}">{}</{name}>"#, self.namespace, base64(data))
    }
}

/// Encodes data in base64, by the writer of the codec.
pub(super) fn base64(data: &[u8]) -> String {
    let mut buffer = Vec::new();
    let response = Response::new(data.to_vec());
    response.write(&mut mfly_proto::xml::Writer::new(&mut buffer));
    let text = String::from_utf8(buffer).unwrap();
    text.split(['>', '<']).nth(2).unwrap().to_owned()
}

/// The success of SASL2, perhaps with a resource that it has bound.
pub(super) fn success2(data: &str, is_bound: bool) -> String {
    let (resource, bound) = match is_bound {
        true => ("/mfly.1", r#"<bound xmlns="urn:xmpp:bind:0"/>"#),
        false => ("", ""),
    };
    format!(
        r#"<success xmlns="{SASL2}"><additional-data>{data}</additional-data><authorization-identifier>u1@host.test{resource}</authorization-identifier>{bound}</success>"#
    )
}

impl Rig {
    /// Derives the keys that were asked for, and returns their number.
    pub(super) fn derive(&mut self) -> usize {
        let derivations = std::mem::take(&mut self.derivations);
        let count = derivations.len();
        for (ticket, derivation) in derivations {
            self.input(Input::Derived(ticket, derivation.run()));
        }
        count
    }

    /// Binds a resource on a new stream.
    pub(super) fn bind(&mut self) {
        self.receive_all(&[SERVER_OPEN, BIND, BOUND]);
    }

    /// Loses the connection and waits until the next one is being made.
    pub(super) fn reconnect(&mut self) {
        self.lose();
        self.pass(60 * SECOND);
        self.forget();
    }
}
