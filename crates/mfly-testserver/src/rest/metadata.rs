//! `GET /users/getMetaData` and `PUT /users/updateMetaData`.
//!
//! An update replaces all pairs, and `null` clears them (both inferred).

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use http::Method;
use mfly_api::endpoint::metadata::ResponseData;
use mfly_api::{MetaValue, Metadata};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

pub(crate) const ROUTES: &[Route] = &[
    Route::user(Method::GET, "/users/getMetaData", metadata),
    Route::user(Method::PUT, "/users/updateMetaData", update),
];

/// The member `data` of the envelope.
#[derive(Serialize)]
struct Data {
    #[serde(rename = "metaData")]
    metadata: BTreeMap<String, Value>,
}

fn metadata(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    let metadata = call.world(|world| world.user(&caller.user).map(|user| user.metadata.clone()));
    let metadata = metadata.ok_or_else(RestResponse::token_expired)?;
    Ok(RestResponse::success(Data { metadata }))
}

fn update(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    let update = call.json::<Option<Metadata>>()?.unwrap_or_default();
    let metadata = stored(&update)?;
    let is_known = call.state.with_core(|core, _| {
        core.world_mut().user_mut(&caller.user).map(|user| user.metadata = metadata).is_some()
    });
    if !is_known {
        return Err(RestResponse::token_expired());
    }
    Ok(RestResponse::success(ResponseData { metadata: update }))
}

/// The pairs in the form that the world keeps.
///
/// # Errors
/// The refusal of more than three pairs, or of a value that is neither text, number nor boolean.
pub(crate) fn stored(metadata: &Metadata) -> Result<BTreeMap<String, Value>, RestResponse> {
    if metadata.len() > Metadata::MAX_PAIRS {
        return Err(RestResponse::invalid("metaData can have at most 3 keys"));
    }
    let value = |value: &MetaValue| match value {
        MetaValue::Other(_) => Err(RestResponse::invalid("metaDataType should be Valid data type")),
        value => serde_json::to_value(value).map_err(|_| RestResponse::invalid("Invalid request")),
    };
    metadata.iter().map(|(name, meta)| Ok((name.to_owned(), value(meta)?))).collect()
}
