//! The routes of the control API, and their description in OpenAPI 3.1.

use super::error::ControlError;
use super::{
    Control, PREFIX, access, clock, faults, health, info, journal, journal_stream, page, plan, qr,
    registrations, sessions, standard_users, state, users,
};
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::{Json, Router};
use http::StatusCode;
use utoipa::OpenApi;
use utoipa::openapi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Largest body of a request, in bytes: a state document with media.
const BODY_BYTES: usize = 256 * 1024 * 1024;

#[derive(OpenApi)]
#[openapi(info(
    title = "mfly-testserver control API",
    description = "Controls a local MirrorFly server from tests in any language."
))]
struct Description;

/// The routes with their handlers, and the description that is generated from them.
fn routes() -> (Router<Control>, openapi::OpenApi) {
    let api = OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(info::info))
        .routes(routes!(clock::read))
        .routes(routes!(clock::advance))
        .routes(routes!(clock::freeze))
        .routes(routes!(clock::resume))
        .routes(routes!(faults::faults, faults::add_fault, faults::remove_faults))
        .routes(routes!(faults::fault, faults::remove_fault))
        .routes(routes!(journal::journal, journal::clear))
        .routes(routes!(journal::wait))
        .routes(routes!(journal_stream::stream))
        .routes(routes!(journal::entry))
        .routes(routes!(journal::as_curl))
        .routes(routes!(journal::as_trace))
        .routes(routes!(plan::plan, plan::change_plan))
        .routes(routes!(plan::expire_tokens))
        .routes(routes!(qr::codes))
        .routes(routes!(qr::replace))
        .routes(routes!(qr::approve))
        .routes(routes!(sessions::sessions, sessions::end_sessions))
        .routes(routes!(sessions::end_session))
        .routes(routes!(standard_users::standard_users, standard_users::create_standard_user))
        .routes(routes!(standard_users::delete_standard_user))
        .routes(routes!(state::state, state::set_state))
        .routes(routes!(state::save))
        .routes(routes!(state::reset))
        .routes(routes!(users::users, users::create_user))
        .routes(routes!(users::user, users::change_user, users::delete_user))
        .routes(routes!(users::expire_tokens))
        .routes(routes!(registrations::add_registration, registrations::log_out_all))
        .routes(routes!(registrations::log_out));
    OpenApiRouter::with_openapi(Description::openapi()).nest(PREFIX, api).split_for_parts()
}

/// The whole service, with its checks of who may use it.
pub(crate) fn router(control: Control) -> Router {
    let (routes, description) = routes();
    let description = Json(description);
    let openapi = axum::routing::get(move || std::future::ready(description.clone()));
    routes
        .route(&format!("{PREFIX}/openapi.json"), openapi)
        .merge(page::routes())
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(control.clone(), access::check))
        .layer(control.access().cors())
        .with_state(control)
}

async fn unknown_path() -> ControlError {
    ControlError::new(
        StatusCode::NOT_FOUND,
        "unknown_path",
        Some("path"),
        format!("there is no such path; {PREFIX}/openapi.json lists all"),
    )
}

async fn wrong_method() -> ControlError {
    ControlError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "wrong_method",
        Some("method"),
        format!("the path does not have this method; {PREFIX}/openapi.json lists all"),
    )
}
