//! `mfly profile get`, `set` and `image`.

use crate::arguments::user;
use crate::context::Context;
use crate::exit::Failure;
use crate::file;
use crate::operation::Operation;
use crate::output::Report;
use clap::{ArgGroup, Args, Subcommand};
use mfly_client::{
    Profile, ProfileFields, ProfileImage, ProfileUpdate, Session, StoredImage, UserReference,
};
use serde_json::json;
use std::path::PathBuf;

/// Show or change profiles.
#[derive(Args, Debug)]
pub(crate) struct ProfileArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show a profile; the account's own unless a user is named.
    Get {
        /// The user, by id or address.
        #[arg(value_name = "USER", value_parser = user)]
        of: Option<UserReference>,
    },
    /// Change fields of the account's profile; the others keep their values.
    Set(SetArgs),
    /// Change or remove the account's image.
    Image(ImageArgs),
}

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("fields").required(true).multiple(true))]
#[command(after_help = "\
Example:
  mfly profile set --nick-name Alice --status 'At work'")]
struct SetArgs {
    /// The name that the user goes by.
    #[arg(long, value_name = "TEXT", group = "fields")]
    nick_name: Option<String>,
    /// The status line.
    #[arg(long, value_name = "TEXT", group = "fields")]
    status: Option<String>,
    /// The e-mail address.
    #[arg(long, value_name = "ADDRESS", group = "fields")]
    email: Option<String>,
    /// The telephone number.
    #[arg(long, value_name = "NUMBER", group = "fields")]
    mobile_number: Option<String>,
    /// Empty what is not named, the image included, as the official setUserProfile does.
    #[arg(long)]
    replace: bool,
}

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("source").required(true))]
struct ImageArgs {
    /// A file to upload, or - for the standard input.
    #[arg(value_name = "FILE", group = "source")]
    file: Option<PathBuf>,
    /// An image on the web.
    #[arg(long, value_name = "URL", group = "source")]
    url: Option<String>,
    /// The token of an image uploaded earlier.
    #[arg(long, value_name = "TOKEN", group = "source")]
    token: Option<String>,
    /// Remove the image.
    #[arg(long, group = "source")]
    remove: bool,
    /// The file's media type, if its name does not tell.
    #[arg(long, value_name = "TYPE", requires = "file")]
    content_type: Option<String>,
}

impl Operation for ProfileArgs {
    fn name(&self) -> &'static str {
        match &self.verb {
            Verb::Get { .. } => "getUserProfile",
            Verb::Set(SetArgs { replace: false, .. }) => "updateProfile",
            Verb::Set(_) | Verb::Image(_) => "setUserProfile",
        }
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        match self.verb {
            Verb::Get { of } => {
                let profile = context
                    .in_session(async |session| {
                        Ok(match &of {
                            Some(user) => session.profile(user).await?,
                            None => session.own_profile().await?,
                        })
                    })
                    .await?;
                Ok(shown(&profile))
            }
            Verb::Set(args) => {
                let profile = context
                    .in_session(async |session| {
                        args.apply(session).await?;
                        Ok(session.own_profile().await?)
                    })
                    .await?;
                Ok(shown(&profile))
            }
            Verb::Image(args) if args.remove => {
                context
                    .in_session(async |session| Ok(session.remove_profile_image().await?))
                    .await?;
                Ok(stored("the profile has no image", &StoredImage::default()))
            }
            Verb::Image(args) => {
                // A file that cannot be read should fail before anything is sent.
                let image = args.image().await?;
                let image = context
                    .in_session(async |session| Ok(session.set_profile_image(image).await?))
                    .await?;
                Ok(stored(&format!("the profile's image is {}", image.image), &image))
            }
        }
    }
}

impl SetArgs {
    async fn apply(&self, session: &Session) -> Result<(), Failure> {
        if self.replace {
            let fields = ProfileFields {
                nick_name: self.nick_name.clone().unwrap_or_default(),
                image: None,
                status: self.status.clone().unwrap_or_default(),
                mobile_number: self.mobile_number.clone().unwrap_or_default(),
                email: self.email.clone().unwrap_or_default(),
            };
            session.set_profile(&fields).await?;
            return Ok(());
        }
        let mut update = ProfileUpdate::new();
        type Set = fn(ProfileUpdate, &str) -> ProfileUpdate;
        let fields: [(&Option<String>, Set); 4] = [
            (&self.nick_name, |update, value| update.nick_name(value)),
            (&self.status, |update, value| update.status(value)),
            (&self.email, |update, value| update.email(value)),
            (&self.mobile_number, |update, value| update.mobile_number(value)),
        ];
        for (value, set) in fields {
            if let Some(value) = value {
                update = set(update, value);
            }
        }
        session.update_profile(update).await?;
        Ok(())
    }
}

impl ImageArgs {
    async fn image(self) -> Result<ProfileImage, Failure> {
        if let Some(url) = self.url {
            return Ok(ProfileImage::Url(url));
        }
        if let Some(token) = self.token {
            return Ok(ProfileImage::Token(token));
        }
        let path = self.file.unwrap_or_default();
        let content_type = match self.content_type {
            Some(content_type) => content_type,
            None => file::content_type(&path)
                .filter(|content_type| content_type.starts_with("image/"))
                .ok_or_else(|| {
                    Failure::usage(
                        format!("{} does not say which kind of image it is", path.display()),
                        "name its type with --content-type image/…",
                    )
                })?
                .to_owned(),
        };
        Ok(ProfileImage::File {
            name: file::name(&path),
            content_type,
            bytes: file::read(&path).await?.into(),
        })
    }
}

/// The report about a profile.
fn shown(profile: &Profile) -> Report {
    let mut rows = vec![
        ("user", profile.user.as_str().to_owned()),
        ("nick name", profile.nick_name.clone()),
        ("status", profile.status.clone()),
        ("e-mail", profile.email.clone()),
        ("mobile number", profile.mobile_number.clone()),
        ("image", profile.image.clone()),
    ];
    if profile.is_admin_blocked == Some(true) {
        rows.push(("blocked", "by an administrator".to_owned()));
    }
    for field in profile.undecryptable() {
        rows.push(("not readable", format!("{field:?}, shown as it is stored")));
    }
    Report::table(&rows, profile.official())
}

fn stored(line: &str, image: &StoredImage) -> Report {
    let result = json!({"fileToken": image.image, "fileTokenThumb": image.thumb_image});
    Report::line(line, result)
}
