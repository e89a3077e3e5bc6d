//! `POST /contacts/sandbox/syncContacts`: makes a user a contact.
//!
//! ```text
//! C: {"username":"bob02","licenseKey":".."}
//! S: {"status":200,"message":"Success"}
//! ```
//!
//! For a user who is not there the message is `User not available` (inferred).
//!
//! The path is the same in live mode. Source: observed: Web SDK 4.25.10; what it does on the server
//! is inferred. Fixture: `fixtures/sync_contacts/`.

use super::{Body, Endpoint};
use crate::auth::UserToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::wire;
use ::http::Method;
use mfly_proto::jid::UserIdentifier;
use mfly_proto::secret::LicenceKey;
use serde::{Deserialize, Serialize};

/// The exact text for a user who is not there.
const UNKNOWN_USER: &str = "User not available";

/// Makes a user a contact.
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
}

impl Request {
    /// Makes the user registered as `identifier` a contact.
    #[must_use]
    pub fn new(identifier: UserIdentifier, licence_key: LicenceKey) -> Self {
        Self { body: RequestBody { username: identifier, licence_key } }
    }
}

/// The request's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestBody {
    /// Who.
    #[serde(with = "wire::user_identifier")]
    pub username: UserIdentifier,
    /// Under which licence.
    #[serde(rename = "licenseKey", with = "wire::licence_key")]
    pub licence_key: LicenceKey,
}

impl Endpoint for Request {
    type Auth = UserToken;
    type Response = ();
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/contacts/sandbox/syncContacts";

    fn body(&self) -> Result<Body, ApiError> {
        Body::json(&self.body)
    }

    fn decode(&self, answer: Answer) -> Result<(), ApiError> {
        match answer.done() {
            Err(ApiError::Refused { message, .. }) if message == UNKNOWN_USER => {
                Err(ApiError::UserNotAvailable)
            }
            done => done,
        }
    }
}
