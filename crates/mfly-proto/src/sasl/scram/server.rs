//! The server's half of SCRAM.
//!
//! ```text
//! ScramServer::begin(client-first) ──► username() ──► look the credentials up
//!             .challenge(&credentials) ──► server-first
//!             .finish(client-final)    ──► server-final, and the client is who it says
//! ```

use super::binding::BindingKind;
use super::error::ScramRefusal;
use super::hash::{Output, ScramHash};
use super::keys::ScramCredentials;
use super::message::{ClientFinal, ClientFirst, Fault, Flag};
use super::nonce::Nonce;
use super::offer::ScramOffer;
use crate::sasl::ChannelBindings;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;

/// Parameters of a [`ScramServer`].
#[derive(Clone, Debug)]
pub struct ScramServerParameters<'a> {
    /// Hash function of the mechanism.
    pub hash: ScramHash,
    /// Whether the client named the -PLUS mechanism.
    pub plus: bool,
    /// Channel bindings of the connection if -PLUS mechanisms were offered on it, and otherwise
    /// [`ChannelBindings::NONE`].
    pub bindings: &'a ChannelBindings,
    /// The server's part of the nonce: new for every authentication.
    pub nonce: Nonce,
}

/// The server's half of SCRAM. A refusal ends the authentication: answer with a failure of
/// [`ScramRefusal::condition`](super::ScramRefusal::condition).
pub struct ScramServer {
    hash: ScramHash,
    username: String,
    authzid: Option<String>,
    /// The expected value of `c=`.
    channel: Vec<u8>,
    /// Nonces of both sides.
    nonce: String,
    client_first_bare: String,
    offer: Option<ScramOffer>,
    asked: Option<Asked>,
}

struct Asked {
    server_first: String,
    stored_key: Output,
    server_key: Output,
}

impl ScramServer {
    /// Reads the client's first message.
    ///
    /// # Errors
    /// When the message is malformed, or its channel-binding flag contradicts the mechanism or the
    /// offer.
    pub fn begin(
        parameters: ScramServerParameters<'_>,
        client_first: &[u8],
    ) -> Result<Self, ScramRefusal> {
        let ScramServerParameters { hash, plus, bindings, nonce } = parameters;
        let first = ClientFirst::read(client_first).map_err(refusal)?;
        let data = match first.flag {
            Flag::Named(_) if !plus || bindings.is_empty() => {
                return Err(ScramRefusal::ChannelBindingNotSupported);
            }
            Flag::Named(name) => BindingKind::from_name(name)
                .and_then(|kind| bindings.get(kind))
                .ok_or(ScramRefusal::UnsupportedChannelBindingType)?,
            // The client chose -PLUS and does not bind: the two contradict each other.
            Flag::No | Flag::NotOffered if plus => return Err(ScramRefusal::Other),
            Flag::NotOffered if !bindings.is_empty() => {
                return Err(ScramRefusal::ServerDoesSupportChannelBinding);
            }
            Flag::No | Flag::NotOffered => &[],
        };
        let mut channel = first.header.as_bytes().to_vec();
        channel.extend_from_slice(data);
        Ok(Self {
            hash,
            channel,
            nonce: format!("{}{}", first.nonce, nonce.as_str()),
            client_first_bare: first.bare.to_owned(),
            username: first.username,
            authzid: first.authzid,
            offer: None,
            asked: None,
        })
    }

    /// The user name of the login.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The identity to act as, if the client named one.
    #[must_use]
    pub fn authzid(&self) -> Option<&str> {
        self.authzid.as_deref()
    }

    /// Repeats the offer in the challenge (XEP-0474), so that the client can check whether it
    /// arrived unchanged.
    #[must_use]
    pub fn offer(mut self, offer: ScramOffer) -> Self {
        self.offer = Some(offer);
        self
    }

    /// The challenge. Pass [`ScramCredentials::dummy`] for a user who does not exist.
    ///
    /// # Errors
    /// When the credentials are for another hash function.
    pub fn challenge(&mut self, credentials: &ScramCredentials) -> Result<Vec<u8>, ScramRefusal> {
        if credentials.hash != self.hash {
            return Err(ScramRefusal::Other);
        }
        let mut server_first = format!(
            "r={},s={},i={}",
            self.nonce,
            STANDARD.encode(&credentials.salt),
            credentials.iterations
        );
        if let Some(offer) = &self.offer {
            server_first.push_str(",h=");
            STANDARD.encode_string(offer.digest(self.hash).as_bytes(), &mut server_first);
        }
        let message = server_first.clone().into_bytes();
        self.asked = Some(Asked {
            server_first,
            stored_key: credentials.stored_key.clone(),
            server_key: credentials.server_key.clone(),
        });
        Ok(message)
    }

    /// Checks the client's proof and returns the data of the success.
    ///
    /// # Errors
    /// When the message is malformed or unexpected, belongs to another TLS channel or
    /// authentication, or when the password is wrong.
    pub fn finish(&mut self, client_final: &[u8]) -> Result<Vec<u8>, ScramRefusal> {
        let asked = self.asked.take().ok_or(ScramRefusal::Other)?;
        let last = ClientFinal::read(client_final).map_err(refusal)?;
        if last.binding != self.channel {
            return Err(ScramRefusal::ChannelBindingsDontMatch);
        }
        if last.nonce != self.nonce {
            return Err(ScramRefusal::Other);
        }
        let signed =
            format!("{},{},{}", self.client_first_bare, asked.server_first, last.without_proof);
        let client_signature = self.hash.hmac(asked.stored_key.as_bytes(), signed.as_bytes());
        let client_key = client_signature.xor(&last.proof);
        let stored_key = self.hash.digest(client_key.as_bytes());
        let has_length = last.proof.len() == self.hash.output_len();
        let is_proven = stored_key.as_bytes().ct_eq(asked.stored_key.as_bytes());
        if !has_length || !bool::from(is_proven) {
            return Err(ScramRefusal::InvalidProof);
        }
        let signature = self.hash.hmac(asked.server_key.as_bytes(), signed.as_bytes());
        Ok(format!("v={}", STANDARD.encode(signature.as_bytes())).into_bytes())
    }
}

fn refusal(fault: Fault) -> ScramRefusal {
    match fault {
        Fault::Form(_) => ScramRefusal::Other,
        Fault::Encoding(_) => ScramRefusal::InvalidEncoding,
        Fault::Username => ScramRefusal::InvalidUsernameEncoding,
        Fault::MandatoryExtension => ScramRefusal::ExtensionsNotSupported,
    }
}
debug_only!(ScramServer { hash });
