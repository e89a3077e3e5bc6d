//! Profiles: setting, reading, changing a part, and the image.

use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Listener, Recorder, done, ensure, payload, shown, success, wait};
use mfly_client::{Event, Profile, ProfileFields, ProfileImage, ProfileUpdate};
use serde_json::json;

/// The smallest PNG: one transparent pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 13, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x63, 0, 1, 0, 0, 5, 0, 1, 0x0d, 0x0a, 0x2d, 0xb4, 0, 0, 0, 0, b'I', b'E', b'N',
    b'D', 0xae, 0x42, 0x60, 0x82,
];

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let (alice, bob) = (&cast.alice, &cast.bob);
    let mut events = bob.events();
    let set = async {
        let fields = ProfileFields {
            nick_name: "Alice".to_owned(),
            image: None,
            status: "Available".to_owned(),
            mobile_number: "15550100".to_owned(),
            email: "alice@example.com".to_owned(),
        };
        alice.session()?.set_profile(&fields).await?;
        done("alice has nick name, status, telephone number and e-mail", success())
    };
    recorder.step("setUserProfile", set).await?;
    let named = |status: &'static str| {
        move |profile: &Profile| profile.nick_name == "Alice" && profile.status == status
    };
    listen(recorder, &mut events, named("Available")).await?;
    let read = async {
        let profile = bob.session()?.profile(&alice.jid()?).await?;
        let read =
            (profile.nick_name.as_str(), profile.email.as_str(), profile.mobile_number.as_str());
        ensure(read == ("Alice", "alice@example.com", "15550100"), "alice's profile", read)?;
        ensure(profile.undecryptable().is_empty(), "readable fields", profile.undecryptable())?;
        done("bob reads Alice, alice@example.com, 15550100", profile.official())
    };
    recorder.step("getUserProfile", read).await?;
    let update = async {
        let session = alice.session()?;
        session.update_profile(ProfileUpdate::new().status("On tour")).await?;
        let profile = session.own_profile().await?;
        let read = (profile.nick_name.as_str(), profile.email.as_str(), profile.status.as_str());
        ensure(read == ("Alice", "alice@example.com", "On tour"), "only the status changed", read)?;
        done("only the status changed, the rest was kept", profile.official())
    };
    recorder.step("updateProfile", update).await?;
    listen(recorder, &mut events, named("On tour")).await?;
    let set_image = async {
        let image = ProfileImage::File {
            name: "alice.png".to_owned(),
            content_type: "image/png".to_owned(),
            bytes: PNG.into(),
        };
        let stored = alice.session()?.set_profile_image(image).await?;
        ensure(!stored.image.is_empty(), "a token", &stored)?;
        let result = json!({"fileToken": stored.image, "fileTokenThumb": stored.thumb_image});
        let what = format!("uploaded alice.png, {} bytes", PNG.len());
        Ok((stored.image, shown(what, result)))
    };
    let token = recorder.step("setUserProfile", set_image).await?;
    listen(recorder, &mut events, |profile| Some(&profile.image) == token.as_ref()).await?;
    let remove_image = async {
        let session = alice.session()?;
        session.remove_profile_image().await?;
        let profile = session.own_profile().await?;
        let read = (profile.image.as_str(), profile.nick_name.as_str());
        ensure(read == ("", "Alice"), "no image, and the rest kept", read)?;
        done("the image is gone, the rest was kept", success())
    };
    recorder.step("setUserProfile", remove_image).await?;
    listen(recorder, &mut events, |profile| profile.image.is_empty()).await
}

/// Waits until bob is sent a profile that `is_wanted`.
async fn listen(
    recorder: &mut Recorder<'_>,
    events: &mut Listener,
    is_wanted: impl Fn(&Profile) -> bool,
) -> Result<(), Failure> {
    let pick = |event: &Event| match event {
        Event::ProfileChanged { profile: Some(profile), own: false, .. } if is_wanted(profile) => {
            Some(profile.clone())
        }
        _ => None,
    };
    let step = async {
        let (profile, event) = wait(events, "userProfileListener", pick).await?;
        let image = if profile.image.is_empty() { "no image" } else { "an image" };
        let what = format!("bob hears: {}, {}, {image}", profile.nick_name, profile.status);
        done(what, payload(&event, "userProfileListener")?)
    };
    recorder.step("userProfileListener", step).await.map(drop)
}
