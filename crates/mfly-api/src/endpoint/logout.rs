//! `GET /logout`: ends the session.
//!
//! ```text
//! S: {"status":200,"message":"Success"}
//! ```
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `fixtures/logout/`.

use super::endpoint;

/// Ends the session of the logged-in user.
#[derive(Clone, Copy, Debug)]
pub struct Request;

endpoint! {
    Request, UserToken, GET "/logout" => ();
    decode(self, response) response.check();
}
