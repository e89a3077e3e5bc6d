//! Errors of the control API, as JSON that names the field at fault.

use crate::handle::user::UserError;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use mfly_proto::argument::InvalidArgument;
use serde::Serialize;
use utoipa::ToSchema;

/// The body of every response that is an error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorBody {
    error: ControlError,
}

/// The reason why a request failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorReason)]
pub(crate) struct ControlError {
    #[serde(skip)]
    status: StatusCode,
    /// The kind of the error, for programs, such as `not_found`.
    code: &'static str,
    /// The field, parameter or header at fault, such as `profile.nickName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What is wrong, and what to do.
    message: String,
}

/// What a handler returns.
pub(crate) type ControlResult<T> = Result<T, ControlError>;

impl ControlError {
    /// An error with this HTTP status and kind.
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        field: Option<&str>,
        message: impl Into<String>,
    ) -> Self {
        Self { status, code, field: field.map(str::to_owned), message: message.into() }
    }

    /// The field at fault.
    #[cfg(test)]
    pub(crate) fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// HTTP 400: a field of the request cannot be used.
    pub(crate) fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_argument", Some(field), message)
    }

    /// HTTP 404: the thing that the path names does not exist.
    pub(crate) fn not_found(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", Some(field), message)
    }

    /// HTTP 409: the request contradicts the server's state.
    pub(crate) fn conflict(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", Some(field), message)
    }
}

impl From<InvalidArgument> for ControlError {
    fn from(error: InvalidArgument) -> Self {
        Self::invalid(error.name, error.to_string())
    }
}

impl From<UserError> for ControlError {
    fn from(error: UserError) -> Self {
        let message = error.to_string();
        match error {
            UserError::InvalidArgument(error) => error.into(),
            UserError::NoSuchUser => Self::not_found("user", "there is no such account"),
            UserError::SessionLimit | UserError::AdminBlocked | UserError::TooManyUsers => {
                Self::conflict("user", message)
            }
            UserError::Taken => Self::conflict("id", message),
        }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.status, Json(ErrorBody { error: self })).into_response()
    }
}
