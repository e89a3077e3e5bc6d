//! Lists that apps request at start-up and that are always empty here: chats, groups and calls.
//!
//! An app whose request fails stops there; with an empty list it goes on.

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
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

fn recent_chats(_: &RestCall<'_>, _: &Caller) -> RestResult {
    Ok(RestResponse::success(json!({ "chatList": [] })))
}

fn chat_history(_: &RestCall<'_>, _: &Caller) -> RestResult {
    let counts = json!({ "chatList": [], "totalPages": 1, "totalCount": 0, "totalRecords": 0 });
    Ok(RestResponse::success(counts))
}

fn groups(_: &RestCall<'_>, _: &Caller) -> RestResult {
    Ok(RestResponse::success(json!({ "groupsList": [] })))
}

fn call_logs(_: &RestCall<'_>, _: &Caller) -> RestResult {
    Ok(RestResponse::success(json!({ "callLogs": [], "totalPages": 0 })))
}

fn store_call_logs(_: &RestCall<'_>, _: &Caller) -> RestResult {
    Ok(RestResponse::done())
}
