//! The limits of the plan: features and sessions.

use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, refused};
use mfly_client::{ErrorKind, Feature, UserIdentifier};

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    cast.server.plan().disable(Feature::Block);
    // A new session learns the changed plan.
    let gated = async {
        let bob = cast.bob.jid()?;
        let (session, _) = cast.connect(&cast.alice).await?;
        let blocked = session.block(&bob).await;
        session.close().await;
        let what = "without blocking in the plan: refused with 403";
        refused(blocked, what, |kind| *kind == ErrorKind::PlanGated(Feature::Block))
    };
    recorder.step("blockUser", gated).await?;
    cast.server.plan().enable(Feature::Block).session_limit(1);
    let limited = async {
        let identifier = UserIdentifier::new(cast.alice.name)?;
        let registered = cast.app()?.register(&identifier).force(false).await;
        let what = "with as many sessions as allowed: refused with 405";
        refused(registered, what, |kind| *kind == ErrorKind::SessionLimit)
    };
    recorder.step("register", limited).await?;
    cast.server.plan().session_limit(5);
    Ok(())
}
