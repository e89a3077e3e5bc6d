//! Changing the own profile: whole, or only some fields.

use super::image::ProfileImage;
use mfly_api::endpoint;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::{Decrypted, ProfileCipher};
use mfly_proto::payload::profile::VCard;

/// A whole profile: what is empty here is empty afterwards.
///
/// To change single fields and keep the others, use [`ProfileUpdate`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileFields {
    /// The name that the user goes by.
    pub nick_name: String,
    /// The image; `None` for none.
    pub image: Option<ProfileImage>,
    /// The status line.
    pub status: String,
    /// The telephone number.
    pub mobile_number: String,
    /// E-mail address; empty, or of the form the official SDK accepts.
    pub email: String,
}

/// A change of some fields of the own profile. Fields not named keep their values.
///
/// ```
/// use mfly_client::ProfileUpdate;
/// let update = ProfileUpdate::new().nick_name("Alice").status("Here");
/// # let _ = update;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "pass it to Session::update_profile"]
pub struct ProfileUpdate {
    pub(super) nick_name: Option<String>,
    pub(super) image: Option<ProfileImage>,
    pub(super) status: Option<String>,
    pub(super) mobile_number: Option<String>,
    pub(super) email: Option<String>,
    pub(super) remove_image: bool,
}

impl ProfileUpdate {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the name that the user goes by.
    pub fn nick_name(mut self, nick_name: impl Into<String>) -> Self {
        self.nick_name = Some(nick_name.into());
        self
    }

    /// Changes the status line.
    pub fn status(mut self, status: impl Into<String>) -> Self {
        self.status = Some(status.into());
        self
    }

    /// Changes the telephone number.
    pub fn mobile_number(mut self, mobile_number: impl Into<String>) -> Self {
        self.mobile_number = Some(mobile_number.into());
        self
    }

    /// Changes the e-mail address; empty removes it.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Changes the image.
    pub fn image(mut self, image: ProfileImage) -> Self {
        self.image = Some(image);
        self.remove_image = false;
        self
    }

    /// Removes the image.
    pub fn remove_image(mut self) -> Self {
        self.image = None;
        self.remove_image = true;
        self
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The stored profile with the changes, sealed. What could not be opened is put back as it was
    /// stored: sealing it once more would lose it.
    pub(super) fn merge(
        &self,
        stored: endpoint::profile::Profile,
        image: Option<StoredImage>,
        cipher: &ProfileCipher,
    ) -> VCard {
        let seal = |change: &Option<String>, stored: Decrypted| match (change, stored) {
            (Some(text), _) => cipher.seal(text),
            (None, Decrypted::Plain(text)) => cipher.seal(&text),
            (None, Decrypted::Passthrough(sealed)) => sealed,
        };
        let image = if self.remove_image { Some(StoredImage::default()) } else { image };
        let image =
            image.unwrap_or(StoredImage { image: stored.image, thumb_image: stored.thumb_image });
        VCard {
            nick_name: seal(&self.nick_name, stored.nickname),
            email: seal(&self.email, stored.email),
            mobile_number: seal(&self.mobile_number, stored.mobile_number),
            status: self.status.clone().unwrap_or(stored.status),
            image: image.image,
            thumb_image: image.thumb_image,
            others: Vec::new(),
        }
    }
}

/// The image that a stored profile has now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredImage {
    /// Token or URL of the image (official name `fileToken`); empty for none.
    pub image: String,
    /// Token or URL of the small image (official name `fileTokenThumb`); empty for none.
    pub thumb_image: String,
}

/// Checks an e-mail address by the official SDK's rule: atoms of letters, digits and `_-!#$%&+`
/// joined by dots, `@`, one label of letters, digits and `-`, then one or more endings of two to
/// six letters.
pub(super) fn check_email(email: &str, required: bool) -> Result<(), InvalidArgument> {
    let atom = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-!#$%&+".contains(&b))
    };
    let label = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let ending =
        |text: &str| (2..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphabetic());
    let valid = email.split_once('@').is_some_and(|(local, domain)| {
        let mut labels = domain.split('.');
        local.split('.').all(atom)
            && labels.next().is_some_and(label)
            && domain.contains('.')
            && labels.all(ending)
    });
    if valid || (email.is_empty() && !required) {
        Ok(())
    } else {
        Err(InvalidArgument::new("email", "email is not valid or required"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mfly_proto::cipher::Iv;
    use mfly_proto::jid::UserId;

    fn cipher() -> ProfileCipher {
        ProfileCipher::new(&UserId::new("u1").unwrap(), &Iv::new("profileIv1234567").unwrap())
    }

    fn stored() -> endpoint::profile::Profile {
        endpoint::profile::Profile {
            user: UserId::new("u1").unwrap(),
            nickname: Decrypted::Passthrough("sealed with a lost key".to_owned()),
            email: Decrypted::Plain("a@b.co".to_owned()),
            mobile_number: Decrypted::Plain("1555".to_owned()),
            image: "tok".to_owned(),
            thumb_image: "tok-thumb".to_owned(),
            status: "Old".to_owned(),
            is_admin_blocked: false,
        }
    }

    #[test]
    fn a_change_of_one_field_keeps_all_others_even_one_that_cannot_be_opened() {
        let merged = ProfileUpdate::new().status("New").merge(stored(), None, &cipher());
        let expected = VCard {
            nick_name: "sealed with a lost key".to_owned(),
            email: cipher().seal("a@b.co"),
            mobile_number: cipher().seal("1555"),
            image: "tok".to_owned(),
            thumb_image: "tok-thumb".to_owned(),
            status: "New".to_owned(),
            others: Vec::new(),
        };
        assert_eq!(merged, expected);
    }

    #[test]
    fn a_changed_private_field_is_sealed() {
        let merged = ProfileUpdate::new().nick_name("Alice").merge(stored(), None, &cipher());
        assert_eq!(cipher().open(&merged.nick_name).as_str(), "Alice");
        assert_ne!(merged.nick_name, "Alice");
    }

    #[test]
    fn removing_the_image_empties_both_sizes() {
        let merged = ProfileUpdate::new().remove_image().merge(stored(), None, &cipher());
        assert_eq!((merged.image.as_str(), merged.thumb_image.as_str()), ("", ""));
    }

    #[test]
    fn a_new_image_replaces_both_sizes() {
        let image = StoredImage { image: "a".to_owned(), thumb_image: "b".to_owned() };
        let merged = ProfileUpdate::new().merge(stored(), Some(image), &cipher());
        assert_eq!((merged.image.as_str(), merged.thumb_image.as_str()), ("a", "b"));
    }

    #[test]
    fn the_official_email_rule_is_followed() {
        for email in ["a@b.co", "a+b@b-c.org", "a.b_c-d!e@x.co.uk", "1@2.abcdef"] {
            assert_eq!(check_email(email, true), Ok(()), "{email}");
        }
        for email in [
            "bad",
            "a@b",
            "a@b.c",
            "a@b.abcdefg",
            "a b@c.de",
            "a..b@c.de",
            "a@.de",
            "a@b.c1",
            "@b.co",
        ] {
            assert_eq!(check_email(email, false).unwrap_err().name, "email", "{email}");
        }
        assert_eq!(check_email("", false), Ok(()));
        assert_eq!(check_email("", true).unwrap_err().reason, "email is not valid or required");
    }
}
