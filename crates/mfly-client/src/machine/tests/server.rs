//! The server's half of logging in.

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
pub(super) const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
pub(super) const SASL2: &str = "urn:xmpp:sasl:2";

pub(super) fn features(content: &str) -> String {
    format!(r#"<features xmlns="{STREAM}">{content}</features>"#)
}

fn mechanisms(names: &[&str]) -> String {
    let mechanism = |name: &&str| format!("<mechanism>{name}</mechanism>");
    names.iter().map(mechanism).collect()
}

/// Features with these mechanisms, in order.
pub(super) fn offer(names: &[&str]) -> String {
    features(&format!(r#"<mechanisms xmlns="{SASL}">{}</mechanisms>"#, mechanisms(names)))
}

/// Features with these mechanisms by SASL2, and what can be done along with it.
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

/// A server that knows the password of `u1` for SCRAM.
pub(super) struct Account {
    credentials: ScramCredentials,
    bindings: ChannelBindings,
    exchange: Option<ScramServer>,
    namespace: &'static str,
    /// What it says that it offered (XEP-0474).
    vouches: Option<ScramOffer>,
}

impl Account {
    pub(super) fn new(hash: ScramHash, salt: &[u8], iterations: u32) -> Self {
        let password = Password::new(PASSWORD).unwrap();
        Self::of(ScramCredentials::derive(hash, &password, salt, iterations).unwrap())
    }

    /// For SCRAM-SHA-256: derived once for all tests, because that takes long without optimisation.
    pub(super) fn sha256() -> Self {
        static CREDENTIALS: LazyLock<ScramCredentials> =
            LazyLock::new(|| Account::new(ScramHash::Sha256, b"salt", 4096).credentials);
        Self::of(CREDENTIALS.clone())
    }

    fn of(credentials: ScramCredentials) -> Self {
        Self {
            credentials,
            bindings: ChannelBindings::NONE,
            exchange: None,
            namespace: SASL,
            vouches: None,
        }
    }

    /// The same on a connection with channel bindings, which it announces.
    pub(super) fn bound(mut self) -> Self {
        self.bindings = bindings();
        self
    }

    /// The same, and it repeats under its signature that it offered these mechanisms.
    pub(super) fn vouching(mut self, names: &[&str]) -> Self {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        self.vouches = Some(ScramOffer::new(&names, &[]));
        self
    }

    /// Challenges whatever the client began.
    pub(super) fn challenge(&mut self, began: &str) -> String {
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
        let mut exchange = ScramServer::begin(
            ScramServerParameters { hash, plus, bindings: &self.bindings, nonce: [9; 24].into() },
            &initial,
        )
        .expect("a fair offer");
        assert_eq!(exchange.username(), "u1");
        if let Some(offer) = &self.vouches {
            exchange = exchange.offer(offer.clone());
        }
        let challenge = exchange.challenge(&self.credentials).unwrap();
        self.exchange = Some(exchange);
        self.element("challenge", &challenge)
    }

    /// What the server says at the end of the exchange, if the client proves that it knows the
    /// password.
    pub(super) fn signature(&mut self, answered: &str) -> Option<Vec<u8>> {
        let document = Document::parse(answered.to_owned(), &Limits::default()).unwrap();
        let answer = match Response::read(document.root()) {
            Ok(response) => response.data.to_vec(),
            Err(_) => mfly_proto::sasl2::Response::read(document.root()).unwrap().data.to_vec(),
        };
        self.exchange.take()?.finish(&answer).ok()
    }

    /// Accepts the answer.
    pub(super) fn success(&mut self, answered: &str) -> String {
        let signature = self.signature(answered).expect("the password is right");
        self.element("success", &signature)
    }

    pub(super) fn element(&self, name: &str, data: &[u8]) -> String {
        format!(r#"<{name} xmlns="{}">{}</{name}>"#, self.namespace, base64(data))
    }
}

/// By the writer of the codec, which knows how.
pub(super) fn base64(data: &[u8]) -> String {
    let mut buffer = Vec::new();
    let response = Response::new(data.to_vec());
    response.write(&mut mfly_proto::xml::Writer::new(&mut buffer));
    let text = String::from_utf8(buffer).unwrap();
    text.split(['>', '<']).nth(2).unwrap().to_owned()
}

impl Rig {
    pub(super) fn last(&self) -> String {
        self.sent.last().unwrap().clone()
    }

    /// The transport stands, with something to tie an authentication to.
    pub(super) fn dialled_bound(&mut self) {
        self.input(Input::Connected {
            framing: self.framing,
            confidential: true,
            bindings: bindings(),
        });
    }

    /// Derives what has to be derived, and says how much that was.
    pub(super) fn derive(&mut self) -> usize {
        let derivations = std::mem::take(&mut self.derivations);
        let count = derivations.len();
        for (ticket, derivation) in derivations {
            self.input(Input::Derived(ticket, derivation.run()));
        }
        count
    }

    /// Plays an exchange that succeeds, from the client's first message on; says how many
    /// derivations it took.
    pub(super) fn exchange(&mut self, account: &mut Account) -> usize {
        let challenge = account.challenge(&self.last());
        self.server(&challenge);
        let derivations = self.derive();
        let success = account.success(&self.last());
        self.server(&success);
        derivations
    }

    /// Plays the rest after a success, until the session stands.
    pub(super) fn bind(&mut self) {
        for frame in [SERVER_OPEN, BIND, BOUND] {
            self.server(frame);
        }
    }

    /// Plays a log-in by SCRAM, step by step; says how many derivations it took.
    pub(super) fn log_in(&mut self, offer: &str, account: &mut Account) -> usize {
        self.dialled();
        self.server(SERVER_OPEN);
        self.server(offer);
        self.password(PASSWORD);
        let derivations = self.exchange(account);
        self.bind();
        derivations
    }

    pub(super) fn reconnect(&mut self) {
        self.lose();
        self.pass(60 * SECOND);
        self.forget();
    }
}
