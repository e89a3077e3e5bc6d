//! `GET /contacts/userList`: pages of all users but the caller, searched by name or metadata.
//!
//! Decrypted names are compared, ignoring case. Users are sorted by name, then by id (both
//! inferred).

use crate::core::world::{Named, User, World};
use crate::rest::caller::Caller;
use crate::rest::profile;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use http::Method;
use mfly_api::endpoint::user_list::{Query, ResponseData, UserData};
use mfly_proto::jid::UserId;
use serde_json::Value;
use std::ops::Range;

pub(crate) const ROUTES: &[Route] = &[Route::user(Method::GET, "/contacts/userList", user_list)];

/// Largest number of users in a page.
const PAGE: u32 = 1000;

/// How many users are read before the lock of the world is released for others.
const AT_A_TIME: usize = 256;

fn user_list(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    let query = Query::read(call.query);
    let (names, own) = call.world(|world| {
        let names = world.names();
        (names.sorted(), names.place_of(&caller.user))
    });
    let filter = Filter::new(&query);
    // The world is not locked meanwhile.
    let page = if filter.takes_all() {
        page_of_all(&names, own, &query)
    } else {
        let others = names.iter().filter(|(_, id)| *id != caller.user);
        let mut found: Vec<&UserId> =
            others.filter(|(name, _)| name.contains(&filter.name)).map(|(_, id)| id).collect();
        if !query.metadata_key.is_empty() {
            found = with_metadata(call, &found, &query);
        }
        let (range, total) = range(found.len(), &query);
        let rows = found.get(range).unwrap_or_default();
        (rows.to_vec(), total)
    };
    let (rows, total_records) = page;
    let user_list = call.world(|world| {
        let rows = rows.iter();
        rows.filter_map(|id| row(world, &caller.user, id)).collect()
    });
    let total_pages = total_records.div_ceil(size(&query));
    Ok(RestResponse::success(ResponseData { user_list, total_pages, total_records }))
}

/// The conditions of a search.
struct Filter {
    name: String,
    is_by_metadata: bool,
}

impl Filter {
    fn new(query: &Query) -> Self {
        Self { name: query.name.to_lowercase(), is_by_metadata: !query.metadata_key.is_empty() }
    }

    fn takes_all(&self) -> bool {
        self.name.is_empty() && !self.is_by_metadata
    }
}

/// A page of all users but the caller, whose index is `own`, and the number of users. Only users of
/// the page are read.
fn page_of_all<'n>(
    names: &'n [Named],
    own: Option<usize>,
    query: &Query,
) -> (Vec<&'n UserId>, u64) {
    let others = names.len() - usize::from(own.is_some());
    let (range, total) = range(others, query);
    let rows = range.map(|place| match own {
        Some(own) if place >= own => place + 1,
        _ => place,
    });
    let rows = rows.filter_map(|place| Some(&names.get(place)?.1));
    (rows.collect(), total)
}

/// The users of `found` who have the metadata of the query. The world is locked for a chunk of
/// users at a time.
fn with_metadata<'n>(call: &RestCall<'_>, found: &[&'n UserId], query: &Query) -> Vec<&'n UserId> {
    let has = |world: &World, id: &UserId| {
        let user = world.user(id);
        user.is_some_and(|user| has_metadata(user, query))
    };
    let chunks = found.chunks(AT_A_TIME).flat_map(|chunk| {
        call.world(|world| {
            let chunk = chunk.iter().copied();
            chunk.filter(|id| has(world, id)).collect::<Vec<_>>()
        })
    });
    chunks.collect()
}

/// The number of users in a page.
fn size(query: &Query) -> u64 {
    u64::from(query.size.clamp(1, PAGE))
}

/// The indices of the page's users among `count` users, and `count`.
fn range(count: usize, query: &Query) -> (Range<usize>, u64) {
    let size = size(query);
    let first = u64::from(query.page.max(1) - 1).saturating_mul(size);
    let first = usize::try_from(first).unwrap_or(usize::MAX).min(count);
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let end = first.saturating_add(size).min(count);
    (first..end, count as u64)
}

fn row(world: &World, asker: &UserId, user: &UserId) -> Option<UserData> {
    let is_muted = world.user(asker).is_some_and(|asker| asker.muted_users.contains(user));
    let view = world.profile_for(asker, user)?;
    Some(UserData { profile: profile::data(view), is_muted })
}

/// Whether a user has the metadata of the query. Values are compared as text.
fn has_metadata(user: &User, query: &Query) -> bool {
    user.metadata.get(&query.metadata_key).is_some_and(|value| {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        query.metadata_values.contains(&text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<Named> {
        let user = |number| UserId::new(&format!("u{number:05}")).unwrap();
        (0..count).map(|number| ("".into(), user(number))).collect()
    }

    fn page(names: &[Named], own: Option<usize>, page: u32) -> (Vec<String>, u64) {
        let query = Query::read(&format!("page={page}&size=3"));
        let (rows, total) = page_of_all(names, own, &query);
        (rows.iter().map(|id| id.to_string()).collect(), total)
    }

    #[test]
    fn a_page_leaves_out_the_caller_at_every_index() {
        let names = names(7);
        for (own, first, last) in [
            (Some(0), ["u00001", "u00002", "u00003"], ["u00004", "u00005", "u00006"]),
            (Some(2), ["u00000", "u00001", "u00003"], ["u00004", "u00005", "u00006"]),
            (Some(6), ["u00000", "u00001", "u00002"], ["u00003", "u00004", "u00005"]),
        ] {
            assert_eq!(page(&names, own, 1), (first.map(str::to_owned).to_vec(), 6));
            assert_eq!(page(&names, own, 2), (last.map(str::to_owned).to_vec(), 6));
            assert_eq!(page(&names, own, 3), (Vec::new(), 6));
        }
        assert_eq!(page(&names, None, 3), (vec!["u00006".to_owned()], 7));
        assert_eq!(page(&names, None, u32::MAX), (Vec::new(), 7));
    }
}
