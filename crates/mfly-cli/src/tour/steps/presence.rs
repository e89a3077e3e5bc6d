//! Presence and last seen.

use crate::command::last_seen;
use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, Step, done, ensure, logged_in, shown};
use mfly_client::{Event, PresenceKind};
use serde_json::json;

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let mut events = cast.alice.events();
    recorder.step("getLastSeen", last_seen(cast, true)).await?;
    let disconnect = async {
        cast.bob.session()?.close().await;
        done("bob closes the connection", json!(null))
    };
    recorder.step("disconnect", disconnect).await?;
    let is_offline = is_presence(PresenceKind::Unavailable);
    recorder.listen(&mut events, "presenceListener", is_offline).await?;
    recorder.step("getLastSeen", last_seen(cast, false)).await?;
    let connect = async {
        let (session, _) = cast.connect(&cast.bob).await?;
        Ok((session, shown("bob is online again", logged_in())))
    };
    cast.bob.session = recorder.step("connect", connect).await?;
    recorder.listen(&mut events, "presenceListener", is_presence(PresenceKind::Available)).await
}

async fn last_seen(cast: &Cast, is_online: bool) -> Step {
    let bob = cast.bob.jid()?;
    let seen = cast.alice.session()?.last_seen(&bob).await?;
    ensure(seen.is_online() == is_online, if is_online { "online" } else { "offline" }, &seen)?;
    done(last_seen::described("bob", &seen), last_seen::official(bob.as_str(), &seen))
}

fn is_presence(wanted: PresenceKind) -> impl Fn(&Event) -> bool {
    move |event| {
        matches!(event, Event::Presence { user, kind, .. }
            if *kind == wanted && user.local() == Some("bob"))
    }
}
