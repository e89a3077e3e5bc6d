//! Whether an endpoint needs the user's token, as a part of its type.

mod sealed {
    #[expect(unnameable_types, reason = "sealed: there are only the two kinds below")]
    pub trait Sealed {}
}

/// The authorisation of an endpoint: [`NoToken`] or [`UserToken`].
pub trait Auth: sealed::Sealed + Send + Sync {
    /// Whether the request carries `authorization: <token>`.
    const NEEDS_TOKEN: bool;
}

/// The request has no token. A response with status 401 is final.
#[derive(Clone, Copy, Debug)]
pub enum NoToken {}

/// The request has the token, without `Bearer` (observed: Web SDK 4.25.10). After a response with
/// status 401 the token is refreshed and the request sent again, once.
#[derive(Clone, Copy, Debug)]
pub enum UserToken {}

impl sealed::Sealed for NoToken {}
impl sealed::Sealed for UserToken {}

impl Auth for NoToken {
    const NEEDS_TOKEN: bool = false;
}

impl Auth for UserToken {
    const NEEDS_TOKEN: bool = true;
}
