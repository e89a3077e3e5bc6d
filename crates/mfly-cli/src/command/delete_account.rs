//! `mfly delete-account`: deletes the account with everything in it.

use crate::context::{Context, Saving};
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::Args;
use serde_json::json;

/// Delete the account with everything in it.
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  mfly delete-account --user alice --reason 'no longer needed' --yes")]
pub(crate) struct DeleteAccountArgs {
    /// The reason that the server is told.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Further feedback for the server.
    #[arg(long, value_name = "TEXT")]
    feedback: Option<String>,
    /// Confirm: a deleted account cannot be restored.
    #[arg(long)]
    yes: bool,
}

impl Operation for DeleteAccountArgs {
    fn name(&self) -> &'static str {
        "deleteMyAccount"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let user = context.credentials()?.user;
        if !self.yes {
            let message = format!("{user} at {} would be deleted for good", context.api_url());
            return Err(Failure::usage(message, "pass --yes if that is meant"));
        }
        let saving = Saving::open(context).await?;
        let feedback = self.feedback.as_deref();
        context
            .in_session(async |session| Ok(session.delete_account(&self.reason, feedback).await?))
            .await?;
        saving.forget()?;
        Ok(Report::line(format!("deleted {user}"), json!({"username": user.as_str()})))
    }
}
