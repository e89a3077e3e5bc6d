//! Feedback and reports.

use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, Step, done, success};
use mfly_client::{GroupJid, ReportedMessage};

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    recorder.step("sendFeedback", feedback(cast)).await?;
    recorder.step("reportUserOrGroup", report_user(cast)).await?;
    recorder.step("reportUserOrGroup", report_group(cast)).await?;
    Ok(())
}

async fn feedback(cast: &Cast) -> Step {
    cast.alice.session()?.send_feedback("Tour", "Everything works").await?;
    done("alice sends feedback", success())
}

async fn report_user(cast: &Cast) -> Step {
    let bob = cast.bob.session()?.current_user();
    cast.alice.session()?.report_user(&bob, &[message()]).await?;
    done("alice reports bob for one message", success())
}

async fn report_group(cast: &Cast) -> Step {
    let session = cast.alice.session()?;
    let group = GroupJid::new(&format!("g1@mix.{}", session.current_user().domain()))?;
    session.report_group(&group, &[message()]).await?;
    done("alice reports a group for one message", success())
}

fn message() -> ReportedMessage {
    ReportedMessage {
        msg_id: "m1".to_owned(),
        message: "unkind words".to_owned(),
        msg_type: "text".to_owned(),
        publisher_id: "bob".to_owned(),
        filename: String::new(),
        timestamp: 1_700_000_000_000,
    }
}
