//! `POST /register` and `POST /sandbox/register`.
//!
//! A live plan registers with encrypted data, a trial plan with plain data; the response is
//! encrypted in both. Each plan has one of the paths, and the other one is refused (inferred).

use crate::core::feature::account;
use crate::core::world::{RegisterError, Registered};
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use crate::rest::{config, metadata};
use http::Method;
use mfly_api::endpoint::register::{LiveBody, RegisterData, Registration, TRIAL_PATH};
use mfly_proto::cipher::{Decrypted, RequestCipher};
use mfly_proto::secret::Token;
use serde_json::Value;

pub(crate) const ROUTES: &[Route] =
    &[Route::open(Method::POST, "/register", live), Route::open(Method::POST, TRIAL_PATH, trial)];

fn invalid_key() -> RestResponse {
    RestResponse::invalid("Invalid License key")
}

fn live(call: &RestCall<'_>) -> RestResult {
    if call.world(|world| world.settings.trial) {
        return Err(invalid_key());
    }
    let body: LiveBody = call.json()?;
    let cipher = cipher(call);
    let data = opened(call, &cipher, &body.register_data).ok_or_else(invalid_key)?;
    register(call, &cipher, data)
}

/// Decrypts data that was encrypted with the licence key and contains it. All failures look alike:
/// a more precise one would tell an attacker whether a forgery has the right padding.
fn opened(call: &RestCall<'_>, cipher: &RequestCipher, sealed: &str) -> Option<Value> {
    let Decrypted::Plain(json) = cipher.open(sealed) else {
        return None;
    };
    let data: Value = serde_json::from_str(&json).ok()?;
    let key = data.get("licenseKey")?.as_str()?;
    call.world(|world| world.settings.licence_key.expose() == key).then_some(data)
}

fn trial(call: &RestCall<'_>) -> RestResult {
    if !call.world(|world| world.settings.trial) {
        return Err(invalid_key());
    }
    register(call, &cipher(call), call.json()?)
}

fn cipher(call: &RestCall<'_>) -> RequestCipher {
    call.world(|world| RequestCipher::new(&world.settings.licence_key))
}

fn register(call: &RestCall<'_>, cipher: &RequestCipher, mut data: Value) -> RestResult {
    complete(&mut data);
    let data: RegisterData =
        serde_json::from_value(data).map_err(|_| RestResponse::invalid("Invalid request"))?;
    if call.world(|world| world.settings.licence_key != data.licence_key) {
        return Err(invalid_key());
    }
    let metadata = metadata::stored(&data.metadata)?;
    let registered = call.state.with_core(|core, now| {
        let (world, force) = (core.world_mut(), data.force_register);
        account::register(world, now, &data.user_identifier, (&data.device_id, force), metadata)
    });
    respond(call, cipher, registered.map_err(refused)?)
}

/// Adds the members that the example request in the platform's documentation lacks.
fn complete(data: &mut Value) {
    let Some(data) = data.as_object_mut() else {
        return;
    };
    for (name, value) in
        [("deviceType", "web".into()), ("deviceId", "".into()), ("forceRegister", true.into())]
    {
        data.entry(name).or_insert(value);
    }
    // The official SDK accepts numbers from apps and sends them unchanged.
    if let Some(identifier) = data.get_mut("userIdentifier").filter(|value| value.is_number()) {
        *identifier = identifier.to_string().into();
    }
}

fn respond(call: &RestCall<'_>, cipher: &RequestCipher, registered: Registered) -> RestResult {
    let lifetime = call.world(|world| world.settings.token_lifetime);
    let (user, id) = (&registered.user, registered.registration);
    let token = call.state.tokens.issue(call.state.now(), lifetime, user, id);
    let registration = Registration {
        username: registered.user,
        password: registered.password,
        token: Token::new(token).ok(),
        is_profile_updated: registered.profile_updated,
        config: Some(config::current(call)),
    };
    let json = serde_json::to_string(&registration).map_err(|_| RestResponse::internal_error())?;
    Ok(RestResponse::success(cipher.seal(&json)))
}

fn refused(error: RegisterError) -> RestResponse {
    let status = match error {
        RegisterError::SessionLimit => 405,
        RegisterError::AdminBlocked => 403,
        RegisterError::Taken => 409,
        RegisterError::TooManyUsers => 500,
    };
    RestResponse::refused(status, error.to_string())
}
