//! `GET /contacts/userList`: everybody but the caller, by pages, searched by name or metadata.
//!
//! Names are compared in clear, without regard to case; the order is by name, then by id (both
//! inferred).

use crate::answer::Answer;
use crate::call::{Caller, RestCall, Route};
use crate::feature::profile;
use crate::world::{User, World};
use http::Method;
use mfly_api::endpoint::user_list::{Query, ResponseData, UserData};
use mfly_proto::jid::UserId;
use serde_json::Value;

pub(crate) const ROUTES: &[Route] = &[Route::user(Method::GET, "/contacts/userList", user_list)];

/// Most users in a page.
const PAGE: u32 = 1000;

fn user_list(call: &RestCall<'_>, caller: &Caller) -> Answer {
    let query = Query::read(call.query);
    call.world(|world| Answer::success(page(world, &caller.user, &query)))
}

fn page(world: &World, asker: &UserId, query: &Query) -> ResponseData {
    let name = query.name.to_lowercase();
    let mut found: Vec<(String, &User)> = world
        .users()
        .filter(|user| user.id != *asker && has_metadata(user, query))
        .map(|user| (world.nick_name(user).to_lowercase(), user))
        .filter(|(nick_name, _)| nick_name.contains(&name))
        .collect();
    found.sort_by(|(one, a), (other, b)| (one, &a.id).cmp(&(other, &b.id)));

    let total = found.len() as u64;
    let size = u64::from(query.size.clamp(1, PAGE));
    let first = u64::from(query.page.max(1) - 1).saturating_mul(size);
    let skipped = usize::try_from(first).unwrap_or(usize::MAX);
    let taken = usize::try_from(size).unwrap_or(usize::MAX);
    let rows = found.iter().skip(skipped).take(taken);
    ResponseData {
        user_list: rows
            .filter_map(|(_, user)| row(world, asker, user))
            .collect(),
        total_pages: total.div_ceil(size),
        total_records: total,
    }
}

fn row(world: &World, asker: &UserId, user: &User) -> Option<UserData> {
    let is_muted = world
        .user(asker)
        .is_some_and(|asker| asker.muted_users.contains(&user.id));
    let view = world.profile_for(asker, &user.id)?;
    Some(UserData {
        profile: profile::rest::data(view),
        is_muted,
    })
}

/// Whether the filter lets a user through. Values are compared as text.
fn has_metadata(user: &User, query: &Query) -> bool {
    query.metadata_key.is_empty()
        || user.metadata.get(&query.metadata_key).is_some_and(|value| {
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            query.metadata_values.contains(&text)
        })
}
