//! `mfly feedback`: sends feedback.

use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::Args;
use serde_json::json;

/// Send feedback about the app.
#[derive(Args, Debug)]
pub(crate) struct FeedbackArgs {
    /// The title of the feedback.
    title: String,
    /// The text of the feedback.
    description: String,
}

impl Operation for FeedbackArgs {
    fn name(&self) -> &'static str {
        "sendFeedback"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let (title, description) = (&self.title, &self.description);
        context
            .in_session(async |session| Ok(session.send_feedback(title, description).await?))
            .await?;
        Ok(Report::line("feedback sent", json!(null)))
    }
}
