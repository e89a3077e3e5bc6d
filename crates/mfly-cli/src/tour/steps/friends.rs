//! The contact list and the settings.

use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{
    Recorder, Step, Trouble, done, ensure, logged_in, shown, success, wait,
};
use mfly_client::Event;
use serde_json::json;

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let alice = &cast.alice;
    let mut events = alice.events();
    let friends = async {
        let friends = alice.session()?.friends().await?;
        let users: Vec<_> = friends.users.iter().map(|friend| friend.user.clone()).collect();
        ensure(users == [cast.bob.jid()?], "bob", &users)?;
        done("alice's contact list: bob", friends.official())
    };
    recorder.step("getFriendsList", friends).await?;
    let announce = async {
        cast.bob.session()?.announce_registration().await?;
        done("bob asks his contacts to read their lists again", success())
    };
    recorder.step("sendRegisterUpdate", announce).await?;
    // The official SDK reads the list again and calls its listener with it.
    let listen = async {
        let pick = |event: &Event| matches!(event, Event::FriendsChanged { .. }).then_some(());
        wait(&mut events, "friendsListListener", pick).await?;
        let friends = alice.session()?.friends().await?;
        done("alice hears of it and reads her list again", friends.official())
    };
    recorder.step("friendsListListener", listen).await?;

    recorder.step("getUserSettings", settings(cast, false)).await?;
    let connect = async {
        let (session, _) = cast.connect(alice).await?;
        Ok((session, shown("alice is online a second time", logged_in())))
    };
    let second = recorder.step("connect", connect).await?;
    let update = async {
        let session = second.as_ref().ok_or(Trouble::Missing("alice's second session"))?;
        session.update_settings(true).await?;
        done("the second session turns archive on", success())
    };
    recorder.step("updateUserSettings", update).await?;
    let is_archived = |event: &Event| matches!(event, Event::Settings(settings) if settings.archive == Some(true));
    recorder.listen(&mut events, "userSettingsListener", is_archived).await?;
    recorder.step("getUserSettings", settings(cast, true)).await?;
    if let Some(second) = second {
        second.close().await;
    }
    Ok(())
}

async fn settings(cast: &Cast, expected: bool) -> Step {
    let settings = cast.alice.session()?.settings().await?;
    let what = if expected { "archive is on" } else { "archive is off" };
    ensure(settings.archive == Some(expected), what, settings)?;
    done(what, json!({"archive": u8::from(expected)}))
}
