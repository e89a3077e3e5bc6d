//! One row of the table of routes.

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::state::ServerState;
use http::Method;

/// A method and a path, and the handler that answers requests for them.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// The path below its table's prefix. A `*` at the end stands for one or more characters.
    pub(crate) path: &'static str,
    /// Whether a GET changes something. A HEAD must not (RFC 9110 §9.2.1), and gets HTTP 405.
    pub(crate) has_effect: bool,
    pub(crate) body: BodyLimit,
    /// Decides before the body is read whether the request is refused.
    pub(crate) admission: Option<Admission>,
    pub(crate) handler: Handler,
}

/// Refuses a request by the text in the place of its route's `*`.
pub(crate) type Admission = fn(&ServerState, &str) -> Result<(), RestResponse>;

/// Answers a request of one user.
pub(crate) type UserHandler = fn(&RestCall<'_>, &Caller) -> RestResult;

/// How large the body of a request may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLimit {
    /// At most 256 KiB.
    Small,
    /// A media file and the form around it.
    File,
}

/// The function that answers a request, and the token that it requires.
pub(crate) enum Handler {
    /// Requires no token.
    Open(fn(&RestCall<'_>) -> RestResult),
    /// Requires a valid token.
    User(UserHandler),
    /// Requires a valid token, or that of a session that the server told to log out.
    LoggingOut(UserHandler),
}

impl Route {
    const fn new(method: Method, path: &'static str, handler: Handler) -> Self {
        Self { method, path, has_effect: false, body: BodyLimit::Small, admission: None, handler }
    }

    /// A request that requires no token.
    pub(crate) const fn open(
        method: Method,
        path: &'static str,
        handler: fn(&RestCall<'_>) -> RestResult,
    ) -> Self {
        Self::new(method, path, Handler::Open(handler))
    }

    /// A request that requires a valid token.
    pub(crate) const fn user(method: Method, path: &'static str, handler: UserHandler) -> Self {
        Self::new(method, path, Handler::User(handler))
    }

    /// A request that requires a valid token, or that of a session that the server told to log out.
    pub(crate) const fn logging_out(
        method: Method,
        path: &'static str,
        handler: UserHandler,
    ) -> Self {
        Self::new(method, path, Handler::LoggingOut(handler))
    }

    /// Says that a GET changes something.
    pub(crate) const fn with_effect(mut self) -> Self {
        self.has_effect = true;
        self
    }

    /// Lets the body be a media file.
    pub(crate) const fn with_file(mut self) -> Self {
        self.body = BodyLimit::File;
        self
    }

    /// Lets `admission` refuse the request before its body is read.
    pub(crate) const fn admitting(mut self, admission: Admission) -> Self {
        self.admission = Some(admission);
        self
    }
}
