//! Faults: adding, listing, removing.

use super::Control;
use super::error::{ControlError, ControlResult, ErrorBody};
use super::extract::{self, JsonBody, PathParts};
use super::fault_document::{Fault, FaultDocument, NewFault};
use crate::handle::fault_builder::FaultBuilder;
use crate::handle::faults::WaitingFault;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// The faults that wait.
#[derive(Serialize, ToSchema)]
pub(crate) struct FaultList {
    /// The faults, oldest first.
    faults: Vec<Fault>,
}

/// The number of connections to which a fault was applied.
#[derive(Serialize, ToSchema)]
pub(crate) struct Applied {
    /// The number of connections.
    applied: usize,
}

/// The number of faults that were removed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Removed {
    /// The number of faults.
    removed: usize,
}

/// Adds a fault for requests or connections that are still to come (201), or applies one to open
/// connections at once (200).
#[utoipa::path(post, path = "/faults", tag = "faults", request_body = NewFault, responses(
    (status = 201, body = Fault), (status = 200, body = Applied),
    (status = 400, body = ErrorBody), (status = 415, body = ErrorBody)))]
pub(crate) async fn add_fault(
    State(control): State<Control>,
    JsonBody(asked): JsonBody<NewFault>,
) -> ControlResult<Response> {
    let state = control.state();
    Ok(match asked.into_document()? {
        FaultDocument::Waiting { times, target } => {
            let id = state.faults.add(times, target.clone());
            let fault = WaitingFault { id, times, target };
            (StatusCode::CREATED, Json(Fault::from(&fault))).into_response()
        }
        FaultDocument::Connections { user, fault } => {
            let applied = state.apply_fault(&extract::user_id(&user)?, &fault);
            Json(Applied { applied }).into_response()
        }
        FaultDocument::Signalling => {
            let applied = FaultBuilder::new(Arc::clone(state)).cut_signalling();
            Json(Applied { applied }).into_response()
        }
    })
}

/// Lists the faults that wait for a request or a connection.
#[utoipa::path(get, path = "/faults", tag = "faults", responses((status = 200, body = FaultList)))]
pub(crate) async fn faults(State(control): State<Control>) -> Json<FaultList> {
    Json(FaultList { faults: control.state().faults.list().iter().map(Fault::from).collect() })
}

/// Returns a fault that waits.
#[utoipa::path(get, path = "/faults/{fault}", tag = "faults", params(("fault" = u64, Path)), responses(
    (status = 200, body = Fault), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn fault(
    State(control): State<Control>,
    PathParts(number): PathParts<String>,
) -> ControlResult<Json<Fault>> {
    let number = extract::number("fault", &number)?;
    let waiting = control.state().faults.list();
    let found = waiting.iter().find(|fault| fault.id == number);
    found.map(|fault| Json(fault.into())).ok_or_else(unknown)
}

/// Removes a fault.
#[utoipa::path(delete, path = "/faults/{fault}", tag = "faults", params(("fault" = u64, Path)), responses(
    (status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn remove_fault(
    State(control): State<Control>,
    PathParts(number): PathParts<String>,
) -> ControlResult<StatusCode> {
    let number = extract::number("fault", &number)?;
    if control.state().faults.remove(number) { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}

/// Removes all faults.
#[utoipa::path(delete, path = "/faults", tag = "faults", responses((status = 200, body = Removed)))]
pub(crate) async fn remove_faults(State(control): State<Control>) -> Json<Removed> {
    Json(Removed { removed: control.state().faults.clear() })
}

fn unknown() -> ControlError {
    ControlError::not_found("fault", "no fault with this number waits; it may have been used up")
}
