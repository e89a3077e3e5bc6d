//! Blocking, and who hears of it.

use crate::command::block::official;
use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, Step, Trouble, done, ensure, hear, success};
use mfly_client::{ErrorKind, Event, Events};

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let mut alice = cast.alice.events();
    let mut bob = cast.bob.events();
    // One event stands for both calls at bob's, so each of them has its own subscription.
    let mut bob_presence = cast.bob.events();
    recorder.step("blockUser", block(cast)).await?;
    let is_block = |event: &Event| matches!(event, Event::Blocked { .. });
    recorder.step("blockUserListener", hear_at(&mut alice, "blockUserListener", is_block)).await?;
    let is_blocked = |event: &Event| matches!(event, Event::BlockedBy { .. });
    recorder.step("messageListener", hear_at(&mut bob, "messageListener", is_blocked)).await?;
    recorder
        .step("presenceListener", hear_at(&mut bob_presence, "presenceListener", is_blocked))
        .await?;
    recorder.step("getUsersIBlocked", blocked(cast)).await?;
    recorder.step("getUsersWhoBlockedMe", blocked_by(cast)).await?;
    recorder.step("getLastSeen", hidden(cast)).await?;

    recorder.step("unblockUser", unblock(cast)).await?;
    let is_unblock = |event: &Event| matches!(event, Event::Unblocked { .. });
    recorder
        .step("blockUserListener", hear_at(&mut alice, "blockUserListener", is_unblock))
        .await?;
    let is_unblocked = |event: &Event| matches!(event, Event::UnblockedBy { .. });
    recorder.step("messageListener", hear_at(&mut bob, "messageListener", is_unblocked)).await?;
    recorder.step("getUsersIBlocked", none_blocked(cast)).await?;
    Ok(())
}

async fn block(cast: &Cast) -> Step {
    let bob = cast.bob.session()?.current_user();
    cast.alice.session()?.block(&bob).await?;
    done("alice blocks bob", success())
}

async fn unblock(cast: &Cast) -> Step {
    let bob = cast.bob.session()?.current_user();
    cast.alice.session()?.unblock(&bob).await?;
    done("alice unblocks bob", success())
}

async fn blocked(cast: &Cast) -> Step {
    let users = cast.alice.session()?.blocked().await?;
    ensure(users == [cast.bob.session()?.current_user()], "bob", &users)?;
    done("alice has blocked bob", official(&users))
}

async fn none_blocked(cast: &Cast) -> Step {
    let users = cast.alice.session()?.blocked().await?;
    ensure(users.is_empty(), "nobody", &users)?;
    done("alice has blocked nobody", official(&users))
}

async fn blocked_by(cast: &Cast) -> Step {
    let users = cast.bob.session()?.blocked_by().await?;
    ensure(users == [cast.alice.session()?.current_user()], "alice", &users)?;
    done("bob is blocked by alice", official(&users))
}

/// Being refused is what should happen.
async fn hidden(cast: &Cast) -> Step {
    let alice = cast.alice.session()?.current_user();
    match cast.bob.session()?.last_seen(&alice).await {
        Err(error) if matches!(error.kind(), ErrorKind::RequestRefused(_)) => {
            done("bob is refused alice's last seen", error.official())
        }
        other => Err(Trouble::Unexpected(format!("expected a refusal, found {other:?}"))),
    }
}

async fn hear_at(
    events: &mut Result<Events, Trouble>,
    name: &'static str,
    is_wanted: impl FnMut(&Event) -> bool,
) -> Step {
    let events = events.as_mut().map_err(|_| Trouble::Missing("the session"))?;
    hear(events, name, is_wanted).await
}
