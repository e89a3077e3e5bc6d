//! `mfly feedback`: sends feedback.

use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::Args;
use mfly_client::Session;
use serde_json::json;

/// Sends feedback.
#[derive(Args, Debug)]
pub(crate) struct FeedbackArgs {
    /// What it is about.
    title: String,
    /// What to say.
    description: String,
}

impl Operation for FeedbackArgs {
    fn name(&self) -> &'static str {
        "sendFeedback"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let send = async |session: &Session| {
            Ok(session.send_feedback(&self.title, &self.description).await?)
        };
        context.in_session(send).await?;
        Ok(Report::line("feedback sent", json!(null)))
    }
}
