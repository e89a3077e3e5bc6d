//! `GET /contacts/vcard?userId=<id>`: a user's profile.
//!
//! ```text
//! S: {"status":200,"message":"Success","data":{"userId":"bob02","nickName":"<sealed>","email":"<sealed>","mobileNumber":"<sealed>",
//!    "image":"img-token","thumbImage":"thumb-token","status":"Available","isAdminBlocked":0}}
//! S: {"status":204,"message":"No content"}             no such user
//! ```
//!
//! Sealed with the id of the profile's user and the profile IV; bare values are accepted. Source:
//! observed: Web SDK 4.25.10; it reads the sealed members and `isAdminBlocked`, the names of the
//! others are inferred. Fixture: `fixtures/profile/`.

use super::Endpoint;
use crate::auth::UserToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::query::{encode_component, first};
use crate::wire;
use ::http::Method;
use mfly_proto::cipher::{Decrypted, Iv, ProfileCipher};
use mfly_proto::jid::UserId;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Asks for a profile.
#[derive(Clone, Debug)]
pub struct Request {
    user: UserId,
    iv: Iv,
}

impl Request {
    /// The profile of `user`, opened with the profile IV.
    #[must_use]
    pub fn new(user: UserId, iv: Iv) -> Self {
        Self { user, iv }
    }

    /// Whose profile a query string asks for; for servers.
    #[must_use]
    pub fn user_in_query(query: &str) -> Option<UserId> {
        UserId::new(&first(query, "userId")?).ok()
    }
}

/// A profile, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Whose.
    pub user: UserId,
    /// The name others see.
    pub nickname: Decrypted,
    /// The e-mail address.
    pub email: Decrypted,
    /// The telephone number.
    pub mobile_number: Decrypted,
    /// The picture's file token or URL; may be empty.
    pub image: String,
    /// The same for the small picture.
    pub thumb_image: String,
    /// What the user says about themselves.
    pub status: String,
    /// Whether an administrator has blocked the user.
    pub is_admin_blocked: bool,
}

/// A profile on the wire, with sealed members.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProfileData {
    /// Whose.
    #[serde(deserialize_with = "wire::any_text")]
    pub user_id: String,
    /// Sealed.
    #[serde(deserialize_with = "wire::any_text")]
    pub nick_name: String,
    /// Sealed.
    #[serde(deserialize_with = "wire::any_text")]
    pub email: String,
    /// Sealed.
    #[serde(deserialize_with = "wire::any_text")]
    pub mobile_number: String,
    /// A file token or URL.
    #[serde(deserialize_with = "wire::any_text")]
    pub image: String,
    /// A file token or URL.
    #[serde(deserialize_with = "wire::any_text")]
    pub thumb_image: String,
    /// Bare.
    #[serde(deserialize_with = "wire::any_text")]
    pub status: String,
    /// 0 or 1.
    #[serde(with = "wire::flag")]
    pub is_admin_blocked: bool,
}

impl ProfileData {
    /// Opens the sealed members, which belong to `user`.
    #[must_use]
    pub fn open(self, user: UserId, iv: &Iv) -> Profile {
        let cipher = ProfileCipher::new(&user, iv);
        Profile {
            nickname: cipher.open(&self.nick_name),
            email: cipher.open(&self.email),
            mobile_number: cipher.open(&self.mobile_number),
            image: self.image,
            thumb_image: self.thumb_image,
            status: self.status,
            is_admin_blocked: self.is_admin_blocked,
            user,
        }
    }
}

impl Endpoint for Request {
    type Auth = UserToken;
    type Response = Profile;
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/contacts/vcard";

    fn target(&self) -> Cow<'_, str> {
        format!("{}?userId={}", Self::PATH, encode_component(self.user.as_str())).into()
    }

    fn decode(&self, answer: Answer) -> Result<Profile, ApiError> {
        match answer.data::<ProfileData>() {
            Ok(data) => Ok(data.open(self.user.clone(), &self.iv)),
            Err(ApiError::Refused { status: 204, .. }) => Err(ApiError::UserNotAvailable),
            Err(error) => Err(error),
        }
    }
}
