//! `mfly delete-account`: deletes the account with everything in it.

use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::Args;
use mfly_client::Session;
use serde_json::json;

/// Deletes the account.
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  mfly delete-account --user alice --reason 'no longer needed' --yes")]
pub(crate) struct DeleteAccountArgs {
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// What else to say.
    #[arg(long, value_name = "TEXT")]
    feedback: Option<String>,
    /// Really do it: there is no way back.
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
            return Err(Failure::Usage {
                message: format!("{user} at {} would be deleted for good", context.api_url),
                hint: "pass --yes if that is meant".to_owned(),
            });
        }
        let saving = context.saving().await?;
        let delete = async |session: &Session| {
            Ok(session.delete_account(&self.reason, self.feedback.as_deref()).await?)
        };
        context.in_session(delete).await?;
        saving.forget()?;
        Ok(Report::line(format!("deleted {user}"), json!({"username": user.as_str()})))
    }
}
