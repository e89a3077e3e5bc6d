//! What a session survives: an expired token, a dropped connection; and what other sessions do to
//! it.

use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, Step, Trouble, done, ensure, hear, success, wait};
use mfly_client::{Event, Events};
use mfly_proto::payload::logout::LogOut;
use serde_json::json;

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    recorder.step("refreshToken", refresh_token(cast)).await?;

    let mut events = cast.alice.events();
    recorder.step("reconnect", reconnect(cast, &mut events)).await?;
    recorder.step("getLastSeen", still_works(cast)).await?;

    let mut events = cast.alice.events();
    recorder.step("forceLogout", force_logout(cast)).await?;
    recorder.step("messageListener", hear_logout(&mut events)).await?;
    Ok(())
}

/// The request meets an expired token, fetches another and is repeated; its caller sees only the
/// answer.
async fn refresh_token(cast: &Cast) -> Step {
    let session = cast.alice.session()?;
    let before = session.user_token().await?;
    cast.server.user(cast.alice.name).expire_tokens()?;
    let profile = session.own_profile().await?;
    let after = session.user_token().await?;
    ensure(after != before, "another token", "the same")?;
    done("the token expired, another was fetched, the answer came", profile.official())
}

async fn reconnect(cast: &Cast, events: &mut Result<Events, Trouble>) -> Step {
    let events = events.as_mut().map_err(|_| Trouble::Missing("alice's session"))?;
    let before = cast.alice.session()?.jid();
    let cut = cast.server.fault().connections_of(cast.alice.name).cut();
    ensure(cut == 1, "one connection to cut", cut)?;
    let mut calls = Vec::new();
    let listen = |event: &Event| {
        calls.extend(event.official().into_iter().map(|call| call.payload["status"].clone()));
        match event {
            Event::Connected { jid, .. } => Some(jid.clone()),
            _ => None,
        }
    };
    let (jid, _) = wait(events, "connectionListener", listen).await?;
    ensure(before != jid, "another address", &jid)?;
    done("the connection was cut and is back", json!(calls))
}

async fn still_works(cast: &Cast) -> Step {
    let bob = cast.bob.session()?.current_user();
    let seen = cast.alice.session()?.last_seen(&bob).await?;
    done("requests work again", json!({"fromUserJid": bob.as_str(), "seconds": seen.seconds}))
}

/// A second session of alice says that the one from a QR code has to end.
async fn force_logout(cast: &Cast) -> Step {
    let (second, _) = cast.connect(&cast.alice).await?;
    let request = LogOut { socket_id: "tour-socket".to_owned() };
    let sent = second.request(&request).await;
    second.close().await;
    sent?;
    done("another session ends the one from a QR code", success())
}

async fn hear_logout(events: &mut Result<Events, Trouble>) -> Step {
    let events = events.as_mut().map_err(|_| Trouble::Missing("alice's session"))?;
    let is_wanted = |event: &Event| matches!(event, Event::ForcedLogout { socket_ids, .. } if socket_ids == &["tour-socket"]);
    hear(events, "messageListener", is_wanted).await
}
