//! Whether an endpoint needs the user's token. It is part of the endpoint's type.

mod sealed {
    #[expect(unnameable_types, reason = "sealed: there are only the two kinds below")]
    pub trait Sealed {}
}

/// An endpoint's authorisation: [`NoToken`] or [`UserToken`].
pub trait Auth: sealed::Sealed + Send + Sync {
    /// Whether the request carries `authorization: <token>`.
    const NEEDS_TOKEN: bool;
}

/// Sent without a token. A 401 answer is final.
#[derive(Clone, Copy, Debug)]
pub enum NoToken {}

/// Sent with the raw token, without `Bearer` (observed: Web SDK 4.25.10). A 401 answer leads to
/// one refresh and one retry.
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
