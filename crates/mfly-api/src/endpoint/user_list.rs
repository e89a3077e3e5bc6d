//! `GET /contacts/userList`: a page of users, searched by name or metadata.
//!
//! ```text
//! C: ?name=bo%20b&page=1&size=30&metadataKey=tier&metadataValues=gold&metadataValues=silver
//! C: ?name=&page=1&size=30&metadataKey=&metadataValues=                   without filter
//! S: {"status":200,"message":"Success","data":{"userList":[{<a profile>,"isMuted":0}],"totalPages":1,"totalRecords":1}}
//! ```
//!
//! The name is URI-encoded, the values are form-encoded. The official SDK does not encode the key;
//! this does, which changes nothing for a plain one. Source: observed: Web SDK 4.25.10.
//! Fixture: `fixtures/user_list/`.

use super::profile::{Profile, ProfileData};
use super::{Endpoint, required};
use crate::auth::UserToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::http::ResponseLimits;
use crate::metadata::MetaValue;
use crate::query::{encode_component, encode_form, pairs};
use crate::wire;
use ::http::Method;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::Iv;
use mfly_proto::jid::UserId;
use mfly_proto::listed::{Listed, SkipReason, Skipped};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What one user may take in an answer, in bytes.
const USER_BYTES: usize = 4 * 1024;

/// The longest answer, whatever the size of the page: 64 MiB.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Asks for a page of users.
#[derive(Clone, Debug)]
pub struct Request {
    iv: Iv,
    query: Query,
}

impl Request {
    /// The first 30 users, opened with the profile IV.
    #[must_use]
    pub fn new(iv: Iv) -> Self {
        let query = Query { page: 1, size: 30, ..Query::default() };
        Self { iv, query }
    }

    /// Only users whose name contains `name`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.query.name = name.into();
        self
    }

    /// Another page, counted from 1, of `size` users.
    ///
    /// # Errors
    /// When either is 0.
    pub fn page(mut self, page: u32, size: u32) -> Result<Self, InvalidArgument> {
        for (name, number) in [("page", page), ("limit", size)] {
            if number == 0 {
                return Err(InvalidArgument::new(name, "must be at least 1"));
            }
        }
        (self.query.page, self.query.size) = (page, size);
        Ok(self)
    }

    /// Only users whose metadata has one of `values` under `key`. Empty texts among them are left
    /// out, as the official SDK does.
    ///
    /// # Errors
    /// When the key is empty, or there is no value that can be sent.
    pub fn filter<V: Into<MetaValue>>(
        mut self,
        key: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, InvalidArgument> {
        self.query.metadata_key = required("metaDataKey", key)?;
        let mut texts = Vec::new();
        for value in values {
            texts.push(match value.into() {
                MetaValue::Text(text) => text,
                MetaValue::Integer(number) => number.to_string(),
                MetaValue::Decimal(number) => number.to_string(),
                MetaValue::Flag(flag) => flag.to_string(),
                MetaValue::Other(_) => {
                    let reason = "metaDataArrayValues should be Valid data type";
                    return Err(InvalidArgument::new("metaDataArrayValues", reason));
                }
            });
        }
        texts.retain(|text| !text.is_empty());
        if texts.is_empty() {
            let reason = "metaDataValues should be Valid data type";
            return Err(InvalidArgument::new("metaDataValues", reason));
        }
        self.query.metadata_values = texts;
        Ok(self)
    }
}

/// What the query string says.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Query {
    /// A part of the name; empty for all.
    pub name: String,
    /// The page, from 1.
    pub page: u32,
    /// Users in a page.
    pub size: u32,
    /// The metadata name to filter by; empty for no filter.
    pub metadata_key: String,
    /// The values to filter by.
    pub metadata_values: Vec<String>,
}

impl Query {
    /// Writes the query string.
    #[must_use]
    pub fn write(&self) -> String {
        let values = if self.metadata_values.is_empty() {
            &[String::new()][..]
        } else {
            &self.metadata_values
        };
        let mut query = format!(
            "name={}&page={}&size={}&metadataKey={}",
            encode_component(&self.name),
            self.page,
            self.size,
            encode_component(&self.metadata_key),
        );
        for value in values {
            query.push_str("&metadataValues=");
            query.push_str(&encode_form(value));
        }
        query
    }

    /// Reads a query string; for servers. What is missing or unreadable keeps its default: the
    /// first page of 30.
    #[must_use]
    pub fn read(query: &str) -> Self {
        let mut read = Self { page: 1, size: 30, ..Self::default() };
        for (name, value) in pairs(query) {
            match name.as_str() {
                "name" => read.name = value,
                "page" => read.page = value.parse().unwrap_or(read.page),
                "size" => read.size = value.parse().unwrap_or(read.size),
                "metadataKey" => read.metadata_key = value,
                "metadataValues" if !value.is_empty() => read.metadata_values.push(value),
                _ => {}
            }
        }
        read
    }
}

/// A page of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The users; what of the list names no user is left out and counted.
    pub users: Listed<User>,
    /// How many pages there are.
    pub total_pages: u64,
    /// How many users there are in all pages.
    pub total_users: u64,
}

