//! Standard accounts, which any XMPP client can use.

use super::Control;
use super::error::{ControlError, ControlResult, ErrorBody};
use super::extract::{JsonBody, PathParts};
use crate::core::feature::standard::account;
use crate::handle::user::UserError;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use mfly_proto::jid::UserId;
use mfly_proto::secret::Password;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A standard account.
#[derive(Serialize, ToSchema)]
pub(crate) struct StandardUser {
    name: String,
    jid: String,
    /// Whether one of the sessions is available.
    online: bool,
}

/// All standard accounts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StandardUserList {
    standard_users: Vec<StandardUser>,
}

/// A standard account to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewStandardUser {
    name: String,
    /// The password, which stays valid.
    password: String,
}

/// Lists the standard accounts by name.
#[utoipa::path(get, path = "/standard-users", tag = "standard users",
    responses((status = 200, body = StandardUserList)))]
pub(crate) async fn standard_users(State(control): State<Control>) -> Json<StandardUserList> {
    let standard_users = control.state().read_core(|core| {
        let world = core.world();
        let accounts = world.standard_accounts().map(|account| StandardUser {
            name: account.id.to_string(),
            jid: world.jid_of(&account.id).to_string(),
            online: world.is_online(&account.id),
        });
        accounts.collect()
    });
    Json(StandardUserList { standard_users })
}

/// Creates a standard account.
#[utoipa::path(post, path = "/standard-users", tag = "standard users", request_body = NewStandardUser, responses(
    (status = 201, body = StandardUser), (status = 400, body = ErrorBody),
    (status = 409, body = ErrorBody), (status = 415, body = ErrorBody)))]
pub(crate) async fn create_standard_user(
    State(control): State<Control>,
    JsonBody(new): JsonBody<NewStandardUser>,
) -> ControlResult<(StatusCode, Json<StandardUser>)> {
    let invalid = |field: &'static str| {
        move |error: mfly_proto::argument::InvalidArgument| {
            ControlError::invalid(field, error.to_string())
        }
    };
    let id = UserId::new(&new.name).map_err(invalid("name"))?;
    let password = Password::new(new.password).map_err(invalid("password"))?;
    control.state().with_core(|core, now| {
        let world = core.world_mut();
        if world.standard(&id).is_some() {
            return Err(ControlError::conflict("name", "there is such an account already"));
        }
        let made = account::set(world, now, id.clone(), password);
        made.map_err(|error| ControlError::conflict("name", UserError::from(error).to_string()))?;
        let jid = world.jid_of(&id).to_string();
        let user = StandardUser { name: id.to_string(), jid, online: false };
        Ok((StatusCode::CREATED, Json(user)))
    })
}

/// Removes a standard account. Its contacts lose it, and its sessions end.
#[utoipa::path(delete, path = "/standard-users/{name}", tag = "standard users", params(("name" = String, Path)),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn delete_standard_user(
    State(control): State<Control>,
    PathParts(name): PathParts<String>,
) -> ControlResult<StatusCode> {
    let id =
        UserId::new(&name).map_err(|error| ControlError::invalid("name", error.to_string()))?;
    let removed =
        control.state().with_core(|core, now| account::remove(core.world_mut(), now, &id));
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(UserError::NoSuchUser.into()) }
}
