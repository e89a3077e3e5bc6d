//! `GET /license/details`: the base URL and the plan of a licence key; and `GET /licence.js`.
//!
//! The official SDK asks a fixed host. It refuses a base URL with a port, an IP address or
//! `localhost` from an app, but not from its own cache in `localStorage`. A page that loads
//! `/licence.js` before the SDK has this server in that cache.

use crate::net::addresses::API_PREFIX;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use bytes::Bytes;
use http::{HeaderValue, Method};
use mfly_api::endpoint::licence::ResponseData;
use mfly_proto::cipher::{Decrypted, LicenceUrlCipher, StorageCipher};
use serde_json::Value;
use std::fmt::Write as _;

pub(crate) const ROUTES: &[Route] = &[
    Route::open(Method::GET, "/license/details", details),
    Route::open(Method::GET, "/licence.js", script),
];

const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");

fn details(call: &RestCall<'_>) -> RestResult {
    // The encrypted key is a URI component, so it is decrypted without URL-decoding first.
    let sealed = call.query.split('&').find_map(|pair| pair.strip_prefix("licenseKey="));
    let opened = sealed.map(|sealed| LicenceUrlCipher::new().open(sealed));
    let is_ours = |key: &str| call.world(|world| world.settings.licence_key.expose() == key);
    if !matches!(&opened, Some(Decrypted::Plain(key)) if is_ours(key)) {
        return Err(RestResponse::invalid("Invalid License key"));
    }
    let trial_mode = Value::Bool(call.world(|world| world.settings.trial));
    let api_base_url = format!("{}{API_PREFIX}", call.origin());
    Ok(RestResponse::success(ResponseData { api_base_url, trial_mode }))
}

/// A script that fills the SDK's cache. It serves live plans only, because the SDK takes a cached
/// plan for a live one. On a trial plan the script clears the cache, as the SDK's own look-up does.
fn script(call: &RestCall<'_>) -> RestResult {
    let (key, is_trial) =
        call.world(|world| (world.settings.licence_key.expose().to_owned(), world.settings.trial));
    let base_url = format!("{}{API_PREFIX}", call.origin());
    let storage = StorageCipher::new();
    let mut script = String::new();
    for (name, value) in [("licenseKey", key), ("apiBaseUrl", base_url)] {
        // Percent-encoded base64 needs no quoting in JavaScript.
        let (entry, value) = (storage.name(name), storage.value(name, &value));
        let _ = if is_trial {
            writeln!(script, "localStorage.removeItem(\"{entry}\");")
        } else {
            writeln!(script, "localStorage.setItem(\"{entry}\", \"{value}\");")
        };
    }
    Ok(RestResponse::content(SCRIPT, Bytes::from(script)))
}
