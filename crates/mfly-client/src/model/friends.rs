//! The contact list as an app sees it.

use super::profile::Profile;
use mfly_proto::cipher::{Iv, ProfileCipher};
use mfly_proto::jid::{BareJid, UserId};
use mfly_proto::lenient::flag;
use mfly_proto::listed::{Listed, SkipReason, Skipped};
use mfly_proto::payload::friends::{self, FriendItem};
use serde_json::{Value, json};

/// The contact list of an account.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Friends {
    /// Whether the app may read the phone's contacts: 0 no; absent when the server does not say.
    pub permission: Option<u32>,
    /// The contacts, and what of the server's list names no account.
    pub users: Listed<Friend>,
}

/// One contact of the list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Friend {
    /// The address of the contact.
    pub user: BareJid,
    /// The name that the own user gave the contact, if any.
    pub name: Option<String>,
    /// The contact's profile; empty fields when the list carries none.
    pub profile: Profile,
}

impl Friends {
    pub(crate) fn open(list: friends::Friends, iv: &Iv) -> Self {
        let users = list.items.try_map(|item| Friend::open(item, iv));
        Self { permission: list.permission, users }
    }

    /// The list in the shape of the official SDK.
    #[must_use]
    pub fn official(&self) -> Value {
        // parseInt of a missing attribute gives NaN there, which JSON writes as null.
        json!({
            "users": self.users.iter().map(Friend::official).collect::<Vec<_>>(),
            "permission": self.permission,
        })
    }
}

impl Friend {
    /// Skips an entry without local part: it is not a user.
    fn open(item: FriendItem, iv: &Iv) -> Result<Self, Skipped> {
        let no_user = || Skipped::new(SkipReason::Invalid("jid"), item.user.as_str());
        let id: UserId = item.user.user_id().ok_or_else(no_user)?;
        let card = item.profile.unwrap_or_default();
        let mut profile = Profile::open(&id, &card, iv);
        profile.is_admin_blocked =
            card.other("is_admin_blocked").map(|text| flag(text) == Some(true));
        let sealed_name = card.other("name").filter(|name| !name.is_empty());
        let opened = sealed_name.map(|name| ProfileCipher::new(&id, iv).open(name).into_string());
        Ok(Self { user: item.user, name: opened.or(item.name), profile })
    }

    /// The contact in the shape of the official SDK, which calls the contact's own name `name` and
    /// the given name `nickName`.
    fn official(&self) -> Value {
        let profile = &self.profile;
        json!({
            "name": profile.nick_name,
            "image": profile.image,
            "thumbImage": profile.thumb_image,
            "email": profile.email,
            "isFriend": true,
            "status": profile.status,
            "userJid": self.user.as_str(),
            "mobileNumber": profile.mobile_number,
            "userId": profile.user.as_str(),
            "nickName": self.name.as_deref().unwrap_or_default(),
            "isAdminBlocked": profile.is_admin_blocked == Some(true),
        })
    }
}
