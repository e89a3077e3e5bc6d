//! `GET /license/details`: what a licence key stands for; and a script that tells it to a page.
//!
//! The official SDK asks a fixed host, and refuses a base URL with a port, an address or
//! `localhost` when an app passes it, but not when it comes from its own cache in `localStorage`.
//! A page that loads `/licence.js` before the SDK finds that cache filled with this server.

use crate::net::addresses::API_PREFIX;
use crate::rest::request::RestCall;
use crate::rest::response::RestResponse;
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

fn details(call: &RestCall<'_>) -> RestResponse {
    // The key is sealed into a URI component, so it is opened as it stands in the query.
    let sealed = call.query.split('&').find_map(|pair| pair.strip_prefix("licenseKey="));
    let opened = sealed.map(|sealed| LicenceUrlCipher::new().open(sealed));
    let is_ours = match opened {
        Some(Decrypted::Plain(key)) => {
            call.world(|world| world.settings.licence_key.expose() == key)
        }
        _ => false,
    };
    if !is_ours {
        return RestResponse::invalid("Invalid License key");
    }
    let trial_mode = Value::Bool(call.world(|world| world.settings.trial));
    let api_base_url = format!("{}{API_PREFIX}", call.origin());
    RestResponse::success(ResponseData { api_base_url, trial_mode })
}

/// The entries are for live plans only: what comes from the cache is never a trial. On a trial plan
/// the script makes the SDK forget, as its own look-up would.
fn script(call: &RestCall<'_>) -> RestResponse {
    let (key, is_trial) =
        call.world(|world| (world.settings.licence_key.expose().to_owned(), world.settings.trial));
    let base_url = format!("{}{API_PREFIX}", call.origin());
    let storage = StorageCipher::new();
    let mut script = String::new();
    for (name, value) in [("licenseKey", key), ("apiBaseUrl", base_url)] {
        // Base64 in percent-encoding needs no quoting in JavaScript.
        let (entry, value) = (storage.name(name), storage.value(name, &value));
        let _ = if is_trial {
            writeln!(script, "localStorage.removeItem(\"{entry}\");")
        } else {
            writeln!(script, "localStorage.setItem(\"{entry}\", \"{value}\");")
        };
    }
    RestResponse::content(SCRIPT, Bytes::from(script))
}
