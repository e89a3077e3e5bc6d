//! `GET /contacts/userList`: a page of users, searched by name or metadata.
//!
//! ```text
//! C: ?name=bo%20b&page=1&size=30&metadataKey=tier&metadataValues=gold&metadataValues=silver
//! C: ?name=&page=1&size=30&metadataKey=&metadataValues=                   without filter
//! S: {"status":200,"message":"Success","data":{"userList":[{<a profile>,"isMuted":0}],"totalPages":1,"totalRecords":1}}
//! ```
//!
//! The name is URI-encoded, the values are form-encoded. The key is URI-encoded as well, which the
//! official SDK forgets. Source: observed: Web SDK 4.25.10.
//! Fixture: `fixtures/user_list/`.

use super::profile::{Profile, ProfileData};
use super::{endpoint, required};
use crate::http::ResponseLimits;
use crate::metadata::MetaValue;
use crate::query::{encode_component, encode_form, pairs};
use crate::wire;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::Iv;
use mfly_proto::jid::UserId;
use mfly_proto::listed::{Listed, SkipReason, Skipped};
use serde::{Deserialize, Serialize};

/// The size that one user may have in a response, in bytes.
const USER_BYTES: usize = 4 * 1024;

/// The largest response for a page of any size: 64 MiB.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Requests a page of users.
#[derive(Clone, Debug)]
pub struct Request {
    iv: Iv,
    query: Query,
}

impl Request {
    /// The first 30 users, decrypted with the profile IV.
    #[must_use]
    pub fn new(iv: Iv) -> Self {
        let query = Query { page: 1, size: 30, ..Query::default() };
        Self { iv, query }
    }

    /// Selects the users whose name contains `name`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.query.name = name.into();
        self
    }

    /// Selects another page, counted from 1, of `size` users.
    ///
    /// # Errors
    /// When `page` or `size` is 0.
    pub fn page(mut self, page: u32, size: u32) -> Result<Self, InvalidArgument> {
        for (name, number) in [("page", page), ("limit", size)] {
            if number == 0 {
                return Err(InvalidArgument::new(name, "must be at least 1"));
            }
        }
        (self.query.page, self.query.size) = (page, size);
        Ok(self)
    }

    /// Selects the users whose metadata has one of `values` under `key`. Empty texts among the
    /// values are left out, as in the official SDK.
    ///
    /// # Errors
    /// When the key is empty, or no value can be sent.
    pub fn filter<V: Into<MetaValue>>(
        mut self,
        key: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, InvalidArgument> {
        self.query.metadata_key = required("metaDataKey", key)?;
        let refuse = |name, reason| InvalidArgument::new(name, reason);
        let text = |value: V| match value.into() {
            MetaValue::Text(text) => Ok(text),
            MetaValue::Integer(number) => Ok(number.to_string()),
            MetaValue::Decimal(number) => Ok(number.to_string()),
            MetaValue::Flag(flag) => Ok(flag.to_string()),
            MetaValue::Other(_) => {
                let reason = "metaDataArrayValues should be Valid data type";
                Err(refuse("metaDataArrayValues", reason))
            }
        };
        let mut texts = values.into_iter().map(text).collect::<Result<Vec<_>, _>>()?;
        texts.retain(|text| !text.is_empty());
        if texts.is_empty() {
            return Err(refuse("metaDataValues", "metaDataValues should be Valid data type"));
        }
        self.query.metadata_values = texts;
        Ok(self)
    }
}

/// The decoded query string.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Query {
    /// A part of the name; empty for all users.
    pub name: String,
    /// The number of the page, from 1.
    pub page: u32,
    /// The number of users in a page.
    pub size: u32,
    /// The metadata key to filter by; empty without filter.
    pub metadata_key: String,
    /// The metadata values to filter by.
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

    /// For servers: reads a query string. Missing and unreadable members get the default, the first
    /// page of 30 users.
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

/// A decrypted page of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The users. Entries without a valid user id are left out and counted.
    pub users: Listed<User>,
    /// The number of pages.
    pub total_pages: u64,
    /// The number of users in all pages.
    pub total_users: u64,
}

/// A user in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The profile of the user.
    pub profile: Profile,
    /// Whether the logged-in user has muted this user.
    pub is_muted: bool,
}

/// The member `data` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResponseData {
    /// The entries of the list.
    #[serde(with = "wire::listed")]
    pub user_list: Listed<UserData>,
    /// The number of pages.
    #[serde(deserialize_with = "wire::count")]
    pub total_pages: u64,
    /// The number of users in all pages.
    #[serde(deserialize_with = "wire::count")]
    pub total_records: u64,
}

/// A user on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UserData {
    /// The profile, sealed.
    #[serde(flatten)]
    pub profile: ProfileData,
    /// 1 if the user is muted, otherwise 0.
    #[serde(rename = "isMuted", with = "wire::flag", default)]
    pub is_muted: bool,
}

endpoint! {
    Request, UserToken, GET "/contacts/userList" => Response;
    target(self) format!("{}?{}", Self::PATH, self.query.write());
    limits(self) {
        let users = usize::try_from(self.query.size).unwrap_or(usize::MAX);
        let mut limits = ResponseLimits::JSON;
        limits.max_bytes = users.saturating_mul(USER_BYTES).clamp(limits.max_bytes, MOST_BYTES);
        limits
    };
    decode(self, response) {
        let data: ResponseData = response.data()?;
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
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint as _;
    use crate::envelope::RawResponse;

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
        let answer = RawResponse::new(Request::PATH, ::http::Response::new(body.into()));
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
