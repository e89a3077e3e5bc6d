//! `GET /users/getMetaData` and `PUT /users/updateMetaData`: the metadata of the user who is logged
//! in.
//!
//! ```text
//! C update: {"tier":"gold","level":3,"vip":true}       no wrapper; `null` when called with nothing
//! S: {"status":200,"message":"Metadata updated","data":{"metaData":{"tier":"gold","level":3,"vip":true}}}
//! ```
//!
//! Both answer alike, with words of their own in `message`. Source: observed: Web SDK 4.25.10.
//! Fixture: `fixtures/metadata/`.

use super::{Body, Endpoint};
use crate::auth::UserToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::metadata::Metadata;
use crate::wire;
use ::http::Method;
use mfly_proto::argument::InvalidArgument;
use serde::{Deserialize, Serialize};

/// Asks for the metadata.
#[derive(Clone, Copy, Debug)]
pub struct GetRequest;

/// Replaces the metadata.
#[derive(Clone, Debug)]
pub struct UpdateRequest {
    metadata: Option<Metadata>,
}

impl UpdateRequest {
    /// Stores these pairs.
    ///
    /// # Errors
    /// When they came from a server and cannot be sent back: more than three, or odd values.
    pub fn new(metadata: Metadata) -> Result<Self, InvalidArgument> {
        metadata.check_sendable()?;
        Ok(Self { metadata: Some(metadata) })
    }

    /// Sends `null`, as the official SDK does when it is called with nothing. That this clears the
    /// metadata is inferred.
    #[must_use]
    pub fn nothing() -> Self {
        Self { metadata: None }
    }
}

/// The metadata, and the server's words.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The pairs.
    pub metadata: Metadata,
    /// `message` of the envelope.
    pub message: String,
}

/// `data` on the wire.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct ResponseData {
    /// The pairs.
    #[serde(rename = "metaData", default, deserialize_with = "wire::null_as_default")]
    pub metadata: Metadata,
}

fn read(answer: &Answer) -> Result<Response, ApiError> {
    let envelope = answer.envelope::<ResponseData>()?;
    let metadata = envelope.data.unwrap_or_default().metadata;
    Ok(Response { metadata, message: envelope.message })
}

impl Endpoint for GetRequest {
    type Auth = UserToken;
    type Response = Response;
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/users/getMetaData";

    fn decode(&self, answer: Answer) -> Result<Response, ApiError> {
        read(&answer)
    }
}

impl Endpoint for UpdateRequest {
    type Auth = UserToken;
    type Response = Response;
    const METHOD: Method = Method::PUT;
    const PATH: &'static str = "/users/updateMetaData";

    fn body(&self) -> Result<Body, ApiError> {
        Body::json(&self.metadata)
    }

    fn decode(&self, answer: Answer) -> Result<Response, ApiError> {
        read(&answer)
    }
}
