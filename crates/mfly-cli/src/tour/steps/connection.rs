//! An expired token, a dropped connection, and a logout that another session forces.

use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, done, ensure, success, wait};
use mfly_client::Event;
use mfly_proto::payload::logout::LogOut;
use serde_json::json;

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let alice = &cast.alice;
    // A request meets an expired token, fetches another and is repeated. Its caller gets only the
    // answer.
    let refresh_token = async {
        let session = alice.session()?;
        let before = session.user_token().await?;
        cast.server.user(alice.name).expire_tokens()?;
        let profile = session.own_profile().await?;
        ensure(session.user_token().await? != before, "another token", "the same")?;
        done("the token expired, another was fetched, the answer came", profile.official())
    };
    recorder.step("refreshToken", refresh_token).await?;

    let mut events = alice.events();
    let reconnect = async {
        let before = alice.session()?.jid();
        let cut = cast.server.fault().connections_of(alice.name).cut();
        ensure(cut == 1, "one connection to cut", cut)?;
        let mut calls = Vec::new();
        let listen = |event: &Event| {
            calls.extend(event.official().into_iter().map(|call| call.payload["status"].clone()));
            match event {
                Event::Connected { jid, .. } => Some(jid.clone()),
                _ => None,
            }
        };
        let (jid, _) = wait(&mut events, "connectionListener", listen).await?;
        ensure(before != jid, "another address", &jid)?;
        done("the connection was cut and is back", json!(calls))
    };
    recorder.step("reconnect", reconnect).await?;
    let still_works = async {
        let bob = cast.bob.jid()?;
        let seen = alice.session()?.last_seen(&bob).await?;
        done("requests work again", json!({"fromUserJid": bob.as_str(), "seconds": seen.seconds}))
    };
    recorder.step("getLastSeen", still_works).await?;

    let mut events = alice.events();
    let force_logout = async {
        let (second, _) = cast.connect(alice).await?;
        let request = LogOut { socket_id: "tour-socket".to_owned() };
        let sent = second.request(&request).await;
        second.close().await;
        sent?;
        done("another session ends the one from a QR code", success())
    };
    recorder.step("forceLogout", force_logout).await?;
    let is_logout = |event: &Event| matches!(event, Event::ForcedLogout { socket_ids, .. } if socket_ids == &["tour-socket"]);
    recorder.listen(&mut events, "messageListener", is_logout).await
}
