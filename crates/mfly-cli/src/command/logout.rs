//! `mfly logout`: logs out on the server and forgets the credentials.

use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::Args;
use mfly_client::Session;
use serde_json::json;

/// Logs out: the password is void afterwards.
#[derive(Args, Debug)]
pub(crate) struct LogoutArgs {}

impl Operation for LogoutArgs {
    fn name(&self) -> &'static str {
        "logout"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let user = context.credentials()?.user;
        let saving = context.saving().await?;
        let done =
            context.in_session(async |session: &Session| Ok(session.logout().await?)).await?;
        saving.forget()?;
        let line = if done.server_told {
            format!("logged out {user}")
        } else {
            format!("forgot {user}, but the server could not be told")
        };
        Ok(Report::line(line, json!({"serverTold": done.server_told})))
    }
}
