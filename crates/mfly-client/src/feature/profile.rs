//! Profiles: one's own and those of others.
//!
//! Read over REST, `GET /contacts/vcard?userId=u2`; written over XMPP:
//! ```xml
//! <iq id type="set" xmlns="jabber:client"><vCard xmlns="vcard-temp"><nickName>sealed</nickName>…</vCard></iq>
//! ```
//! Wire forms: [`mfly_api::endpoint::profile`], [`mfly_proto::payload::profile`]. Official names:
//! `getUserProfile`, `setUserProfile`, `userProfileListener`.

mod image;
mod update;

pub use image::ProfileImage;
pub use update::{ProfileFields, ProfileUpdate, StoredImage};

use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::model::profile::Profile;
use crate::session::Session;
use crate::user::AsUser;
use mfly_api::endpoint::media_upload::{self, File};
use mfly_api::endpoint::profile as wire;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::payload::profile::{SetProfile, VCard};

impl Session {
    /// A user's profile, fresh from the server. Works while the session reconnects, too.
    ///
    /// [`Event::ProfileRead`] tells the subscriptions of this session of it, as the official SDK
    /// tells its `userProfileListener`.
    ///
    /// # Errors
    /// [`UserNotAvailable`](ErrorKind::UserNotAvailable) for an unknown or deleted user; otherwise
    /// see [`ErrorKind`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use mfly_client::{App, ErrorKind, UserId, UserIdentifier};
    /// # let server = mfly_testserver::TestServer::start().await?;
    /// # let app = App::builder(server.licence_key()).api_base_url(&server.api_base_url()).xmpp_address(&server.websocket_url()).build().await?;
    /// # let alice = app.register(&UserIdentifier::new("alice")?).await?;
    /// # let session = app.connect(&alice.credentials).await?;
    /// match session.profile(&UserId::new("nobody")?).await {
    ///     Ok(profile) => println!("{}", profile.nick_name),
    ///     Err(error) if *error.kind() == ErrorKind::UserNotAvailable => println!("deleted user"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "getUserProfile")]
    pub async fn profile<U: AsUser + ?Sized>(&self, user: &U) -> Result<Profile> {
        let user = self.context().user_id(user)?;
        let context = self.context();
        let address = user.at(context.account().domain())?;
        let request = wire::Request::new(user, context.profile_iv().clone());
        let profile = Profile::from_api(self.send(&request).await?);
        self.shared().core.subscriptions.tell(Event::ProfileRead {
            own: address == *context.account(),
            user: address,
            profile: profile.clone(),
        });
        Ok(profile)
    }

    /// The own profile, fresh from the server.
    ///
    /// # Errors
    /// As [`Session::profile`].
    #[doc(alias = "getUserProfile")]
    pub async fn own_profile(&self) -> Result<Profile> {
        self.profile(self.user()).await
    }

    /// Replaces the whole own profile: what is empty in `fields` is empty afterwards. Returns what
    /// the image is stored as. To change single fields, use [`Session::update_profile`].
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for an e-mail address of another form than
    /// the official SDK accepts; otherwise see [`ErrorKind`].
    #[doc(alias = "setUserProfile")]
    pub async fn set_profile(&self, fields: &ProfileFields) -> Result<StoredImage> {
        let quirks = self.context().quirks;
        update::check_email(&fields.email, quirks.email_required)?;
        let image = match &fields.image {
            Some(image) => self.store_image(image).await?,
            None => StoredImage::default(),
        };
        let cipher = self.context().own_cipher();
        let card = VCard {
            nick_name: cipher.seal(&fields.nick_name),
            image: image.image.clone(),
            thumb_image: image.thumb_image.clone(),
            email: cipher.seal(&fields.email),
            mobile_number: cipher.seal(&fields.mobile_number),
            status: fields.status.clone(),
            others: Vec::new(),
        };
        let _writing = self.shared().profile_writer.lock().await;
        self.write_profile(card).await?;
        Ok(image)
    }

