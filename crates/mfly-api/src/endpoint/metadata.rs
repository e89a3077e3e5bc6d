//! `GET /users/getMetaData` and `PUT /users/updateMetaData`: the metadata of the logged-in user.
//!
//! ```text
//! C update: {"tier":"gold","level":3,"vip":true}       no wrapper; `null` without metadata
//! S: {"status":200,"message":"Metadata updated","data":{"metaData":{"tier":"gold","level":3,"vip":true}}}
//! ```
//!
//! Both responses have this form and differ in `message`. Source: observed: Web SDK 4.25.10.
//! Fixture: `fixtures/metadata/`.

use super::{Body, endpoint};
use crate::envelope::RawResponse;
use crate::error::ApiError;
use crate::metadata::Metadata;
use crate::wire;
use mfly_proto::argument::InvalidArgument;
use serde::{Deserialize, Serialize};

/// Requests the metadata.
#[derive(Clone, Copy, Debug)]
pub struct GetRequest;

/// Replaces the metadata.
#[derive(Clone, Debug)]
pub struct UpdateRequest {
    metadata: Option<Metadata>,
}

impl UpdateRequest {
    /// Replaces the metadata with these pairs.
    ///
    /// # Errors
    /// When metadata that a server returned cannot be sent: more than three pairs, or a value that
    /// is neither text nor number nor boolean.
    pub fn new(metadata: Metadata) -> Result<Self, InvalidArgument> {
        metadata.check_sendable()?;
        Ok(Self { metadata: Some(metadata) })
    }

    /// Sends `null`, as the official SDK does without an argument. That this clears the metadata is
    /// inferred.
    #[must_use]
    pub fn nothing() -> Self {
        Self { metadata: None }
    }
}

/// The metadata, and the server's message.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The pairs of names and values.
    pub metadata: Metadata,
    /// The member `message` of the envelope.
    pub message: String,
}

/// The member `data` on the wire.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct ResponseData {
    /// The pairs of names and values.
    #[serde(rename = "metaData", default, deserialize_with = "wire::null_as_default")]
    pub metadata: Metadata,
}

fn read(response: &RawResponse) -> Result<Response, ApiError> {
    let envelope = response.envelope::<ResponseData>()?;
    let metadata = envelope.data.unwrap_or_default().metadata;
    Ok(Response { metadata, message: envelope.message })
}

endpoint! {
    GetRequest, UserToken, GET "/users/getMetaData" => Response;
    decode(self, response) read(&response);
}

endpoint! {
    UpdateRequest, UserToken, PUT "/users/updateMetaData" => Response;
    body(self) Body::json(&self.metadata);
    decode(self, response) read(&response);
}
