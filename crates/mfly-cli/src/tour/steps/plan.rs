//! What the plan allows: features and sessions.

use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, Step, Trouble, done, ensure};
use mfly_client::{ErrorKind, Feature, UserIdentifier};

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    cast.server.plan().disable(Feature::Block);
    recorder.step("blockUser", gated(cast)).await?;
    cast.server.plan().enable(Feature::Block).session_limit(1);
    recorder.step("register", limited(cast)).await?;
    cast.server.plan().session_limit(5);
    Ok(())
}

/// A new session learns the changed plan; being refused is what should happen.
async fn gated(cast: &Cast) -> Step {
    let bob = cast.bob.session()?.current_user();
    let (session, _) = cast.connect(&cast.alice).await?;
    let blocked = session.block(&bob).await;
    session.close().await;
    match blocked {
        Err(error) if *error.kind() == ErrorKind::PlanGated(Feature::Block) => {
            ensure(error.status_code() == 403, "403", error.status_code())?;
            done("without blocking in the plan: refused with 403", error.official())
        }
        other => Err(Trouble::Unexpected(format!("expected 403, found {other:?}"))),
    }
}

/// Being refused is what should happen.
async fn limited(cast: &Cast) -> Step {
    let identifier = UserIdentifier::new(cast.alice.name)?;
    match cast.app()?.register(&identifier).force(false).await {
        Err(error) if *error.kind() == ErrorKind::SessionLimit => {
            ensure(error.status_code() == 405, "405", error.status_code())?;
            done("with as many sessions as allowed: refused with 405", error.official())
        }
        other => Err(Trouble::Unexpected(format!("expected 405, found {other:?}"))),
    }
}
