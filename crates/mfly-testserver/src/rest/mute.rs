//! `POST /users/mute` and `GET /users/muted`.

use crate::core::world::User;
use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use http::Method;
use mfly_api::endpoint::mute::RequestBody;
use mfly_api::endpoint::muted::Response;
use mfly_proto::jid::UserId;
use serde::Serialize;

pub(crate) const ROUTES: &[Route] = &[
    Route::user(Method::POST, "/users/mute", mute),
    Route::user(Method::GET, "/users/muted", muted),
];

/// Largest number of groups that a user can mute.
const GROUPS: usize = 10_000;

fn mute(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    let body: RequestBody = call.json()?;
    let is_known = call.state.with_core(|core, _| {
        let world = core.world_mut();
        let mut ids: Vec<UserId> =
            body.user_ids.iter().filter_map(|id| UserId::new(id).ok()).collect();
        ids.retain(|id| world.user(id).is_some());
        world.user_mut(&caller.user).map(|user| apply(user, &body, ids)).is_some()
    });
    RestResponse::done_if(is_known, RestResponse::token_expired)
}

fn apply(user: &mut User, body: &RequestBody, ids: Vec<UserId>) {
    if body.mute_setting {
        user.mute_setting = body.action;
    }
    if body.action {
        user.muted_users.extend(ids);
        let room = GROUPS.saturating_sub(user.muted_groups.len());
        user.muted_groups.extend(body.group_ids.iter().take(room).cloned());
    } else {
        for id in &ids {
            user.muted_users.remove(id);
        }
        for id in &body.group_ids {
            user.muted_groups.remove(id);
        }
    }
}

/// The member `data` of the envelope.
#[derive(Serialize)]
struct Data {
    #[serde(flatten)]
    setting: Response,
    #[serde(rename = "mutedChats")]
    chats: Vec<MutedChat>,
}

/// A muted user or group. The values of `chatType` are inferred.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MutedChat {
    chat_id: String,
    chat_type: &'static str,
}

fn muted(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    let data = call.world(|world| {
        let user = world.user(&caller.user)?;
        let users = user.muted_users.iter().map(|id| (id.as_str(), "chat"));
        let groups = user.muted_groups.iter().map(|id| (id.as_str(), "groupchat"));
        let chat = |(id, chat_type): (&str, _)| MutedChat { chat_id: id.to_owned(), chat_type };
        let setting = Response { is_all_muted: user.mute_setting };
        Some(Data { setting, chats: users.chain(groups).map(chat).collect() })
    });
    data.map(RestResponse::success).ok_or_else(RestResponse::token_expired)
}
