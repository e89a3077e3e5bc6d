//! Platform accounts: creating, reading, changing, deleting.

use super::Control;
use super::error::{ControlError, ControlResult, ErrorBody};
use super::extract::{JsonBody, Parameters, PathParts, user_id};
use super::registrations::{self, NewRegistration, RegisteredDevice};
use super::user_document::{NewUser, UserChanges, UserDocument, ids};
use crate::core::feature::{account, block};
use crate::core::world::{User, World};
use crate::handle::user::{UserError, UserHandle};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use mfly_proto::jid::UserId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Which accounts are listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    /// Only accounts that are online, or only those that are not.
    online: Option<bool>,
    /// The number of accounts; 100 unless set.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Only accounts after this id: `next` of the list before.
    after: Option<String>,
}

/// A part of the accounts, by id.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserList {
    users: Vec<UserDocument>,
    /// The last id of the list, if there are more accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// An account that was created.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedUser {
    #[serde(flatten)]
    user: UserDocument,
    /// The device that was registered, if a password or a device was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    registration: Option<RegisteredDevice>,
}

/// Lists platform accounts by id.
#[utoipa::path(get, path = "/users", tag = "users", params(Listing), responses(
    (status = 200, body = UserList), (status = 400, body = ErrorBody)))]
pub(crate) async fn users(
    State(control): State<Control>,
    Parameters(listing): Parameters<Listing>,
) -> ControlResult<Json<UserList>> {
    let limit = listing.limit.unwrap_or(100);
    if !(1..=1000).contains(&limit) {
        return Err(ControlError::invalid("limit", "must be 1 to 1000"));
    }
    let mut users = control.state().read_core(|core| {
        let world = core.world();
        let is_wanted = |user: &&User| {
            let is_after = listing.after.as_deref().is_none_or(|after| user.id.as_str() > after);
            is_after && listing.online.is_none_or(|online| world.is_online(&user.id) == online)
        };
        let wanted = world.users().filter(is_wanted).take(limit + 1);
        wanted.map(|user| user.id.clone()).collect::<Vec<_>>()
    });
    let has_more = users.len() > limit;
    users.truncate(limit);
    let next = users.last().filter(|_| has_more).map(ToString::to_string);
    // An account that was deleted meanwhile is left out.
    let users = users.iter().filter_map(|id| read(&control, id).ok()).collect();
    Ok(Json(UserList { users, next }))
}

/// Creates a platform account, with a registered device if a password or a device is named.
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUser, responses(
    (status = 201, body = CreatedUser), (status = 400, body = ErrorBody),
    (status = 409, body = ErrorBody), (status = 415, body = ErrorBody)))]
pub(crate) async fn create_user(
    State(control): State<Control>,
    JsonBody(new): JsonBody<NewUser>,
) -> ControlResult<(StatusCode, Json<CreatedUser>)> {
    let id =
        UserId::new(&new.id).map_err(|error| ControlError::invalid("id", error.to_string()))?;
    let (fields, blocks) = new.fields()?;
    let device = NewRegistration::of(new.device_id.clone(), new.password.clone());
    if let Some(device) = &device {
        device.check()?;
    }
    let user = handle(&control, &id);
    if user.exists() {
        return Err(ControlError::conflict("id", "there is such an account already"));
    }
    user.create()?;
    let profile = user.profile()?;
    if let Some(profile) = fields.profile(profile) {
        user.set_profile(profile)?;
    }
    change(&control, &id, |user| {
        fields.apply(user);
        user.blocked = blocks;
    })?;
    let registration = match device {
        Some(device) => Some(registrations::register(&control, &id, &device)?),
        None => None,
    };
    let user = read(&control, &id)?;
    Ok((StatusCode::CREATED, Json(CreatedUser { user, registration })))
}

/// Returns an account with its profile in clear.
#[utoipa::path(get, path = "/users/{user}", tag = "users", params(("user" = String, Path)), responses(
    (status = 200, body = UserDocument), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn user(
    State(control): State<Control>,
    PathParts(user): PathParts<String>,
) -> ControlResult<Json<UserDocument>> {
    Ok(Json(read(&control, &user_id(&user)?)?))
}

/// Changes an account. Blocks and an administrator's block have the effects that they have on the
/// platform; the other changes are seen by later requests.
#[utoipa::path(patch, path = "/users/{user}", tag = "users", params(("user" = String, Path)),
    request_body = UserChanges, responses(
    (status = 200, body = UserDocument), (status = 400, body = ErrorBody),
    (status = 404, body = ErrorBody), (status = 415, body = ErrorBody)))]
pub(crate) async fn change_user(
    State(control): State<Control>,
    PathParts(user): PathParts<String>,
    JsonBody(changes): JsonBody<UserChanges>,
) -> ControlResult<Json<UserDocument>> {
    let id = user_id(&user)?;
    let fields = changes.fields()?;
    let blocks = changes.blocks.as_ref().map(|blocks| ids("blocks", blocks)).transpose()?;
    let user = handle(&control, &id);
    let profile = user.profile()?;
    if let Some(profile) = fields.profile(profile) {
        user.set_profile(profile)?;
    }
    change(&control, &id, |user| fields.apply(user))?;
    control.state().with_core(|core, now| {
        let world = core.world_mut();
        let before = world.user(&id).map(|user| user.blocked.clone()).unwrap_or_default();
        let after = blocks.unwrap_or_else(|| before.clone());
        for other in before.symmetric_difference(&after) {
            block::set_blocked(world, None, &id, other, after.contains(other));
        }
        if let Some(is_blocked) = changes.admin_blocked {
            account::set_admin_blocked(world, now, &id, is_blocked);
        }
    });
    Ok(Json(read(&control, &id)?))
}

/// Deletes an account as its user can: contacts are told, and sessions end.
#[utoipa::path(delete, path = "/users/{user}", tag = "users", params(("user" = String, Path)), responses(
    (status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn delete_user(
    State(control): State<Control>,
    PathParts(user): PathParts<String>,
) -> ControlResult<StatusCode> {
    handle(&control, &user_id(&user)?).delete()?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the tokens of a user expire now.
#[utoipa::path(post, path = "/users/{user}/tokens/expire", tag = "users", params(("user" = String, Path)), responses(
    (status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn expire_tokens(
    State(control): State<Control>,
    PathParts(user): PathParts<String>,
) -> ControlResult<StatusCode> {
    handle(&control, &user_id(&user)?).expire_tokens()?;
    Ok(StatusCode::NO_CONTENT)
}

/// The account as it is now.
fn read(control: &Control, id: &UserId) -> ControlResult<UserDocument> {
    let profile = handle(control, id).profile()?;
    control.state().read_core(|core| {
        let world: &World = core.world();
        let user = world.user(id).ok_or(UserError::NoSuchUser)?;
        Ok(UserDocument::new(world, user, profile))
    })
}

fn change(control: &Control, id: &UserId, change: impl FnOnce(&mut User)) -> ControlResult<()> {
    control.state().with_core(|core, _| {
        let user = core.world_mut().user_mut(id).ok_or(UserError::NoSuchUser)?;
        change(user);
        Ok(())
    })
}

fn handle(control: &Control, id: &UserId) -> UserHandle {
    UserHandle::new(Arc::clone(control.state()), id.to_string())
}
