//! The registered devices of a platform account.

use super::Control;
use super::error::{ControlError, ControlResult, ErrorBody};
use super::extract::{self, JsonBody, PathParts, user_id};
use crate::core::feature::account;
use crate::core::world::{RegistrationId, World};
use crate::handle::user::UserError;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use mfly_proto::jid::{UserId, UserIdentifier};
use mfly_proto::secret::Password;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A device to register.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewRegistration {
    /// The id of the device; drawn unless set.
    device_id: Option<String>,
    /// The password of the device; drawn unless set.
    password: Option<String>,
    /// Whether the oldest device is logged out if there is no room for another; yes unless set.
    force: Option<bool>,
}

/// A device that was registered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegisteredDevice {
    /// The number of the registration.
    id: u64,
    device_id: String,
    /// The name to log in with.
    username: String,
    /// The password to log in with.
    password: String,
}

impl NewRegistration {
    /// A registration, if a device or a password is named.
    pub(super) fn of(device_id: Option<String>, password: Option<String>) -> Option<Self> {
        let is_asked_for = device_id.is_some() || password.is_some();
        is_asked_for.then_some(Self { device_id, password, force: None })
    }

    /// Checks the password.
    ///
    /// # Errors
    /// When it cannot be one.
    pub(super) fn check(&self) -> ControlResult<Option<Password>> {
        let password = self.password.clone().map(Password::new).transpose();
        password.map_err(|error| ControlError::invalid("password", error.to_string()))
    }
}

/// Registers a device of an account. Sessions of devices that it replaces end.
pub(super) fn register(
    control: &Control,
    user: &UserId,
    new: &NewRegistration,
) -> ControlResult<RegisteredDevice> {
    let password = new.check()?;
    let identifier = UserIdentifier::new(user.as_str())?;
    let registered = control.state().with_core(|core, now| {
        let world: &mut World = core.world_mut();
        let device_id = new.device_id.clone().unwrap_or_else(|| world.fresh_id());
        let device = (device_id.as_str(), new.force.unwrap_or(true));
        let mut registered = account::register(world, now, &identifier, device, BTreeMap::new())?;
        if let Some(password) = password {
            world.set_device_password(&registered.user, &device_id, password.clone());
            registered.password = password;
        }
        Ok::<_, UserError>((device_id, registered))
    });
    let (device_id, registered) = registered?;
    Ok(RegisteredDevice {
        id: registered.registration.0,
        device_id,
        username: registered.user.to_string(),
        password: registered.password.expose().to_owned(),
    })
}

/// Registers a device of an account. A device that is registered already keeps its registration.
#[utoipa::path(post, path = "/users/{user}/registrations", tag = "users", params(("user" = String, Path)),
    request_body = Option<NewRegistration>, responses(
    (status = 201, body = RegisteredDevice), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody), (status = 415, body = ErrorBody)))]
pub(crate) async fn add_registration(
    State(control): State<Control>,
    PathParts(user): PathParts<String>,
    body: Option<JsonBody<NewRegistration>>,
) -> ControlResult<(StatusCode, Json<RegisteredDevice>)> {
    let user = known(&control, &user)?;
    let new = body.unwrap_or_default().0;
    Ok((StatusCode::CREATED, Json(register(&control, &user, &new)?)))
}

/// Logs out all devices of an account. Their sessions get some seconds to close by themselves.
#[utoipa::path(delete, path = "/users/{user}/registrations", tag = "users", params(("user" = String, Path)),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn log_out_all(
    State(control): State<Control>,
    PathParts(user): PathParts<String>,
) -> ControlResult<StatusCode> {
    let user = known(&control, &user)?;
    control.state().with_core(|core, now| {
        let world = core.world_mut();
        let devices = world.user(&user).map(|user| user.registrations.clone());
        for device in devices.unwrap_or_default() {
            world.log_out(now, &user, device.id);
        }
    });
    Ok(StatusCode::NO_CONTENT)
}

/// Logs out one device of an account. Its sessions get some seconds to close by themselves.
#[utoipa::path(delete, path = "/users/{user}/registrations/{registration}", tag = "users",
    params(("user" = String, Path), ("registration" = u64, Path)),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn log_out(
    State(control): State<Control>,
    PathParts((user, registration)): PathParts<(String, String)>,
) -> ControlResult<StatusCode> {
    let user = known(&control, &user)?;
    let registration = RegistrationId(extract::number("registration", &registration)?);
    control.state().with_core(|core, now| {
        let world = core.world_mut();
        if !world.is_registered(&user, registration) {
            let message = "the account has no registration with this number";
            return Err(ControlError::not_found("registration", message));
        }
        world.log_out(now, &user, registration);
        Ok(StatusCode::NO_CONTENT)
    })
}

/// The id of an account that exists.
fn known(control: &Control, user: &str) -> ControlResult<UserId> {
    let user = user_id(user)?;
    let exists = control.state().read_core(|core| core.world().user(&user).is_some());
    if exists { Ok(user) } else { Err(UserError::NoSuchUser.into()) }
}
