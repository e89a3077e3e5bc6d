//! Feedback and reports.

use crate::exit::Failure;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, done, success};
use mfly_client::{GroupJid, ReportedMessage};

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let message = ReportedMessage {
        msg_id: "m1".to_owned(),
        message: "unkind words".to_owned(),
        msg_type: "text".to_owned(),
        publisher_id: "bob".to_owned(),
        filename: String::new(),
        timestamp: 1_700_000_000_000,
    };
    let messages = [message];
    let feedback = async {
        cast.alice.session()?.send_feedback("Tour", "Everything works").await?;
        done("alice sends feedback", success())
    };
    recorder.step("sendFeedback", feedback).await?;
    let report_user = async {
        cast.alice.session()?.report_user(&cast.bob.jid()?, &messages).await?;
        done("alice reports bob for one message", success())
    };
    recorder.step("reportUserOrGroup", report_user).await?;
    let report_group = async {
        let session = cast.alice.session()?;
        let group = GroupJid::new(&format!("g1@mix.{}", session.current_user().domain()))?;
        session.report_group(&group, &messages).await?;
        done("alice reports a group for one message", success())
    };
    recorder.step("reportUserOrGroup", report_group).await?;
    Ok(())
}
