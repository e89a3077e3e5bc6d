//! The contact list and the settings.

use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, Step, Trouble, done, ensure, hear, shown, success, wait};
use mfly_client::{Event, Events, Session};
use serde_json::json;

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let mut events = cast.alice.events();
    recorder.step("getFriendsList", friends(cast)).await?;
    recorder.step("sendRegisterUpdate", announce(cast)).await?;
    recorder.step("friendsListListener", hear_friends(cast, &mut events)).await?;

    recorder.step("getUserSettings", settings(cast, false)).await?;
    let second = recorder.step("connect", second_session(cast)).await?;
    recorder.step("updateUserSettings", update_settings(second.as_ref())).await?;
    recorder.step("userSettingsListener", hear_settings(&mut events)).await?;
    recorder.step("getUserSettings", settings(cast, true)).await?;
    if let Some(second) = second {
        second.close().await;
    }
    Ok(())
}

async fn friends(cast: &Cast) -> Step {
    let friends = cast.alice.session()?.friends().await?;
    let users: Vec<_> = friends.users.iter().map(|friend| friend.user.clone()).collect();
    ensure(users == [cast.bob.session()?.current_user()], "bob", &users)?;
    done("alice's contact list: bob", friends.official())
}

async fn announce(cast: &Cast) -> Step {
    cast.bob.session()?.announce_registration().await?;
    done("bob asks his contacts to read their lists again", success())
}

/// The official SDK calls its listener with the list that it reads again.
async fn hear_friends(cast: &Cast, events: &mut Result<Events, Trouble>) -> Step {
    let events = events.as_mut().map_err(|_| Trouble::Missing("alice's session"))?;
    let is_wanted = |event: &Event| matches!(event, Event::FriendsChanged { .. }).then_some(());
    wait(events, "friendsListListener", is_wanted).await?;
    let friends = cast.alice.session()?.friends().await?;
    done("alice hears of it and reads her list again", friends.official())
}

async fn settings(cast: &Cast, expected: bool) -> Step {
    let settings = cast.alice.session()?.settings().await?;
    ensure(
        settings.archive == Some(expected),
        if expected { "archive on" } else { "archive off" },
        settings,
    )?;
    let what = format!("archive is {}", if expected { "on" } else { "off" });
    done(what, json!({"archive": u8::from(expected)}))
}

async fn second_session(cast: &Cast) -> Step<Session> {
    let (session, _) = cast.connect(&cast.alice).await?;
    Ok((
        session,
        shown(
            "alice is online a second time",
            json!({"statusCode": 200, "message": "Login Success"}),
        ),
    ))
}

async fn update_settings(second: Option<&Session>) -> Step {
    second.ok_or(Trouble::Missing("alice's second session"))?.update_settings(true).await?;
    done("the second session turns archive on", success())
}

async fn hear_settings(events: &mut Result<Events, Trouble>) -> Step {
    let events = events.as_mut().map_err(|_| Trouble::Missing("alice's session"))?;
    let is_wanted = |event: &Event| matches!(event, Event::Settings(settings) if settings.archive == Some(true));
    hear(events, "userSettingsListener", is_wanted).await
}
