//! `GET /contacts/vcard?userId=<id>`: a user's profile.
//!
//! ```text
//! S: {"status":200,"message":"Success","data":{"userId":"bob02","nickName":"<sealed>","email":"<sealed>","mobileNumber":"<sealed>",
//!    "image":"img-token","thumbImage":"thumb-token","status":"Available","isAdminBlocked":0}}
//! S: {"status":204,"message":"No content"}             unknown user
//! ```
//!
//! Members are sealed with the id of the profile's user and the profile IV; plain values are
//! accepted. Source: observed: Web SDK 4.25.10, which reads the sealed members and
//! `isAdminBlocked`; the names of the others are inferred. Fixture: `fixtures/profile/`.

use super::endpoint;
use crate::error::ApiError;
use crate::query::{encode_component, first};
use crate::wire;
use mfly_proto::cipher::{Decrypted, Iv, ProfileCipher};
use mfly_proto::jid::UserId;
use serde::{Deserialize, Serialize};

/// Requests the profile of a user.
#[derive(Clone, Debug)]
pub struct Request {
    user: UserId,
    iv: Iv,
}

impl Request {
    /// The profile of `user`, decrypted with the profile IV.
    #[must_use]
    pub fn new(user: UserId, iv: Iv) -> Self {
        Self { user, iv }
    }

    /// For servers: the user whose profile a query string requests.
    #[must_use]
    pub fn user_in_query(query: &str) -> Option<UserId> {
        UserId::new(&first(query, "userId")?).ok()
    }
}

/// A decrypted profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The user that the profile belongs to.
    pub user: UserId,
    /// The display name.
    pub nickname: Decrypted,
    /// The e-mail address.
    pub email: Decrypted,
    /// The telephone number.
    pub mobile_number: Decrypted,
    /// The file token or URL of the picture; may be empty.
    pub image: String,
    /// The file token or URL of the thumbnail; may be empty.
    pub thumb_image: String,
    /// The status text that the user wrote.
    pub status: String,
    /// Whether an administrator has blocked the user.
    pub is_admin_blocked: bool,
}

/// A profile on the wire. Some members are sealed.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProfileData {
    /// The id of the user.
    #[serde(deserialize_with = "wire::any_text")]
    pub user_id: String,
    /// The display name, sealed.
    #[serde(deserialize_with = "wire::any_text")]
    pub nick_name: String,
    /// The e-mail address, sealed.
    #[serde(deserialize_with = "wire::any_text")]
    pub email: String,
    /// The telephone number, sealed.
    #[serde(deserialize_with = "wire::any_text")]
    pub mobile_number: String,
    /// The file token or URL of the picture.
    #[serde(deserialize_with = "wire::any_text")]
    pub image: String,
    /// The file token or URL of the thumbnail.
    #[serde(deserialize_with = "wire::any_text")]
    pub thumb_image: String,
    /// The status text, not sealed.
    #[serde(deserialize_with = "wire::any_text")]
    pub status: String,
    /// 1 if an administrator has blocked the user, otherwise 0.
    #[serde(with = "wire::flag")]
    pub is_admin_blocked: bool,
}

impl ProfileData {
    /// Decrypts the profile of `user`.
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

endpoint! {
    Request, UserToken, GET "/contacts/vcard" => Profile;
    target(self) format!("{}?userId={}", Self::PATH, encode_component(self.user.as_str()));
    decode(self, response) match response.data::<ProfileData>() {
        Ok(data) => Ok(data.open(self.user.clone(), &self.iv)),
        Err(ApiError::Refused { status: 204, .. }) => Err(ApiError::UserNotAvailable),
        Err(error) => Err(error),
    };
}
