//! QR codes that browsers show for logging in.

use super::Control;
use super::error::{ControlError, ControlResult, ErrorBody};
use super::extract::{JsonBody, PathParts, user_id};
use crate::signalling::qr_login;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

/// A code that can be approved.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QrCode {
    code: String,
    /// The time until a fresh code replaces it, in milliseconds.
    expires_in_ms: u64,
}

/// The codes that can be approved.
#[derive(Serialize, ToSchema)]
pub(crate) struct QrCodeList {
    /// The one that expires first is the first.
    codes: Vec<QrCode>,
}

/// Who approves a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approver {
    /// The user as whom the browser logs in.
    user: String,
}

/// A code that was approved.
#[derive(Serialize, ToSchema)]
pub(crate) struct Approved {
    code: String,
    /// The user as whom the browser logs in.
    user: String,
}

/// Lists the codes that browsers show.
#[utoipa::path(get, path = "/qr", tag = "qr", responses((status = 200, body = QrCodeList)))]
pub(crate) async fn codes(State(control): State<Control>) -> Json<QrCodeList> {
    let codes = control.state().with_hub(|hub| hub.codes(Instant::now()));
    let codes = codes.into_iter().map(|(code, left)| QrCode {
        code,
        expires_in_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
    });
    Json(QrCodeList { codes: codes.collect() })
}

/// Approves a code as a phone of the user would: the browser that shows it logs in.
#[utoipa::path(post, path = "/qr/{code}/approve", tag = "qr", params(("code" = String, Path)),
    request_body = Approver, responses(
    (status = 200, body = Approved), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody), (status = 415, body = ErrorBody)))]
pub(crate) async fn approve(
    State(control): State<Control>,
    PathParts(code): PathParts<String>,
    JsonBody(approver): JsonBody<Approver>,
) -> ControlResult<Json<Approved>> {
    let user = user_id(&approver.user)?;
    if !control.state().read_core(|core| core.world().user(&user).is_some()) {
        return Err(ControlError::not_found("user", "there is no such account"));
    }
    qr_login::approve_for(control.state(), None, &user, &code).map_err(|(status, message)| {
        match status {
            410 => {
                ControlError::not_found("code", "no browser shows this code; it may have expired")
            }
            _ => ControlError::conflict("user", message),
        }
    })?;
    Ok(Json(Approved { code, user: user.to_string() }))
}

/// Takes a code away from its browser, which gets a fresh one.
#[utoipa::path(delete, path = "/qr/{code}", tag = "qr", params(("code" = String, Path)), responses(
    (status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn replace(
    State(control): State<Control>,
    PathParts(code): PathParts<String>,
) -> ControlResult<StatusCode> {
    let client = control.state().with_hub(|hub| hub.client_of(&code));
    let unknown = || ControlError::not_found("code", "no browser shows this code");
    qr_login::fresh_code(control.state(), &client.ok_or_else(unknown)?);
    Ok(StatusCode::NO_CONTENT)
}