/// A user in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their profile.
    pub profile: Profile,
    /// Whether the one who asks has muted them.
    pub is_muted: bool,
}

/// `data` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResponseData {
    /// The users.
    #[serde(with = "wire::listed")]
    pub user_list: Listed<UserData>,
    /// How many pages there are.
    #[serde(deserialize_with = "wire::count")]
    pub total_pages: u64,
    /// How many users there are in all pages.
    #[serde(deserialize_with = "wire::count")]
    pub total_records: u64,
}

/// A user on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UserData {
    /// Their profile, sealed.
    #[serde(flatten)]
    pub profile: ProfileData,
    /// 0 or 1.
    #[serde(rename = "isMuted", with = "wire::flag", default)]
    pub is_muted: bool,
}

impl Endpoint for Request {
    type Auth = UserToken;
    type Response = Response;
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/contacts/userList";

    fn target(&self) -> Cow<'_, str> {
        format!("{}?{}", Self::PATH, self.query.write()).into()
    }

    /// As many bytes as the page's users may take.
    fn limits(&self) -> ResponseLimits {
        let users = usize::try_from(self.query.size).unwrap_or(usize::MAX);
        let mut limits = ResponseLimits::JSON;
        limits.max_bytes = users.saturating_mul(USER_BYTES).clamp(limits.max_bytes, MOST_BYTES);
        limits
    }

    fn decode(&self, answer: Answer) -> Result<Response, ApiError> {
        let data: ResponseData = answer.data()?;
        let open = |user: UserData| {
            let named = user.profile.user_id.trim();
            let reason = match named {
                "" => SkipReason::Missing("userId"),
                _ => SkipReason::Invalid("userId"),
            };
            let id = UserId::new(named).map_err(|_| Skipped::new(reason, named))?;
            Ok(User { profile: user.profile.open(id, &self.iv), is_muted: user.is_muted })
        };
        Ok(Response {
            users: data.user_list.try_map(open),
            total_pages: data.total_pages,
            total_users: data.total_records,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request::new(Iv::new("").unwrap())
    }

    #[test]
    fn without_filter_an_empty_key_and_one_empty_value_are_sent() {
        let target = request().target().into_owned();
        assert_eq!(target, "/contacts/userList?name=&page=1&size=30&metadataKey=&metadataValues=");
    }

    #[test]
    fn a_server_reads_back_what_was_written() {
        let values = [MetaValue::from("a b&c"), MetaValue::from(3), MetaValue::from("")];
        let request = request().name("é+?").page(2, 5).unwrap().filter("tier", values).unwrap();
        assert_eq!(Query::read(&request.query.write()), request.query);
        assert_eq!(request.query.metadata_values, ["a b&c", "3"]);
    }

    #[test]
    fn an_odd_entry_leaves_the_others_and_odd_totals_are_read() {
        let entries = [
            r#"{"userId":"u1","nickName":5,"status":true,"isMuted":" TRUE "}"#,
            r#"{"nickName":"x"}"#,
            r#"{"userId":""}"#,
            r#"{"userId":"a b"}"#,
            "null",
            r#""u3""#,
            r#"{"userId":"u4","status":{}}"#,
            r#"{"userId":5}"#,
        ];
        let body = format!(
            r#"{{"status":"200","message":"Success","data":{{"userList":[{}],"totalPages":" 2.0","totalRecords":-1}}}}"#,
            entries.join(",")
        );
        let answer = Answer::new(Request::PATH, ::http::Response::new(body.into()));
        let page = request().decode(answer).unwrap();
        let ids: Vec<_> = page.users.iter().map(|user| user.profile.user.as_str()).collect();
        assert_eq!(ids, ["u1", "5"]);
        assert_eq!((page.total_pages, page.total_users), (2, 0));
        assert_eq!(page.users[0].profile.status, "true");
        assert!(page.users[0].is_muted);
        assert_eq!(page.users.skipped_count(), 6);
        let reasons: Vec<_> = page.users.skipped().iter().map(|s| s.reason).collect();
        let (missing, invalid) = (SkipReason::Missing("userId"), SkipReason::Invalid("userId"));
        let none = SkipReason::NoEntry;
        assert_eq!(reasons, [none, none, none, missing, missing, invalid]);
        assert_eq!(page.users.skipped()[0].text, "null");
    }

    #[test]
    fn a_large_page_may_be_long_and_no_page_is_without_bound() {
        let limit = |size| request().page(1, size).unwrap().limits().max_bytes;
        assert_eq!(limit(30), ResponseLimits::JSON.max_bytes);
        assert_eq!(limit(1_000), 1_000 * USER_BYTES);
        assert_eq!(limit(u32::MAX), MOST_BYTES);
    }

    #[test]
    fn a_filter_needs_a_key_and_a_value_and_pages_start_at_one() {
        assert_eq!(request().filter("", ["a"]).unwrap_err().name, "metaDataKey");
        assert_eq!(request().filter("k", [""; 2]).unwrap_err().name, "metaDataValues");
        assert_eq!(request().page(0, 1).unwrap_err().name, "page");
        assert_eq!(request().page(1, 0).unwrap_err().name, "limit");
    }
}
