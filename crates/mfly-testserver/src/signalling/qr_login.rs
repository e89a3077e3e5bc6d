//! Logging in by QR code: a phone that is logged in approves the code in a browser.
//!
//! The browser's side is observed (Web SDK 4.25.10). Two things are inferred: what the phone sends,
//! and that the browser becomes one more device of the account, with its own password. A code can
//! be used once. It expires after a minute (inferred) unless the builder says otherwise; a fresh
//! one then replaces it. It ends with its connection.

use crate::core::feature::account;
use crate::core::world::RegisterError;
use crate::rest::caller::Caller;
use crate::signalling::hub::Approval;
use crate::state::ServerState;
use mfly_proto::cipher::RequestCipher;
use mfly_proto::jid::{UserId, UserIdentifier};
use mfly_proto::qr_login::{APPROVE, Approve, LOGIN_STATUS, LoginStatus, QrResponse, RESPONSE};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Handles a client's event, and returns the argument of the acknowledgement.
pub(crate) fn event(state: &ServerState, sid: &str, name: &str, argument: &Value) -> Option<Value> {
    match name {
        APPROVE => Some(match approve(state, sid, argument) {
            Ok(code) => json!({"statusCode": 200, "message": "Success", "socketId": code}),
            Err((code, message)) => json!({"statusCode": code, "message": message}),
        }),
        LOGIN_STATUS => {
            let status = LoginStatus::decode(argument).ok()?;
            settle(state, sid, &status);
            None
        }
        _ => None,
    }
}

/// Replaces a client's code by a fresh one.
pub(crate) fn fresh_code(state: &ServerState, sid: &str) {
    let code = state.with_core(|core, _| core.world_mut().fresh_id());
    state.with_hub(|hub| hub.show(sid, code, Instant::now()));
    state.signalling_deadline_changed();
}

/// Revokes the approval of a client that is gone before it logged in, and tells the phone.
pub(crate) fn gone(state: &ServerState, approval: &Approval) {
    revoke(state, &approval.code);
    let status = LoginStatus { success: false, public_key: approval.phone_name.clone() };
    tell_phone(state, approval, &status);
}

/// Passes the browser's log-in status on to the phone, if a phone approved the code.
fn tell_phone(state: &ServerState, approval: &Approval, status: &LoginStatus) {
    if let Some(phone) = &approval.phone {
        state.with_hub(|hub| hub.emit(phone, LOGIN_STATUS, Some(status.encode())));
    }
}

fn approve(
    state: &ServerState,
    phone: &str,
    argument: &Value,
) -> Result<String, (u16, &'static str)> {
    let asked = Approve::decode(argument).map_err(|_| (400, "Invalid request"))?;
    let caller =
        Caller::of_token(state, asked.authorization.expose()).ok_or((401, "Token Expired"))?;
    approve_for(state, Some(phone), &caller.user, &asked.token)?;
    Ok(asked.token)
}

/// Approves a code: the browser that shows it logs in as `user`. `phone` is the client that
/// approves; `None` is the server itself.
///
/// # Errors
/// The status and the message of the refusal.
pub(crate) fn approve_for(
    state: &ServerState,
    phone: Option<&str>,
    user: &UserId,
    code: &str,
) -> Result<(), (u16, &'static str)> {
    let (web, phone_name) = state
        .with_hub(|hub| hub.claim(code, phone, Instant::now()))
        .ok_or((410, "This code is no longer valid"))?;
    let registered = state.with_core(|core, now| {
        let world = core.world_mut();
        let identifier = UserIdentifier::new(user.as_str()).map_err(|_| (400, "Invalid user"))?;
        let device = format!("qr-{code}");
        let registered =
            account::register(world, now, &identifier, (&device, false), BTreeMap::new());
        let registered = registered.map_err(|error| match error {
            RegisterError::SessionLimit => (405, "You have reached maximum sessions allowed."),
            RegisterError::AdminBlocked => (403, "Blocked by admin"),
            RegisterError::TooManyUsers | RegisterError::Taken => (500, "Internal Server Error"),
        })?;
        world.keep_qr_session(code.to_owned(), user.clone(), registered.registration);
        Ok((registered, RequestCipher::new(&world.settings.licence_key)))
    });
    let (registered, cipher) = match registered {
        Ok(registered) => registered,
        Err(refusal) => {
            fresh_code(state, &web);
            return Err(refusal);
        }
    };
    let response = QrResponse {
        username: registered.user,
        password: registered.password,
        socket_id: phone_name,
    };
    let sealed = response.seal(&cipher);
    if state.with_hub(|hub| hub.emit(&web, RESPONSE, Some(sealed))) {
        Ok(())
    } else {
        revoke(state, code);
        Err((410, "This code is no longer valid"))
    }
}

/// Passes the browser's log-in status on to the phone. A log-in that failed is revoked.
fn settle(state: &ServerState, web: &str, status: &LoginStatus) {
    let settled = state.with_hub(|hub| hub.settle(web, &status.public_key));
    let Some(approval) = settled else { return };
    if !status.success {
        revoke(state, &approval.code);
        fresh_code(state, web);
    }
    tell_phone(state, &approval, status);
}

fn revoke(state: &ServerState, code: &str) {
    state.with_core(|core, now| {
        let world = core.world_mut();
        if let Some((user, registration)) = world.take_qr_session(code) {
            world.log_out(now, &user, registration);
        }
    });
}