    /// Changes some fields of the own profile and keeps the others. Returns what the image is
    /// stored as.
    ///
    /// The current profile is read first. Changes made at the same time through clones of this
    /// session cannot lose each other; the platform offers no such guard between sessions.
    ///
    /// # Errors
    /// As [`Session::set_profile`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use mfly_client::{App, ProfileUpdate, UserIdentifier};
    /// # let server = mfly_testserver::TestServer::start().await?;
    /// # let app = App::builder(server.licence_key()).api_base_url(&server.api_base_url()).xmpp_address(&server.websocket_url()).build().await?;
    /// # let alice = app.register(&UserIdentifier::new("alice")?).await?;
    /// # let session = app.connect(&alice.credentials).await?;
    /// session.update_profile(ProfileUpdate::new().nick_name("Alice")).await?;
    /// session.update_profile(ProfileUpdate::new().status("Here")).await?;
    /// let profile = session.own_profile().await?;
    /// assert_eq!((profile.nick_name.as_str(), profile.status.as_str()), ("Alice", "Here"));
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "setUserProfile")]
    #[doc(alias = "updateUserProfile")]
    pub async fn update_profile(&self, update: ProfileUpdate) -> Result<StoredImage> {
        if let Some(email) = &update.email {
            update::check_email(email, self.context().quirks.email_required)?;
        }
        // Uploading may take long: not while others wait for their turn.
        let image = match &update.image {
            Some(image) => Some(self.store_image(image).await?),
            None => None,
        };
        let context = self.context();
        let _writing = self.shared().profile_writer.lock().await;
        let request = wire::Request::new(context.user.clone(), context.profile_iv().clone());
        let stored = self.send(&request).await?;
        if update.is_empty() {
            return Ok(StoredImage { image: stored.image, thumb_image: stored.thumb_image });
        }
        let card = update.merge(stored, image, &context.own_cipher());
        let image =
            StoredImage { image: card.image.clone(), thumb_image: card.thumb_image.clone() };
        self.write_profile(card).await?;
        Ok(image)
    }

    /// Changes the own profile's image and keeps everything else.
    ///
    /// # Errors
    /// As [`Session::update_profile`].
    #[doc(alias = "setUserProfile")]
    pub async fn set_profile_image(&self, image: ProfileImage) -> Result<StoredImage> {
        self.update_profile(ProfileUpdate::new().image(image)).await
    }

    /// Removes the own profile's image and keeps everything else.
    ///
    /// # Errors
    /// As [`Session::update_profile`].
    pub async fn remove_profile_image(&self) -> Result<()> {
        self.update_profile(ProfileUpdate::new().remove_image()).await.map(drop)
    }

    async fn write_profile(&self, card: VCard) -> Result<()> {
        let context = self.context();
        let open = |card: &VCard| Profile::open(&context.user, card, context.profile_iv());
        let sent = open(&card);
        let Some(echo) = self.request(&SetProfile { card }).await? else {
            return Ok(());
        };
        let stored = open(&echo);
        let is_as_sent = same(&stored, &sent);
        // As in the official SDK: an app that shows the own profile learns of the change by the
        // event.
        self.shared().core.subscriptions.tell(Event::ProfileChanged {
            user: context.account().clone(),
            profile: Some(stored),
            own: true,
        });
        if context.quirks.verify_profile_echo && !is_as_sent {
            return Err(Error::from(ErrorKind::UnexpectedAnswer));
        }
        Ok(())
    }

    /// Uploads a file; an address or token is stored as it is, in both sizes.
    async fn store_image(&self, image: &ProfileImage) -> Result<StoredImage> {
        let (name, content_type, bytes) = match image {
            ProfileImage::File { name, content_type, bytes } => (name, content_type, bytes),
            ProfileImage::Url(text) | ProfileImage::Token(text) => {
                return Ok(StoredImage { image: text.clone(), thumb_image: text.clone() });
            }
        };
        if bytes.is_empty() || content_type.is_empty() {
            return Err(InvalidArgument::new(
                "image",
                "image should be Valid File: name its content type",
            )
            .into());
        }
        let file =
            File { name: name.clone(), content_type: content_type.clone(), content: bytes.clone() };
        let stored = self.send(&media_upload::Request::profile(self.user(), file)).await?;
        let image = stored.file_token.as_str().to_owned();
        let thumb_image = match stored.file_token_thumb {
            Some(thumb) => thumb.as_str().to_owned(),
            None if self.context().quirks.thumb_image_is_image => image.clone(),
            None => String::new(),
        };
        Ok(StoredImage { image, thumb_image })
    }
}

/// Whether two profiles agree in what can be written.
fn same(a: &Profile, b: &Profile) -> bool {
    let written = |profile: &Profile| {
        [
            profile.nick_name.clone(),
            profile.email.clone(),
            profile.mobile_number.clone(),
            profile.image.clone(),
            profile.thumb_image.clone(),
            profile.status.clone(),
        ]
    };
    written(a) == written(b)
}
