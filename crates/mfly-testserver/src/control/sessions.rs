//! XMPP sessions: listing and ending them.

use super::Control;
use super::error::{ControlError, ControlResult, ErrorBody};
use super::extract::{self, Parameters, PathParts, user_id};
use super::user_document::SessionDocument;
use crate::core::world::StreamId;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which sessions are listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    /// Only sessions of this user.
    user: Option<String>,
}

/// The sessions that are open.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionList {
    /// The sessions, oldest first.
    sessions: Vec<SessionDocument>,
}

/// How a session ends.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum How {
    /// With a stream error.
    #[default]
    Close,
    /// Without a word, as a broken network does.
    Cut,
}

/// How sessions end.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ending {
    /// `close` sends a stream error, `cut` drops the connection; `close` unless set.
    #[serde(default)]
    #[param(inline, value_type = Option<How>)]
    how: How,
}

/// The number of sessions that were ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ended {
    /// The number of sessions.
    ended: usize,
}

/// Lists the open XMPP sessions.
#[utoipa::path(get, path = "/sessions", tag = "sessions", params(Listing), responses(
    (status = 200, body = SessionList), (status = 400, body = ErrorBody)))]
pub(crate) async fn sessions(
    State(control): State<Control>,
    Parameters(listing): Parameters<Listing>,
) -> ControlResult<Json<SessionList>> {
    let user = listing.user.as_deref().map(user_id).transpose()?;
    let sessions = control.state().read_core(|core| {
        let all = core.world().sessions();
        let wanted = all.filter(|(_, session)| user.as_ref().is_none_or(|of| session.user == *of));
        wanted.map(|(stream, session)| SessionDocument::new(stream, session)).collect()
    });
    Ok(Json(SessionList { sessions }))
}

/// Ends a session. Its client may connect again.
#[utoipa::path(delete, path = "/sessions/{session}", tag = "sessions",
    params(("session" = u64, Path), Ending), responses(
    (status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn end_session(
    State(control): State<Control>,
    PathParts(session): PathParts<String>,
    Parameters(ending): Parameters<Ending>,
) -> ControlResult<StatusCode> {
    let stream = StreamId(extract::number("session", &session)?);
    if control.state().end_session(stream, ending.how == How::Cut) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ControlError::not_found("session", "no open session has this number"))
    }
}

/// Ends all sessions.
#[utoipa::path(delete, path = "/sessions", tag = "sessions", params(Ending), responses(
    (status = 200, body = Ended), (status = 400, body = ErrorBody)))]
pub(crate) async fn end_sessions(
    State(control): State<Control>,
    Parameters(ending): Parameters<Ending>,
) -> Json<Ended> {
    let state = control.state();
    let streams = state.read_core(|core| core.world().streams());
    let is_cut = ending.how == How::Cut;
    let ended = streams.into_iter().filter(|stream| state.end_session(*stream, is_cut)).count();
    Json(Ended { ended })
}
