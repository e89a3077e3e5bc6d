//! A profile in a document: in clear, and sealed again when it is read back.

use mfly_proto::cipher::{Decrypted, Iv, ProfileCipher};
use mfly_proto::jid::UserId;
use mfly_proto::payload::profile::VCard;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A profile in clear.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = StateProfile)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ProfileDocument {
    pub(super) nick_name: String,
    pub(super) email: String,
    pub(super) mobile_number: String,
    pub(super) status: String,
    /// The picture: a file token or a URL.
    pub(super) image: String,
    /// The small picture: a file token or a URL.
    pub(super) thumb_image: String,
    /// Further fields of the vCard, name and text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) others: Vec<(String, String)>,
    /// The text of fields that were not sealed as the server seals them, by name. It has precedence
    /// over the field itself.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) as_received: BTreeMap<String, String>,
}

impl ProfileDocument {
    /// The profile of a vCard, opened.
    pub(super) fn of(user: &UserId, iv: &Iv, card: &VCard) -> Self {
        let cipher = ProfileCipher::new(user, iv);
        let mut as_received = BTreeMap::new();
        let mut open = |name: &str, sealed: &str| {
            let (Decrypted::Plain(clear) | Decrypted::Passthrough(clear)) = cipher.open(sealed);
            if seal(&cipher, &clear) != sealed {
                as_received.insert(name.to_owned(), sealed.to_owned());
            }
            clear
        };
        Self {
            nick_name: open("nickName", &card.nick_name),
            email: open("email", &card.email),
            mobile_number: open("mobileNumber", &card.mobile_number),
            status: card.status.clone(),
            image: card.image.clone(),
            thumb_image: card.thumb_image.clone(),
            others: card.others.clone(),
            as_received,
        }
    }

    /// The vCard of the profile, sealed.
    pub(super) fn card(&self, user: &UserId, iv: &Iv) -> VCard {
        let cipher = ProfileCipher::new(user, iv);
        let sealed = |name: &str, clear: &str| {
            self.as_received.get(name).cloned().unwrap_or_else(|| seal(&cipher, clear))
        };
        VCard {
            nick_name: sealed("nickName", &self.nick_name),
            email: sealed("email", &self.email),
            mobile_number: sealed("mobileNumber", &self.mobile_number),
            status: self.status.clone(),
            image: self.image.clone(),
            thumb_image: self.thumb_image.clone(),
            others: self.others.clone(),
        }
    }
}

/// Seals a text. An empty one stays empty, as clients send it.
fn seal(cipher: &ProfileCipher, clear: &str) -> String {
    if clear.is_empty() { String::new() } else { cipher.seal(clear) }
}
