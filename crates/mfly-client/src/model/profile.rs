//! A profile as an app sees it: decrypted, with a list of the fields that could not be decrypted.

use mfly_api::endpoint;
use mfly_proto::cipher::{Decrypted, Iv, ProfileCipher};
use mfly_proto::jid::UserId;
use mfly_proto::payload::profile::VCard;
use serde_json::{Value, json};

/// A profile field that travels encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The field [`Profile::nick_name`].
    NickName,
    /// The field [`Profile::email`].
    Email,
    /// The field [`Profile::mobile_number`].
    MobileNumber,
}

/// The profile of a user.
///
/// `nick_name`, `email` and `mobile_number` travel sealed. A field that could not be opened holds
/// what stood on the wire, and [`Profile::undecryptable`] names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The user whose profile it is.
    pub user: UserId,
    /// The name that the user goes by.
    pub nick_name: String,
    /// The e-mail address.
    pub email: String,
    /// The telephone number.
    pub mobile_number: String,
    /// Token or URL of the image; empty for none.
    pub image: String,
    /// Token or URL of the small image; empty for none.
    pub thumb_image: String,
    /// The status line.
    pub status: String,
    /// Whether an administrator blocked the user; `None` where the source does not say, as in a
    /// change notice.
    pub is_admin_blocked: Option<bool>,
    /// Further fields of a change push or a contact list, as name and text.
    pub others: Vec<(String, String)>,
    undecryptable: Vec<Field>,
}

impl Profile {
    /// The fields that could not be opened: they were stored unsealed, or sealed with another key.
    #[must_use]
    pub fn undecryptable(&self) -> &[Field] {
        &self.undecryptable
    }

    /// The profile in the shape of the official SDK: the `data` of `getUserProfile` and the payload
    /// of `userProfileListener`.
    #[must_use]
    pub fn official(&self) -> Value {
        let mut data = json!({
            "userId": self.user.as_str(),
            "fromUser": self.user.as_str(),
            "nickName": self.nick_name,
            "email": self.email,
            "mobileNumber": self.mobile_number,
            "image": self.image,
            "thumbImage": self.thumb_image,
            "status": self.status,
        });
        if let Some(blocked) = self.is_admin_blocked {
            data["isAdminBlocked"] = json!(blocked);
        }
        data
    }

    /// The profile that the REST API answered with.
    #[must_use]
    pub fn from_api(profile: endpoint::profile::Profile) -> Self {
        let sealed = [&profile.nickname, &profile.email, &profile.mobile_number];
        let undecryptable = unopened(sealed);
        Self {
            user: profile.user,
            nick_name: profile.nickname.into_string(),
            email: profile.email.into_string(),
            mobile_number: profile.mobile_number.into_string(),
            image: profile.image,
            thumb_image: profile.thumb_image,
            status: profile.status,
            is_admin_blocked: Some(profile.is_admin_blocked),
            others: Vec::new(),
            undecryptable,
        }
    }

    /// Opens a vCard.
    pub(crate) fn open(user: &UserId, card: &VCard, iv: &Iv) -> Self {
        let cipher = ProfileCipher::new(user, iv);
        let [nick_name, email, mobile_number] =
            [&card.nick_name, &card.email, &card.mobile_number].map(|sealed| cipher.open(sealed));
        let undecryptable = unopened([&nick_name, &email, &mobile_number]);
        Self {
            user: user.clone(),
            nick_name: nick_name.into_string(),
            email: email.into_string(),
            mobile_number: mobile_number.into_string(),
            image: card.image.clone(),
            thumb_image: card.thumb_image.clone(),
            status: card.status.clone(),
            is_admin_blocked: None,
            others: card.others.clone(),
            undecryptable,
        }
    }
}

/// Which of nick name, e-mail address and telephone number passed through unopened. An empty one is
/// no loss.
fn unopened(fields: [&Decrypted; 3]) -> Vec<Field> {
    [Field::NickName, Field::Email, Field::MobileNumber]
        .into_iter()
        .zip(fields)
        .filter(|(_, opened)| opened.is_passthrough() && !opened.as_str().is_empty())
        .map(|(field, _)| field)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iv() -> Iv {
        Iv::new("profileIv1234567").unwrap()
    }

    #[test]
    fn a_field_that_cannot_be_opened_is_named_and_keeps_what_stood_on_the_wire() {
        let user = UserId::new("u2").unwrap();
        let card = VCard {
            nick_name: "Plain".to_owned(),
            email: ProfileCipher::new(&user, &iv()).seal("b@e.co"),
            ..VCard::default()
        };
        let profile = Profile::open(&user, &card, &iv());
        assert_eq!(profile.nick_name, "Plain");
        assert_eq!(profile.email, "b@e.co");
        assert_eq!(profile.undecryptable(), [Field::NickName]);
    }

    #[test]
    fn a_profile_sealed_for_another_user_is_not_taken_for_an_opened_one() {
        let other = UserId::new("u3").unwrap();
        let sealed = ProfileCipher::new(&other, &iv()).seal("Carol");
        let card = VCard { nick_name: sealed.clone(), ..VCard::default() };
        let profile = Profile::open(&UserId::new("u2").unwrap(), &card, &iv());
        assert_eq!(profile.nick_name, sealed);
        assert_eq!(profile.undecryptable(), [Field::NickName]);
    }

    #[test]
    fn a_profile_of_the_rest_api_has_the_official_shape() {
        let plain = |text: &str| Decrypted::Plain(text.to_owned());
        let profile = Profile::from_api(endpoint::profile::Profile {
            user: UserId::new("u2").unwrap(),
            nickname: plain("Bob"),
            email: plain("bob@example.com"),
            mobile_number: plain("15550100"),
            image: "img.tok".to_owned(),
            thumb_image: "thumb.tok".to_owned(),
            status: "Hey".to_owned(),
            is_admin_blocked: false,
        });
        let recorded = json!({
            "userId": "u2", "nickName": "Bob", "email": "bob@example.com", "mobileNumber": "15550100",
            "image": "img.tok", "thumbImage": "thumb.tok", "status": "Hey", "isAdminBlocked": false,
            "fromUser": "u2",
        });
        assert_eq!(profile.official(), recorded);
    }

    #[test]
    fn an_empty_field_counts_as_opened() {
        let profile = Profile::open(&UserId::new("u2").unwrap(), &VCard::default(), &iv());
        assert_eq!(profile.undecryptable(), []);
    }
}
