//! Whether the server runs.

use super::Control;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// The state of a running server.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    /// Always `ok`: a server that does not run does not answer.
    status: &'static str,
    /// The version of the server.
    version: &'static str,
    /// XMPP sessions that are open now.
    sessions: usize,
    /// The number of platform accounts.
    users: usize,
}

/// Tells that the server runs. Needs no token.
#[utoipa::path(get, path = "/health", tag = "server", responses((status = 200, body = Health)))]
pub(crate) async fn health(State(control): State<Control>) -> Json<Health> {
    let (sessions, users) = control.state().read_core(|core| {
        let world = core.world();
        (world.session_count(), world.users().count())
    });
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION"), sessions, users })
}
