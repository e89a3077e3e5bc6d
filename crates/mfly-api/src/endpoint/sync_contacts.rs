//! `POST /contacts/sandbox/syncContacts`: makes a user a contact.
//!
//! ```text
//! C: {"username":"bob02","licenseKey":".."}
//! S: {"status":200,"message":"Success"}
//! ```
//!
//! For an unknown user the message is `User not available` (inferred). The path is the same in live
//! mode. Source: observed: Web SDK 4.25.10; the effect on the server is inferred. Fixture:
//! `fixtures/sync_contacts/`.

use super::{Body, endpoint};
use crate::error::ApiError;
use crate::wire;
use mfly_proto::jid::UserIdentifier;
use mfly_proto::secret::LicenceKey;
use serde::{Deserialize, Serialize};

/// The message for an unknown user.
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
    /// The identifier of the new contact.
    #[serde(with = "wire::user_identifier")]
    pub username: UserIdentifier,
    /// The licence key of the app.
    #[serde(rename = "licenseKey", with = "wire::licence_key")]
    pub licence_key: LicenceKey,
}

endpoint! {
    Request, UserToken, POST "/contacts/sandbox/syncContacts" => ();
    body(self) Body::json(&self.body);
    decode(self, response) response.check().map_err(|error| match error {
        ApiError::Refused { message, .. } if message == UNKNOWN_USER => ApiError::UserNotAvailable,
        error => error,
    });
}
