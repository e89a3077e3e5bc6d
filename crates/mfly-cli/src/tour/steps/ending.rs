//! The ends of accounts: blocked by an administrator, deleted, logged out.

use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, Step, done, ensure, logged_in, refused, shown, success};
use mfly_client::{EndReason, ErrorKind, Event, UserId, UserIdentifier};
use serde_json::json;

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let mut events = cast.alice.events();
    let register = async {
        let account = cast.app()?.register(&UserIdentifier::new(cast.carol.name)?).await?;
        let result = json!({"username": account.credentials.user.as_str()});
        Ok((account, shown("carol joins", result)))
    };
    cast.carol.account = recorder.step("register", register).await?;

    recorder.step("adminBlock", admin_block(cast, true)).await?;
    recorder.listen(&mut events, "adminBlockListener", is_admin_block(true)).await?;
    let blocked = async {
        let connected = cast.connect(&cast.carol).await.map(drop);
        refused(connected, "carol is refused with 403", |kind| *kind == ErrorKind::AdminBlocked)
    };
    recorder.step("connect", blocked).await?;
    recorder.step("adminBlock", admin_block(cast, false)).await?;
    recorder.listen(&mut events, "adminBlockListener", is_admin_block(false)).await?;

    let connect = async {
        let (session, _) = cast.connect(&cast.carol).await?;
        Ok((session, shown("carol is online", logged_in())))
    };
    cast.carol.session = recorder.step("connect", connect).await?;
    let delete_account = async {
        let session = cast.carol.session()?;
        session.delete_account("the tour is over", Some("thank you")).await?;
        let reason = session.ended().await;
        ensure(matches!(reason, EndReason::AccountDeleted), "the session ended for it", &reason)?;
        done("carol deletes her account; her session ends", success())
    };
    recorder.step("deleteMyAccount", delete_account).await?;
    let is_deleted = |event: &Event| matches!(event, Event::UserDeleted { user } if user.local() == Some("carol"));
    recorder.listen(&mut events, "userDeletedListener", is_deleted).await?;
    let not_available = async {
        let profile = cast.alice.session()?.profile(&UserId::new(cast.carol.name)?).await;
        let is_expected = |kind: &ErrorKind| *kind == ErrorKind::UserNotAvailable;
        refused(profile, "carol is not available any more", is_expected)
    };
    recorder.step("getUserProfile", not_available).await?;

    let mut events = cast.bob.events();
    let logout = async {
        let outcome = cast.bob.session()?.logout().await?;
        ensure(outcome.server_told, "the server told", outcome)?;
        done("bob logs out", success())
    };
    recorder.step("logout", logout).await?;
    let is_closed = |event: &Event| matches!(event, Event::Ended(EndReason::Closed));
    recorder.listen(&mut events, "connectionListener", is_closed).await?;
    let void = async {
        let connected = cast.connect(&cast.bob).await.map(drop);
        let is_expected = |kind: &ErrorKind| matches!(kind, ErrorKind::InvalidCredentials { .. });
        refused(connected, "bob's password is void after logging out", is_expected)
    };
    recorder.step("connect", void).await?;
    Ok(())
}

async fn admin_block(cast: &Cast, is_blocked: bool) -> Step {
    cast.server.user(cast.carol.name).admin_block(is_blocked)?;
    let verb = if is_blocked { "blocks" } else { "unblocks" };
    done(format!("an administrator {verb} carol"), json!(null))
}

fn is_admin_block(expected: bool) -> impl Fn(&Event) -> bool {
    move |event| {
        matches!(event, Event::AdminBlock { target, blocked, own: false, .. }
            if *blocked == expected && target.local() == Some("carol"))
    }
}
