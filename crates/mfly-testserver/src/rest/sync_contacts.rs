//! `POST /contacts/sandbox/syncContacts`: makes a user a contact, in both directions (inferred).

use crate::rest::request::{Caller, RestCall, Route};
use crate::rest::response::Answer;
use http::Method;
use mfly_api::endpoint::sync_contacts::RequestBody;
use mfly_proto::jid::UserId;

pub(crate) const ROUTES: &[Route] =
    &[Route::user(Method::POST, "/contacts/sandbox/syncContacts", sync_contacts)];

fn sync_contacts(call: &RestCall<'_>, caller: &Caller) -> Answer {
    let body: RequestBody = match call.json() {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    if call.world(|world| world.settings.licence_key != body.licence_key) {
        return Answer::invalid("Invalid License key");
    }
    let Ok(other) = UserId::new(body.username.as_str()) else {
        return Answer::invalid("User not available");
    };
    let is_known =
        call.shared.with_core(|core, _| core.world_mut().make_contacts(&caller.user, &other));
    if is_known { Answer::done() } else { Answer::invalid("User not available") }
}
