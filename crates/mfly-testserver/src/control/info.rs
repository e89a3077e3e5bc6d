//! What an app or a test has to know about the server: addresses, licence, authority.

use super::Control;
use axum::Json;
use axum::extract::State;

pub(crate) use crate::handle::info::Info;

/// Returns every address, the licence key, the domain and the certificate authority.
#[utoipa::path(get, path = "/info", tag = "server", responses((status = 200, body = Info)))]
pub(crate) async fn info(State(control): State<Control>) -> Json<Info> {
    Json(control.info().clone())
}
