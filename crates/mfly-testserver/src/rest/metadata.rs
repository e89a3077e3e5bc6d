//! `GET /users/getMetaData` and `PUT /users/updateMetaData`.
//!
//! An update replaces all pairs, and `null` clears them (both inferred).

use crate::rest::request::{Caller, RestCall, Route};
use crate::rest::response::Answer;
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

/// `data` on the wire.
#[derive(Serialize)]
struct Data {
    #[serde(rename = "metaData")]
    metadata: BTreeMap<String, Value>,
}

fn metadata(call: &RestCall<'_>, caller: &Caller) -> Answer {
    match call.world(|world| world.user(&caller.user).map(|user| user.metadata.clone())) {
        Some(metadata) => Answer::success(Data { metadata }),
        None => Answer::token_expired(),
    }
}

fn update(call: &RestCall<'_>, caller: &Caller) -> Answer {
    let update: Option<Metadata> = match call.json() {
        Ok(update) => update,
        Err(answer) => return answer,
    };
    let update = update.unwrap_or_default();
    let metadata = match stored(&update) {
        Ok(metadata) => metadata,
        Err(answer) => return answer,
    };
    let is_known = call.shared.with_core(|core, _| {
        core.world_mut().user_mut(&caller.user).map(|user| user.metadata = metadata).is_some()
    });
    if is_known {
        Answer::success(ResponseData { metadata: update })
    } else {
        Answer::token_expired()
    }
}

/// The pairs as they are kept.
///
/// # Errors
/// The refusal of more than three pairs, or of a value that is neither text, number nor boolean.
pub(crate) fn stored(metadata: &Metadata) -> Result<BTreeMap<String, Value>, Answer> {
    if metadata.len() > Metadata::MAX_PAIRS {
        return Err(Answer::invalid("metaData can have at most 3 keys"));
    }
    let value = |value: &MetaValue| match value {
        MetaValue::Other(_) => Err(Answer::invalid("metaDataType should be Valid data type")),
        value => serde_json::to_value(value).map_err(|_| Answer::invalid("Invalid request")),
    };
    metadata.iter().map(|(name, meta)| Ok((name.to_owned(), value(meta)?))).collect()
}
