//! The whole state of the server: reading, replacing, saving, resetting.

use super::Control;
use super::error::{ControlError, ControlResult, ErrorBody};
use super::extract::{JsonBody, Parameters};
use crate::handle::state_document::{StateDocument, StateError, StateParts};
use crate::state::ServerState;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What the document contains.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parts {
    /// Whether the document contains passwords; no by default.
    secrets: Option<bool>,
    /// Whether the document contains uploaded files; yes by default.
    media: Option<bool>,
}

/// The state to which the server returns.
#[derive(Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ResetTo {
    /// What existed right after the start.
    #[default]
    Seed,
    /// No accounts and no files.
    Empty,
}

/// How to reset the server.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Reset {
    /// The state to which the server returns; `seed` by default.
    to: ResetTo,
}

/// Returns accounts, plan, clock and media as one document.
#[utoipa::path(get, path = "/state", tag = "state", params(Parts),
    responses((status = 200, body = StateDocument), (status = 400, body = ErrorBody)))]
pub(crate) async fn state(
    State(control): State<Control>,
    Parameters(parts): Parameters<Parts>,
) -> ControlResult<Json<StateDocument>> {
    let default = StateParts::default();
    let parts = StateParts {
        secrets: parts.secrets.unwrap_or(default.secrets),
        media: parts.media.unwrap_or(default.media),
    };
    Ok(Json(aside(&control, move |state| StateDocument::of(state, parts)).await?))
}

/// Replaces accounts, plan, clock and media. All sessions end. Nothing changes if the document
/// cannot be used.
#[utoipa::path(put, path = "/state", tag = "state", request_body = StateDocument,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 415, body = ErrorBody)))]
pub(crate) async fn set_state(
    State(control): State<Control>,
    JsonBody(document): JsonBody<StateDocument>,
) -> ControlResult<StatusCode> {
    aside(&control, move |state| document.restore(state)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Saves the state in the file that the server was started with.
#[utoipa::path(post, path = "/state/save", tag = "state",
    responses((status = 204), (status = 409, body = ErrorBody), (status = 500, body = ErrorBody)))]
pub(crate) async fn save(State(control): State<Control>) -> ControlResult<StatusCode> {
    match aside(&control, ServerState::save).await? {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err(ControlError::conflict(
            "state",
            "the server has no file for its state; start it with --state FILE",
        )),
        Err(error) => Err(internal(&format!("the state file cannot be written: {error}"))),
    }
}

/// Returns the server to its seed or to no accounts at all: sessions end; accounts, media, faults,
/// the journal, changes of the plan and of the clock are forgotten.
#[utoipa::path(post, path = "/reset", tag = "state", request_body = Option<Reset>,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 415, body = ErrorBody)))]
pub(crate) async fn reset(
    State(control): State<Control>,
    body: Option<JsonBody<Reset>>,
) -> ControlResult<StatusCode> {
    let to_seed = matches!(body.unwrap_or_default().0.to, ResetTo::Seed);
    aside(&control, move |state| state.reset(to_seed)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Does work that can take long without blocking other requests.
async fn aside<R: Send + 'static>(
    control: &Control,
    work: impl FnOnce(&ServerState) -> R + Send + 'static,
) -> ControlResult<R> {
    let state = Arc::clone(control.state());
    let done = tokio::task::spawn_blocking(move || work(&state)).await;
    done.map_err(|error| internal(&error.to_string()))
}

fn internal(message: &str) -> ControlError {
    ControlError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", None, message)
}

impl From<StateError> for ControlError {
    fn from(error: StateError) -> Self {
        Self::invalid(&error.field, error.reason)
    }
}
