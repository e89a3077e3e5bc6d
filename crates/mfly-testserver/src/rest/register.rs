//! `POST /register` and `POST /sandbox/register`.
//!
//! A live plan is registered with sealed data, a trial plan with plain data; the answer is sealed
//! either way. That the other path than the plan's is refused is inferred.

use crate::core::world::{RegisterError, Registered};
use crate::rest::request::RestCall;
use crate::rest::response::RestResponse;
use crate::rest::route::Route;
use crate::rest::{config, metadata};
use crate::state::ServerState;
use http::Method;
use mfly_api::endpoint::register::{LiveBody, RegisterData, Registration, TRIAL_PATH};
use mfly_proto::cipher::{Decrypted, RequestCipher};
use mfly_proto::secret::Token;
use serde_json::Value;

pub(crate) const ROUTES: &[Route] =
    &[Route::open(Method::POST, "/register", live), Route::open(Method::POST, TRIAL_PATH, trial)];

const INVALID_KEY: &str = "Invalid License key";

fn live(call: &RestCall<'_>) -> RestResponse {
    if call.world(|world| world.settings.trial) {
        return RestResponse::invalid(INVALID_KEY);
    }
    let body: LiveBody = match call.json() {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let cipher = cipher(call);
    match opened(call, &cipher, &body.register_data) {
        Some(data) => register(call, &cipher, data),
        None => RestResponse::invalid(INVALID_KEY),
    }
}

/// Data that was sealed with the licence key and repeats it inside. Whatever is wrong with other
/// data, its sender hears one thing: more would tell a stranger whether a forgery has the right
/// padding.
fn opened(call: &RestCall<'_>, cipher: &RequestCipher, sealed: &str) -> Option<Value> {
    let Decrypted::Plain(json) = cipher.open(sealed) else {
        return None;
    };
    let data: Value = serde_json::from_str(&json).ok()?;
    let key = data.get("licenseKey")?.as_str()?;
    call.world(|world| world.settings.licence_key.expose() == key).then_some(data)
}

fn trial(call: &RestCall<'_>) -> RestResponse {
    if !call.world(|world| world.settings.trial) {
        return RestResponse::invalid(INVALID_KEY);
    }
    match call.json() {
        Ok(data) => register(call, &cipher(call), data),
        Err(answer) => answer,
    }
}

fn cipher(call: &RestCall<'_>) -> RequestCipher {
    call.world(|world| RequestCipher::new(&world.settings.licence_key))
}

fn register(call: &RestCall<'_>, cipher: &RequestCipher, mut data: Value) -> RestResponse {
    complete(&mut data);
    let Ok(data) = serde_json::from_value::<RegisterData>(data) else {
        return RestResponse::invalid("Invalid request");
    };
    if call.world(|world| world.settings.licence_key != data.licence_key) {
        return RestResponse::invalid(INVALID_KEY);
    }
    let metadata = match metadata::stored(&data.metadata) {
        Ok(metadata) => metadata,
        Err(answer) => return answer,
    };
    let registered = call.state.with_core(|core, now| {
        let (world, force) = (core.world_mut(), data.force_register);
        world.register(now, &data.user_identifier, &data.device_id, force, metadata)
    });
    match registered {
        Ok(registered) => answer(call, cipher, registered),
        Err(error) => refusal(error),
    }
}

/// Adds what the platform's own documentation leaves out of its example request.
fn complete(data: &mut Value) {
    let Some(data) = data.as_object_mut() else {
        return;
    };
    for (name, value) in
        [("deviceType", "web".into()), ("deviceId", "".into()), ("forceRegister", true.into())]
    {
        data.entry(name).or_insert(value);
    }
    // The official SDK passes numbers through.
    if let Some(identifier) = data.get_mut("userIdentifier").filter(|value| value.is_number()) {
        *identifier = identifier.to_string().into();
    }
}

fn answer(call: &RestCall<'_>, cipher: &RequestCipher, registered: Registered) -> RestResponse {
    let lifetime = call.world(|world| world.settings.token_lifetime);
    let (user, id) = (&registered.user, registered.registration);
    let token = call.state.tokens.issue(ServerState::now(), lifetime, user, id);
    let registration = Registration {
        username: registered.user,
        password: registered.password,
        token: Token::new(token).ok(),
        is_profile_updated: registered.profile_updated,
        config: Some(config::current(call)),
    };
    match serde_json::to_string(&registration) {
        Ok(json) => RestResponse::success(cipher.seal(&json)),
        Err(_) => RestResponse::refused(500, "Internal Server Error"),
    }
}

fn refusal(error: RegisterError) -> RestResponse {
    let status = match error {
        RegisterError::SessionLimit => 405,
        RegisterError::AdminBlocked => 403,
        RegisterError::Taken => 409,
        RegisterError::TooManyUsers => 500,
    };
    RestResponse::refused(status, error.to_string())
}
