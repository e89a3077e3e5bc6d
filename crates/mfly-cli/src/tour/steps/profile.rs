//! Profiles: setting, reading, changing a part, and the image.

use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, Step, Trouble, done, ensure, payload, shown, success, wait};
use mfly_client::{Event, Events, Profile, ProfileFields, ProfileImage, ProfileUpdate};
use serde_json::json;

/// The smallest PNG: one transparent pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 13, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x63, 0, 1, 0, 0, 5, 0, 1, 0x0d, 0x0a, 0x2d, 0xb4, 0, 0, 0, 0, b'I', b'E', b'N',
    b'D', 0xae, 0x42, 0x60, 0x82,
];

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let mut events = cast.bob.events();
    recorder.step("setUserProfile", set(cast)).await?;
    let heard = |profile: &Profile| profile.nick_name == "Alice" && profile.status == "Available";
    recorder.step("userProfileListener", hear_profile(&mut events, heard)).await?;
    recorder.step("getUserProfile", read(cast)).await?;
    recorder.step("updateProfile", update(cast)).await?;
    let heard = |profile: &Profile| profile.nick_name == "Alice" && profile.status == "On tour";
    recorder.step("userProfileListener", hear_profile(&mut events, heard)).await?;
    let token = recorder.step("setUserProfile", set_image(cast)).await?;
    recorder
        .step(
            "userProfileListener",
            hear_profile(&mut events, |profile| Some(&profile.image) == token.as_ref()),
        )
        .await?;
    recorder.step("setUserProfile", remove_image(cast)).await?;
    recorder
        .step("userProfileListener", hear_profile(&mut events, |profile| profile.image.is_empty()))
        .await?;
    Ok(())
}

async fn set(cast: &Cast) -> Step {
    let fields = ProfileFields {
        nick_name: "Alice".to_owned(),
        image: None,
        status: "Available".to_owned(),
        mobile_number: "15550100".to_owned(),
        email: "alice@example.com".to_owned(),
    };
    cast.alice.session()?.set_profile(&fields).await?;
    done("alice has nick name, status, telephone number and e-mail", success())
}

async fn read(cast: &Cast) -> Step {
    let alice = cast.alice.session()?.current_user();
    let profile = cast.bob.session()?.profile(&alice).await?;
    let read = (profile.nick_name.as_str(), profile.email.as_str(), profile.mobile_number.as_str());
    ensure(read == ("Alice", "alice@example.com", "15550100"), "alice's profile", read)?;
    ensure(profile.undecryptable().is_empty(), "readable fields", profile.undecryptable())?;
    done("bob reads Alice, alice@example.com, 15550100", profile.official())
}

async fn update(cast: &Cast) -> Step {
    let session = cast.alice.session()?;
    session.update_profile(ProfileUpdate::new().status("On tour")).await?;
    let profile = session.own_profile().await?;
    let read = (profile.nick_name.as_str(), profile.email.as_str(), profile.status.as_str());
    ensure(read == ("Alice", "alice@example.com", "On tour"), "only the status changed", read)?;
    done("only the status changed, the rest was kept", profile.official())
}

/// Gives the image's token.
async fn set_image(cast: &Cast) -> Step<String> {
    let image = ProfileImage::File {
        name: "alice.png".to_owned(),
        content_type: "image/png".to_owned(),
        bytes: PNG.into(),
    };
    let stored = cast.alice.session()?.set_profile_image(image).await?;
    ensure(!stored.image.is_empty(), "a token", &stored)?;
    let result = json!({"fileToken": stored.image, "fileTokenThumb": stored.thumb_image});
    let what = format!("uploaded alice.png, {} bytes", PNG.len());
    Ok((stored.image, shown(what, result)))
}

async fn remove_image(cast: &Cast) -> Step {
    let session = cast.alice.session()?;
    session.remove_profile_image().await?;
    let profile = session.own_profile().await?;
    let read = (profile.image.as_str(), profile.nick_name.as_str());
    ensure(read == ("", "Alice"), "no image, and the rest kept", read)?;
    done("the image is gone, the rest was kept", success())
}

/// Waits until a notice carries a profile that `is_wanted`.
async fn hear_profile(
    events: &mut Result<Events, Trouble>,
    is_wanted: impl Fn(&Profile) -> bool,
) -> Step {
    let events = events.as_mut().map_err(|_| Trouble::Missing("bob's session"))?;
    let pick = |event: &Event| match event {
        Event::ProfileChanged { profile: Some(profile), own: false, .. } if is_wanted(profile) => {
            Some(profile.clone())
        }
        _ => None,
    };
    let (profile, event) = wait(events, "userProfileListener", pick).await?;
    let image = if profile.image.is_empty() { "no image" } else { "an image" };
    let what = format!("bob hears: {}, {}, {image}", profile.nick_name, profile.status);
    done(what, payload(&event, "userProfileListener")?)
}
