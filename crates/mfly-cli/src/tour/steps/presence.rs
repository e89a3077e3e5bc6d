//! Presence and last seen.

use crate::command::last_seen;
use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, Step, Trouble, done, ensure, hear, shown};
use mfly_client::{Event, Events, PresenceKind, Session};
use serde_json::json;

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let mut events = cast.alice.events();
    recorder.step("getLastSeen", online(cast)).await?;
    recorder.step("disconnect", leave(cast)).await?;
    recorder.step("presenceListener", hear_bob(&mut events, PresenceKind::Unavailable)).await?;
    recorder.step("getLastSeen", offline(cast)).await?;
    let session = recorder.step("connect", come_back(cast)).await?;
    cast.bob.connected(session);
    recorder.step("presenceListener", hear_bob(&mut events, PresenceKind::Available)).await?;
    Ok(())
}

async fn online(cast: &Cast) -> Step {
    let bob = cast.bob.session()?.current_user();
    let seen = cast.alice.session()?.last_seen(&bob).await?;
    ensure(seen.is_online(), "bob online", &seen)?;
    done(last_seen::described("bob", &seen), last_seen::official(bob.as_str(), &seen))
}

async fn leave(cast: &Cast) -> Step {
    cast.bob.session()?.close().await;
    done("bob closes the connection", json!(null))
}

async fn offline(cast: &Cast) -> Step {
    let bob = cast.bob.session()?.current_user();
    let seen = cast.alice.session()?.last_seen(&bob).await?;
    ensure(!seen.is_online(), "bob offline", &seen)?;
    done(last_seen::described("bob", &seen), last_seen::official(bob.as_str(), &seen))
}

async fn come_back(cast: &Cast) -> Step<Session> {
    let (session, _) = cast.connect(&cast.bob).await?;
    Ok((
        session,
        shown("bob is online again", json!({"statusCode": 200, "message": "Login Success"})),
    ))
}

async fn hear_bob(events: &mut Result<Events, Trouble>, wanted: PresenceKind) -> Step {
    let events = events.as_mut().map_err(|_| Trouble::Missing("alice's session"))?;
    let is_wanted = |event: &Event| {
        matches!(event, Event::Presence { user, kind, .. }
            if *kind == wanted && user.local() == Some("bob"))
    };
    hear(events, "presenceListener", is_wanted).await
}
