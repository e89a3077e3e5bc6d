//! Lists that apps ask for at start-up and that are always empty here: chats, groups, calls.
//!
//! An app that gets no answer stops there for ever; an empty list keeps it usable.

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::RestResponse;
use crate::rest::route::Route;
use http::Method;
use serde_json::json;

pub(crate) const ROUTES: &[Route] = &[
    Route::user(Method::GET, "/chat/recent-chats", recent_chats),
    Route::user(Method::GET, "/chat/chat-history", chat_history),
    Route::user(Method::GET, "/group/groupList", groups),
    Route::user(Method::GET, "/users/callLogs", call_logs),
    Route::user(Method::POST, "/users/callLogs", store_call_logs),
];

fn recent_chats(_: &RestCall<'_>, _: &Caller) -> RestResponse {
    RestResponse::success(json!({ "chatList": [] }))
}

fn chat_history(_: &RestCall<'_>, _: &Caller) -> RestResponse {
    RestResponse::success(json!({
        "chatList": [], "totalPages": 1, "totalCount": 0, "totalRecords": 0
    }))
}

fn groups(_: &RestCall<'_>, _: &Caller) -> RestResponse {
    RestResponse::success(json!({ "groupsList": [] }))
}

fn call_logs(_: &RestCall<'_>, _: &Caller) -> RestResponse {
    RestResponse::success(json!({ "callLogs": [], "totalPages": 0 }))
}

fn store_call_logs(_: &RestCall<'_>, _: &Caller) -> RestResponse {
    RestResponse::done()
}
