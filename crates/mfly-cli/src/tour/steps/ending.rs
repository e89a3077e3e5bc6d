//! Accounts end: blocked by an administrator, deleted, logged out.

use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, Step, Trouble, done, ensure, hear, shown, success};
use mfly_client::{Account, EndReason, ErrorKind, Event, Events, Session, UserId, UserIdentifier};
use serde_json::json;

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let mut events = cast.alice.events();
    let account = recorder.step("register", register(cast)).await?;
    cast.carol.registered(account);

    recorder.step("adminBlock", admin_block(cast, true)).await?;
    recorder.step("adminBlockListener", hear_admin_block(&mut events, true)).await?;
    recorder.step("connect", refused(cast)).await?;
    recorder.step("adminBlock", admin_block(cast, false)).await?;
    recorder.step("adminBlockListener", hear_admin_block(&mut events, false)).await?;

    let session = recorder.step("connect", connect(cast)).await?;
    cast.carol.connected(session);
    recorder.step("deleteMyAccount", delete_account(cast)).await?;
    recorder.step("userDeletedListener", hear_deleted(&mut events)).await?;
    recorder.step("getUserProfile", not_available(cast)).await?;

    let mut events = cast.bob.events();
    recorder.step("logout", logout(cast)).await?;
    recorder.step("connectionListener", hear_disconnected(&mut events)).await?;
    recorder.step("connect", void(cast)).await?;
    Ok(())
}

async fn register(cast: &Cast) -> Step<Account> {
    let account = cast.app()?.register(&UserIdentifier::new(cast.carol.name)?).await?;
    let result = json!({"username": account.credentials.user.as_str()});
    Ok((account, shown("carol joins", result)))
}

async fn admin_block(cast: &Cast, is_blocked: bool) -> Step {
    cast.server.user(cast.carol.name).admin_block(is_blocked)?;
    let verb = if is_blocked { "blocks" } else { "unblocks" };
    done(format!("an administrator {verb} carol"), json!(null))
}

async fn hear_admin_block(events: &mut Result<Events, Trouble>, expected: bool) -> Step {
    let events = events.as_mut().map_err(|_| Trouble::Missing("alice's session"))?;
    let is_wanted = |event: &Event| {
        matches!(event, Event::AdminBlock { target, blocked, own: false, .. }
            if *blocked == expected && target.local() == Some("carol"))
    };
    hear(events, "adminBlockListener", is_wanted).await
}

/// Being refused is what should happen.
async fn refused(cast: &Cast) -> Step {
    match cast.connect(&cast.carol).await {
        Err(Trouble::Operation(error)) if *error.kind() == ErrorKind::AdminBlocked => {
            done("carol is refused with 403", error.official())
        }
        other => Err(unexpected("403", other.map(drop))),
    }
}

async fn connect(cast: &Cast) -> Step<Session> {
    let (session, _) = cast.connect(&cast.carol).await?;
    Ok((session, shown("carol is online", json!({"statusCode": 200, "message": "Login Success"}))))
}

async fn delete_account(cast: &Cast) -> Step {
    let session = cast.carol.session()?;
    session.delete_account("the tour is over", Some("thank you")).await?;
    let reason = session.ended().await;
    ensure(matches!(reason, EndReason::AccountDeleted), "the session ended for it", &reason)?;
    done("carol deletes her account; her session ends", success())
}

async fn hear_deleted(events: &mut Result<Events, Trouble>) -> Step {
    let events = events.as_mut().map_err(|_| Trouble::Missing("alice's session"))?;
    let is_wanted = |event: &Event| matches!(event, Event::UserDeleted { user } if user.local() == Some("carol"));
    hear(events, "userDeletedListener", is_wanted).await
}

/// Being refused is what should happen.
async fn not_available(cast: &Cast) -> Step {
    match cast.alice.session()?.profile(&UserId::new(cast.carol.name)?).await {
        Err(error) if *error.kind() == ErrorKind::UserNotAvailable => {
            done("carol is not available any more", error.official())
        }
        other => Err(Trouble::Unexpected(format!("expected no such user, found {other:?}"))),
    }
}

async fn logout(cast: &Cast) -> Step {
    let outcome = cast.bob.session()?.logout().await?;
    ensure(outcome.server_told, "the server told", outcome)?;
    done("bob logs out", success())
}

async fn hear_disconnected(events: &mut Result<Events, Trouble>) -> Step {
    let events = events.as_mut().map_err(|_| Trouble::Missing("bob's session"))?;
    let is_wanted = |event: &Event| matches!(event, Event::Ended(EndReason::Closed));
    hear(events, "connectionListener", is_wanted).await
}

/// Being refused is what should happen.
async fn void(cast: &Cast) -> Step {
    match cast.connect(&cast.bob).await {
        Err(Trouble::Operation(error))
            if matches!(error.kind(), ErrorKind::InvalidCredentials { .. }) =>
        {
            done("bob's password is void after logging out", error.official())
        }
        other => Err(unexpected("invalid credentials", other.map(drop))),
    }
}

fn unexpected(expected: &str, found: Result<(), Trouble>) -> Trouble {
    match found {
        Ok(()) => Trouble::Unexpected(format!("expected {expected}, but it worked")),
        Err(trouble) => trouble,
    }
}
